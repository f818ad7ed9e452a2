//! Finding text in text.

/// What stands before and after the first `mark`, as `str::split_once` tells it: that has a search in linear time, which
/// is 2 KB of wasm. This one is for marks of a few bytes.
pub fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = (0..=text.len().checked_sub(mark.len())?)
        .find(|at| text.as_bytes()[*at..].starts_with(mark.as_bytes()))?;
    // UTF-8: what matches whole characters begins and ends with them.
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::split_once;

    #[test]
    fn splits_as_the_standard_library_does() {
        for text in [
            "",
            ":",
            "a",
            "a: b: c",
            "a:: b",
            "\u{d55c}: \u{ae00}",
            "::",
            ": ",
            "ws://h:1/k/\u{e9}",
        ] {
            for mark in [": ", "://", ":", "\u{ae00}", "a"] {
                assert_eq!(split_once(text, mark), text.split_once(mark), "{text:?} {mark:?}");
            }
        }
    }
}
