//! `name=value` pairs from the command line and from `.properties` files, as Java reads them.

use std::fmt;
use std::fs;
use std::path::Path;

pub(crate) use ottla::sources::unescape;

/// What is wrong with a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PropertyError(String);

impl PropertyError {
    /// A name that the reader or formatter does not know.
    pub(crate) fn unknown(option: &str, name: &str, known: &[&str]) -> Self {
        Self(format!(
            "{option} {name}: unknown property; it may be one of {}",
            known.join(", ")
        ))
    }

    /// Two properties that must differ.
    pub(crate) fn same(one: &str, other: &str) -> Self {
        Self(format!(
            "{one} and {other} are equal, so a line could be read in two ways; change one of them"
        ))
    }

    /// A separator without a character.
    pub(crate) fn empty(name: &str) -> Self {
        Self(format!(
            "{name} is empty; give at least one character, for example {name}=\\t"
        ))
    }
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PropertyError {}

/// `true` or `false`, and nothing else.
pub(crate) fn boolean(name: &str, value: &str) -> Result<bool, PropertyError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(PropertyError(format!("{name}={value}: must be true or false"))),
    }
}

/// One `name=value` argument. Several, separated by commas, are accepted as Kafka's tools accept them only where the
/// option may be repeated; here a comma belongs to the value.
pub(crate) fn pair(option: &str, argument: &str) -> Result<(String, String), PropertyError> {
    match argument.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(PropertyError(format!("{option} {argument}: must be NAME=VALUE"))),
    }
}

/// A whole `.properties` file.
pub(crate) fn file(path: &Path) -> Result<Vec<(String, String)>, PropertyError> {
    let text = fs::read_to_string(path)
        .map_err(|e| PropertyError(format!("{}: cannot be read: {e}", path.display())))?;
    Ok(ottla::sources::properties(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_needs_a_name_and_an_equals_sign() {
        assert_eq!(pair("-x", "a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("-x", "a").is_err());
        assert!(pair("-x", "=b").is_err());
    }
}
