//! Messages of protocol buffers, written field by field: a number that says which field and how it is stored, then its value.

/// A message that grows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message(Vec<u8>);

// How a field is stored.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH_FIRST: u64 = 2;
const FOUR_BYTES: u64 = 5;

impl Message {
    /// Adds an integer; negative ones take ten bytes, as the format has it.
    pub(crate) fn int(mut self, field: u64, value: i64) -> Message {
        self.key(field, VARINT);
        self.varint(value as u64);
        self
    }

    /// Adds a number of four bytes.
    pub(crate) fn float(mut self, field: u64, value: f32) -> Message {
        self.key(field, FOUR_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Adds a number of eight bytes.
    pub(crate) fn double(mut self, field: u64, value: f64) -> Message {
        self.key(field, EIGHT_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Adds bytes.
    pub(crate) fn bytes(mut self, field: u64, value: &[u8]) -> Message {
        self.key(field, LENGTH_FIRST);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// Adds a text.
    pub(crate) fn text(self, field: u64, value: &str) -> Message {
        self.bytes(field, value.as_bytes())
    }

    /// Adds a message inside this one.
    pub(crate) fn message(self, field: u64, inside: &Message) -> Message {
        self.bytes(field, &inside.0)
    }

    /// The message as it stands in a file.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The message as it stands in a file.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_laid_out_as_the_format_says() {
        // The examples of the format's own description: field 1 is 150, field 2 is "testing", field 3 a message of the first.
        let first = Message::default().int(1, 150);
        assert_eq!(first.as_bytes(), [0x08, 0x96, 0x01]);
        let text = Message::default().text(2, "testing");
        assert_eq!(text.as_bytes(), b"\x12\x07testing");
        let nested = Message::default().message(3, &first);
        assert_eq!(nested.as_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let negative = Message::default().int(1, -1);
        assert_eq!(
            negative.as_bytes()[1..],
            [[0xff; 9].as_slice(), &[1]].concat()
        );
        let numbers = Message::default().float(1, 1.0).double(2, 1.0);
        assert_eq!(
            numbers.as_bytes(),
            b"\x0d\0\0\x80\x3f\x11\0\0\0\0\0\0\xf0\x3f"
        );
    }
}
