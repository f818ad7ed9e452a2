//! Text of unknown origin within a message.

use core::fmt::{self, Write};

/// Between quotation marks and on one line. `Debug` does as much, with tables of all the characters that cannot be seen.
pub(crate) struct Quoted<I>(char, I);

impl<'a> Quoted<core::str::Chars<'a>> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self('"', text.chars())
    }
}

impl Quoted<core::iter::Once<char>> {
    pub(crate) fn char(char: char) -> Self {
        Self('\'', core::iter::once(char))
    }
}

impl<I: Iterator<Item = char> + Clone> fmt::Display for Quoted<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(mark, chars) = self;
        f.write_char(*mark)?;
        for char in chars.clone() {
            if char.is_control() || char == *mark || char == '\\' {
                for escaped in char.escape_default() {
                    f.write_char(escaped)?;
                }
            } else {
                f.write_char(char)?;
            }
        }
        f.write_char(*mark)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::Quoted;

    #[test]
    fn as_debug_writes_it() {
        for text in ["", "orders", "a\"b\\c'd", "\n\t\u{1b}[0m\u{7f}", "주문"] {
            assert_eq!(Quoted::text(text).to_string(), format!("{text:?}"));
            for char in text.chars() {
                assert_eq!(Quoted::char(char).to_string(), format!("{char:?}"));
            }
        }
    }
}
