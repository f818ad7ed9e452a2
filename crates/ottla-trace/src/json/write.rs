//! Writing.

use alloc::string::String;

use super::{Json, Shape};

/// JSON as it grows.
#[derive(Default)]
pub(crate) struct Writer {
    out: String,
}

impl Writer {
    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(crate) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    pub(crate) fn close(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    /// Before each value of a list or object but the first.
    pub(crate) fn comma(&mut self) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }

    pub(crate) fn field<T: Json>(&mut self, name: &str, value: &T) {
        self.comma();
        self.name(name);
        self.out.push(':');
        value.put(self);
    }

    pub(crate) fn variant(&mut self, name: &str, shape: Shape) {
        if shape == Shape::Unit {
            return self.name(name);
        }
        self.out.push('{');
        self.name(name);
        self.out.push(':');
        if shape == Shape::Fields {
            self.out.push('{');
        }
    }

    pub(crate) fn end_variant(&mut self, shape: Shape) {
        match shape {
            Shape::Unit => {}
            Shape::Fields => self.out.push_str("}}"),
            Shape::Inner => self.out.push('}'),
        }
    }

    /// Names are identifiers: nothing in them needs an escape.
    fn name(&mut self, name: &str) {
        self.out.push('"');
        self.out.push_str(name);
        self.out.push('"');
    }

    pub(crate) fn whole(&mut self, negative: bool, mut magnitude: u64) {
        // 20 digits are 2^64 - 1.
        let mut digits = [0; 20];
        let mut from = digits.len();
        loop {
            from -= 1;
            digits[from] = b'0' + (magnitude % 10) as u8;
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if negative {
            self.out.push('-');
        }
        self.out
            .extend(digits[from..].iter().map(|digit| char::from(*digit)));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let short = match byte {
                b'"' | b'\\' => byte,
                8 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                12 => b'f',
                b'\r' => b'r',
                0..=31 => b'u',
                _ => continue,
            };
            self.out.push_str(&text[plain..at]);
            self.out.push('\\');
            self.out.push(char::from(short));
            if short == b'u' {
                self.out.push_str("00");
                for digit in [byte >> 4, byte & 15] {
                    self.out.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
                }
            }
            plain = at + 1;
        }
        self.out.push_str(&text[plain..]);
        self.out.push('"');
    }
}
