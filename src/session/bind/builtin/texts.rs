//! Functions of maps, texts and bytes.

use super::Row;

pub(super) const MAPS: &[Row] = &[
    (
        "map",
        "keys",
        &[],
        "Gives the keys, in order.",
        "assert(#{ b: 1, a: 2 }.keys() == [\"a\", \"b\"])",
    ),
    (
        "map",
        "values",
        &[],
        "Gives the values, in the order of their keys.",
        "assert(#{ a: 2 }.values() == [2])",
    ),
    (
        "map",
        "mixin",
        &[("other", "another map")],
        "Takes over all entries of another map.",
        "let m = #{ a: 1 }; m.mixin(#{ b: 2 }); assert(m.b == 2)",
    ),
    (
        "map",
        "fill_with",
        &[("other", "another map")],
        "Takes over the entries of another map whose keys are missing: defaults.",
        "let m = #{ a: 1 }; m.fill_with(#{ a: 5, b: 2 }); assert(m.a == 1 && m.b == 2)",
    ),
    (
        "map",
        "to_json",
        &[],
        "Writes a map as JSON.",
        "assert(#{ a: 1 }.to_json() == \"{\\\"a\\\":1}\")",
    ),
    (
        "",
        "parse_json",
        &[("text", "JSON of a map")],
        "Reads a map from JSON; `from_json` also reads recipes.",
        "assert(parse_json(\"{\\\"a\\\": 1}\").a == 1)",
    ),
];

pub(super) const TEXTS: &[Row] = &[
    (
        "",
        "to_string",
        &[("x", "any value")],
        "Gives a value as text, as `print` shows it.",
        "assert(to_string(3) == \"3\")",
    ),
    (
        "",
        "to_debug",
        &[("x", "any value")],
        "Gives a value as text, texts in quotation marks.",
        "assert(to_debug(\"a\") == \"\\\"a\\\"\")",
    ),
    (
        "string",
        "to_upper",
        &[],
        "Gives a text in capitals.",
        "assert(\"ab\".to_upper() == \"AB\")",
    ),
    (
        "string",
        "to_lower",
        &[],
        "Gives a text in small letters.",
        "assert(\"AB\".to_lower() == \"ab\")",
    ),
    (
        "string",
        "make_upper",
        &[],
        "Writes a text in capitals, in place.",
        "let s = \"ab\"; s.make_upper(); assert(s == \"AB\")",
    ),
    (
        "string",
        "make_lower",
        &[],
        "Writes a text in small letters, in place.",
        "let s = \"AB\"; s.make_lower(); assert(s == \"ab\")",
    ),
    (
        "string",
        "trim",
        &[],
        "Takes the spaces at both ends away, in place.",
        "let s = \" a \"; s.trim(); assert(s == \"a\")",
    ),
    (
        "string",
        "crop",
        &[
            ("from", "a range, or the first character"),
            ("n?", "how many"),
        ],
        "Leaves only a part of a text, in place.",
        "let s = \"abcd\"; s.crop(1..3); assert(s == \"bc\")",
    ),
    (
        "string",
        "sub_string",
        &[
            ("from", "a range, or the first character"),
            ("n?", "how many; to the end if not given"),
        ],
        "Gives a part of a text.",
        "assert(\"abcd\".sub_string(1..3) == \"bc\")",
    ),
    (
        "string",
        "replace",
        &[("found", "what is looked for"), ("put", "what comes there")],
        "Replaces a part of a text wherever it stands, in place.",
        "let s = \"aba\"; s.replace(\"a\", \"c\"); assert(s == \"cbc\")",
    ),
    (
        "string",
        "starts_with",
        &[("part", "a text")],
        "Whether a text begins with another one.",
        "assert(\"abc\".starts_with(\"ab\"))",
    ),
    (
        "string",
        "ends_with",
        &[("part", "a text")],
        "Whether a text ends with another one.",
        "assert(\"a.wav\".ends_with(\".wav\"))",
    ),
    (
        "string",
        "split_rev",
        &[
            ("between", "what stands between the parts"),
            ("n?", "parts at most"),
        ],
        "Gives the parts of a text, the last one first.",
        "assert(\"a,b\".split_rev(\",\") == [\"b\", \"a\"])",
    ),
    (
        "string",
        "chars",
        &[("from?", "the first character"), ("n?", "how many")],
        "Gives the characters of a text to loop over.",
        "let n = 0; for c in \"abc\".chars() { n += 1 } assert(n == 3)",
    ),
    (
        "string",
        "to_chars",
        &[],
        "Gives the characters of a text as an array.",
        "assert(\"ab\".to_chars() == ['a', 'b'])",
    ),
    (
        "string",
        "bytes",
        &[],
        "Counts the bytes of a text.",
        "assert(\"ä\".bytes() == 2)",
    ),
    (
        "string",
        "to_blob",
        &[],
        "Gives the bytes of a text.",
        "assert(\"ab\".to_blob().len() == 2)",
    ),
];

