//! What can be wrong with a configuration, and what is worth knowing about one that is right.

use alloc::{borrow::ToOwned, string::String};
use core::fmt;

use crate::quoted::Quoted;

/// One mistake in the configuration; it displays as one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No such option.
    Unknown {
        /// As it was written.
        name: String,
        /// The option with the nearest name.
        suggestion: Option<&'static str>,
    },
    /// A name of an older Kafka, or of another client.
    Removed {
        /// As it was written.
        name: String,
        /// What to use.
        instead: &'static str,
    },
    /// Kafka's producer has this option, this one has not.
    Unsupported {
        /// As it was written.
        name: String,
        /// Why, or what to do.
        why: &'static str,
    },
    /// A required option is not there.
    Missing {
        /// Its name.
        name: &'static str,
        /// What it looks like.
        example: &'static str,
    },
    /// The option exists, its value is not allowed.
    Invalid {
        /// The option.
        name: &'static str,
        /// As it was written.
        value: String,
        /// What is wrong, what is allowed.
        problem: String,
    },
    /// Two options contradict each other.
    Conflict {
        /// The option that is refused.
        name: &'static str,
        /// Its value.
        value: String,
        /// The other one, and what to change.
        problem: String,
    },
}

impl ConfigError {
    /// The option that is wrong, as it was written.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown { name, .. } | Self::Removed { name, .. } | Self::Unsupported { name, .. } => name,
            Self::Missing { name, .. } | Self::Invalid { name, .. } | Self::Conflict { name, .. } => name,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                name,
                suggestion: Some(near),
            } => {
                write!(f, "unknown option {}: did you mean {near}?", Shown(name))
            }
            Self::Unknown {
                name,
                suggestion: None,
            } => {
                write!(f, "unknown option {}: no option has a name like it", Shown(name))
            }
            Self::Removed { name, instead } => write!(f, "option {name} does not exist any more: {instead}"),
            Self::Unsupported { name, why } => write!(f, "option {} is not supported: {why}", Shown(name)),
            Self::Missing { name, example } => {
                write!(f, "option {name} is required, for example {name}={example}")
            }
            Self::Invalid { name, value, problem } | Self::Conflict { name, value, problem } => {
                write!(f, "{name}={}: {problem}", Shown(value))
            }
        }
    }
}

impl core::error::Error for ConfigError {}

// Keeps a message on one line and of sane length, whatever was typed.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = !self.0.is_empty() && self.0.chars().all(|c| c.is_ascii_graphic() && c != '"');
        if plain && self.0.len() <= 120 {
            return f.write_str(self.0);
        }
        let short: String = self.0.chars().take(120).collect();
        let dots = if short.len() < self.0.len() { "..." } else { "" };
        write!(f, "{}{dots}", Quoted::text(&short))
    }
}

/// Something about a valid configuration that its author should know: what was adjusted, what is unusual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The option that it is about.
    pub name: &'static str,
    /// One line.
    pub message: String,
}

impl Notice {
    pub(super) fn new(name: &'static str, message: impl AsRef<str>) -> Self {
        Self {
            name,
            message: message.as_ref().to_owned(),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}
