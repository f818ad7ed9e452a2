//! Every word of the page in English and Korean, side by side, so that none can be missing.
//!
//! Kafka's names, error codes and code are never translated. 한국어는 간결한 해요체, 이름표는 명사.

mod josa;
pub mod number;
mod phrases;
mod table;
mod why;

pub use josa::{Josa, josa};
pub use table::Word;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// 한국어.
    Ko,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Ko];

    /// Its code, as in `<html lang>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// The language with that code; the first subtag counts.
    pub fn from_code(code: &str) -> Option<Self> {
        let first = code.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|lang| lang.code() == first)
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Ko,
            Self::Ko => Self::En,
        }
    }

    /// A fixed word.
    pub fn word(self, word: Word) -> &'static str {
        let [en, ko] = word.both();
        match self {
            Self::En => en,
            Self::Ko => ko,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(Lang::from_code("ko-KR"), Some(Lang::Ko));
        assert_eq!(Lang::from_code("en"), Some(Lang::En));
        assert_eq!(Lang::from_code("fr"), None);
    }

    #[test]
    fn every_word_is_in_its_language() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        for word in Word::ALL {
            let [en, ko] = word.both();
            assert!(!en.is_empty() && !ko.is_empty(), "{word:?}");
            assert!(!hangul(en) || *word == Word::OtherLanguage, "{word:?}: {en}");
            assert!(!en.contains("  ") && !ko.contains("  "), "{word:?}");
        }
    }
}
