//! Which topics an argument means: the one of that name, or all that a regular expression matches.

use regex::Regex;

use crate::exit::Failure;
use crate::topic_name;

/// What `--topic` says.
#[derive(Clone, Debug)]
pub(super) enum Topics {
    /// Every topic.
    All,
    /// The topic of this name. Kafka's tools take a name for a regular expression, in which a dot is any character;
    /// here `a.b` never means `a-b` as well.
    Named(String),
    /// Those whose whole name matches.
    Matching(Pattern),
}

/// A regular expression, and how it was typed.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    regex: Regex,
}

/// What no name contains and a regular expression may.
const OPERATORS: &[char] = &[
    '*', '+', '?', '|', '(', ')', '[', ']', '{', '}', '^', '$', '\\', ',',
];

impl Topics {
    /// Reads `--topic`.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let Some(text) = text else {
            return Ok(Self::All);
        };
        if !text.contains(OPERATORS) {
            topic_name::check(text)?;
            return Ok(Self::Named(text.to_owned()));
        }
        // As Kafka's `IncludeList`: commas separate alternatives.
        let pattern = text.trim().replace(',', "|");
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim().to_owned();
            Failure::Usage(format!(
                "--topic {text}: neither a topic name nor a regular expression ({why})"
            ))
        })?;
        Ok(Self::Matching(Pattern {
            text: text.to_owned(),
            regex,
        }))
    }

    /// Whether the topic of this name is meant.
    pub(super) fn mean(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(this) => this == name,
            Self::Matching(pattern) => pattern.regex.is_match(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(text: &str) -> Topics {
        Topics::parse(Some(text)).expect("good")
    }

    #[test]
    fn a_name_is_a_name_even_with_a_dot() {
        assert!(topics("a.b").mean("a.b"));
        assert!(!topics("a.b").mean("a-b"));
        assert!(Topics::parse(None).expect("all").mean("any"));
    }

    #[test]
    fn a_pattern_matches_whole_names_and_commas_are_alternatives() {
        assert!(topics("test-.*").mean("test-1"));
        assert!(!topics("test-.*").mean("my-test-1"));
        assert!(!topics("a|b").mean("ab"));
        for name in ["a", "b"] {
            assert!(topics("a,b").mean(name), "{name}");
        }
        assert!(!topics("a,b").mean("c"));
    }

    #[test]
    fn what_is_neither_says_why() {
        let wrong = |text| Topics::parse(Some(text)).expect_err("wrong").message().to_owned();
        assert!(
            wrong("test-[").contains("regular expression (error: unclosed"),
            "{}",
            wrong("test-[")
        );
        assert!(wrong("my topic").contains("'.', '_' and '-'"));
    }
}
