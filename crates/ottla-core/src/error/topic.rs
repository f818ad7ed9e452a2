//! Names that a topic can have.

use alloc::string::String;
use core::fmt;

use crate::quoted::Quoted;

/// Kafka's limit for topic names, in bytes.
const MAX_LENGTH: usize = 249;

/// Why a name cannot be a topic's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicNameError {
    /// It is empty.
    Empty,
    /// It is `.` or `..`.
    Dots,
    /// It is longer than 249 bytes.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It has a character other than letters, digits, `.`, `_` and `-` of ASCII.
    Character {
        /// The name.
        name: String,
        /// The first wrong character.
        character: char,
    },
}

impl fmt::Display for TopicNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the topic name is empty; name the topic of the record"),
            Self::Dots => f.write_str("a topic cannot be named . or ..; choose another name"),
            Self::TooLong { length } => {
                write!(f, "the topic name has {length} bytes; {MAX_LENGTH} are allowed")
            }
            Self::Character { name, character } => write!(
                f,
                "topic name {} has the character {}; allowed are a-z, A-Z, 0-9, '.', '_' and '-'",
                Quoted::text(name),
                Quoted::char(*character)
            ),
        }
    }
}

impl core::error::Error for TopicNameError {}

/// Checks a topic's name by Kafka's rules (`Topic.validate`).
///
/// # Errors
/// What is wrong with it.
pub fn check_topic_name(name: &str) -> Result<(), TopicNameError> {
    match name {
        "" => return Err(TopicNameError::Empty),
        "." | ".." => return Err(TopicNameError::Dots),
        _ => {}
    }
    if name.len() > MAX_LENGTH {
        return Err(TopicNameError::TooLong { length: name.len() });
    }
    match name
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
    {
        Some(character) => Err(TopicNameError::Character {
            name: name.into(),
            character,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_are_checked_as_kafka_does() {
        for good in ["a", "orders.v1_x-Y", "...", "_", &"x".repeat(249)] {
            assert_eq!(check_topic_name(good), Ok(()), "{good}");
        }
        assert_eq!(check_topic_name(""), Err(TopicNameError::Empty));
        assert_eq!(check_topic_name(".."), Err(TopicNameError::Dots));
        assert_eq!(
            check_topic_name(&"x".repeat(250)),
            Err(TopicNameError::TooLong { length: 250 })
        );
        for (bad, character) in [("my topic", ' '), ("a/b", '/'), ("주문", '주'), ("a\n", '\n')] {
            let error = check_topic_name(bad).expect_err(bad);
            assert_eq!(
                error,
                TopicNameError::Character {
                    name: bad.into(),
                    character
                }
            );
            assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}