pub(super) const BYTES: &[Row] = &[
    (
        "",
        "blob",
        &[
            ("len?", "how many bytes; none if not given"),
            ("value?", "what they are; 0 if not given"),
        ],
        "Makes bytes.",
        "assert(blob(3, 7)[2] == 7)",
    ),
    (
        "blob",
        "as_string",
        &[],
        "Reads bytes as text.",
        "assert(\"ab\".to_blob().as_string() == \"ab\")",
    ),
    (
        "blob",
        "to_array",
        &[],
        "Gives bytes as an array of whole numbers.",
        "assert(blob(2).to_array() == [0, 0])",
    ),
    (
        "blob",
        "parse_be_int",
        &[
            ("range", "which bytes"),
            ("n?", "how many, if a first place is given"),
        ],
        "Reads a whole number from bytes, the highest byte first.",
        "let b = blob(8); b.write_be(0..8, 5); assert(b.parse_be_int(0..8) == 5)",
    ),
    (
        "blob",
        "parse_be_float",
        &[
            ("range", "which bytes"),
            ("n?", "how many, if a first place is given"),
        ],
        "Reads a number from bytes, the highest byte first.",
        "let b = blob(8); b.write_be(0..8, 2.5); assert(b.parse_be_float(0..8) == 2.5)",
    ),
    (
        "blob",
        "write_be",
        &[("range", "which bytes"), ("value", "the number")],
        "Writes a number into bytes, the highest byte first.",
        "let b = blob(8); b.write_be(0..8, 5); assert(b.parse_be_int(0..8) == 5)",
    ),
    (
        "blob",
        "parse_le_int",
        &[
            ("range", "which bytes"),
            ("n?", "how many, if a first place is given"),
        ],
        "Reads a whole number from bytes, the lowest byte first.",
        "let b = blob(8); b.write_le(0..8, 5); assert(b.parse_le_int(0..8) == 5)",
    ),
    (
        "blob",
        "parse_le_float",
        &[
            ("range", "which bytes"),
            ("n?", "how many, if a first place is given"),
        ],
        "Reads a number from bytes, the lowest byte first.",
        "let b = blob(8); b.write_le(0..8, 2.5); assert(b.parse_le_float(0..8) == 2.5)",
    ),
    (
        "blob",
        "write_le",
        &[("range", "which bytes"), ("value", "the number")],
        "Writes a number into bytes, the lowest byte first.",
        "let b = blob(8); b.write_le(0..8, 5); assert(b.parse_le_int(0..8) == 5)",
    ),
    (
        "blob",
        "write_utf8",
        &[("range", "which bytes"), ("text", "the text")],
        "Writes a text into bytes.",
        "let b = blob(2); b.write_utf8(0..2, \"ab\"); assert(b.as_string() == \"ab\")",
    ),
    (
        "blob",
        "write_ascii",
        &[
            ("range", "which bytes"),
            ("text", "the text, of plain letters"),
        ],
        "Writes a text of plain letters into bytes.",
        "let b = blob(2); b.write_ascii(0..2, \"ab\"); assert(b.as_string() == \"ab\")",
    ),
];
