//! A picture as a list of what stands where, in pixels of the page from the upper left.

/// A picture: lines, rectangles, words and pictures of pixels, the later ones above the earlier.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
    pub(crate) items: Vec<Item>,
}

/// One thing in a drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A filled rectangle.
    Rect {
        at: [f64; 2],
        size: [f64; 2],
        fill: [u8; 3],
    },
    /// Straight lines from point to point.
    Line {
        points: Vec<[f64; 2]>,
        color: [u8; 3],
        width: f64,
    },
    /// A filled circle.
    Dot {
        at: [f64; 2],
        radius: f64,
        fill: [u8; 3],
    },
    /// A line of words.
    Text { at: [f64; 2], words: Words },
    /// A PNG file, stretched to a size.
    Image {
        at: [f64; 2],
        size: [f64; 2],
        file: Vec<u8>,
    },
}

/// On which side of its place a line of words stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A line of words.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub(crate) text: String,
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    pub(crate) bold: bool,
    /// Degrees by which it is turned about its place, clockwise.
    pub(crate) turned: f64,
    pub(crate) color: [u8; 3],
}

impl Words {
    /// Words of a size in pixels, which begin at their place.
    pub fn new(text: impl Into<String>, size: f64) -> Words {
        let (anchor, bold, turned, color) = (Anchor::Start, false, 0.0, crate::color::INK);
        Words {
            text: text.into(),
            size,
            anchor,
            bold,
            turned,
            color,
        }
    }

    /// The same on another side of their place.
    pub fn anchored(self, anchor: Anchor) -> Words {
        Words { anchor, ..self }
    }

    /// The same in bold.
    pub fn bold(self) -> Words {
        Words { bold: true, ..self }
    }

    /// The same, turned about their place.
    pub fn turned(self, degrees: f64) -> Words {
        Words {
            turned: degrees,
            ..self
        }
    }

    /// The same in another colour.
    pub fn colored(self, color: [u8; 3]) -> Words {
        Words { color, ..self }
    }
}

impl Drawing {
    /// A white page.
    pub fn new(width: f64, height: f64) -> Drawing {
        let page = Item::Rect {
            at: [0.0; 2],
            size: [width, height],
            fill: crate::color::WHITE,
        };
        Drawing {
            width,
            height,
            items: vec![page],
        }
    }

    /// Makes the page as wide as this, if it is not; what stands on it stays.
    pub(crate) fn widen(&mut self, width: f64) {
        if let Some(Item::Rect { size, .. }) = self.items.first_mut() {
            size[0] = size[0].max(width);
        }
        self.width = self.width.max(width);
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, at: [f64; 2], size: [f64; 2], fill: [u8; 3]) {
        self.items.push(Item::Rect { at, size, fill });
    }

    /// Adds lines from point to point.
    pub fn line(&mut self, points: Vec<[f64; 2]>, color: [u8; 3], width: f64) {
        self.items.push(Item::Line {
            points,
            color,
            width,
        });
    }

    /// Adds a filled circle.
    pub fn dot(&mut self, at: [f64; 2], radius: f64, fill: [u8; 3]) {
        self.items.push(Item::Dot { at, radius, fill });
    }

    /// Adds words with their base line at a place.
    pub fn text(&mut self, at: [f64; 2], words: Words) {
        self.items.push(Item::Text { at, words });
    }

    /// Adds a PNG file, stretched to a size.
    pub fn image(&mut self, at: [f64; 2], size: [f64; 2], file: Vec<u8>) {
        self.items.push(Item::Image { at, size, file });
    }
}
