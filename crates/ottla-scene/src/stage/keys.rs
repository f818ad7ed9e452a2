//! A key's hue and letter.

use ottla_trace::event::KeyIx;

/// Hues in the order in which keys take them: the most different ones first.
const ORDER: [u8; 8] = [1, 2, 3, 4, 6, 8, 5, 7];

/// The hue of a key, 1 to 8; 0 is no key.
pub fn hue(key: Option<KeyIx>) -> u8 {
    key.map_or(0, |key| ORDER[key as usize % ORDER.len()])
}

/// The letter of a key: its first character, `–` without a key, `∅` for the empty key.
pub fn letter(key: Option<&str>) -> String {
    match key {
        None => "\u{2013}".to_owned(),
        Some(text) => text
            .chars()
            .find(|c| !c.is_whitespace() && !c.is_control())
            .map_or_else(|| "\u{2205}".to_owned(), |c| c.to_uppercase().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_eight_keys_have_eight_hues() {
        let mut hues: Vec<u8> = (0..8).map(|key| hue(Some(key))).collect();
        hues.sort_unstable();
        assert_eq!(hues, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(hue(None), 0);
    }

    #[test]
    fn letters() {
        assert_eq!(letter(Some("kim")), "K");
        assert_eq!(letter(Some("김")), "김");
        assert_eq!(letter(Some("")), "\u{2205}");
        assert_eq!(letter(Some("  7")), "7");
        assert_eq!(letter(None), "\u{2013}");
    }
}
