//! `name=value` pairs from the command line and from `.properties` files, as Java reads them.

use std::fmt;
use std::fs;
use std::path::Path;

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

/// A whole `.properties` file: `#` and `!` comments, `=`, `:` or blank as separator, a `\` at the line's end continues.
pub(crate) fn file(path: &Path) -> Result<Vec<(String, String)>, PropertyError> {
    let text = fs::read_to_string(path)
        .map_err(|e| PropertyError(format!("{}: cannot be read: {e}", path.display())))?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut logical = String::new();
    for line in text.lines() {
        let line = line.trim_start();
        if logical.is_empty() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let slashes = line.len() - line.trim_end_matches('\\').len();
        if slashes % 2 == 1 {
            logical.push_str(&line[..line.len() - 1]);
            continue;
        }
        logical.push_str(line);
        pairs.push(split(&logical));
        logical.clear();
    }
    if !logical.is_empty() {
        pairs.push(split(&logical));
    }
    pairs
}

fn split(line: &str) -> (String, String) {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|&(_, c)| {
            let ends = !escaped && (c == '=' || c == ':' || c.is_whitespace());
            escaped = c == '\\' && !escaped;
            ends
        })
        .map_or(line.len(), |(at, _)| at);
    let rest = line[end..].trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    (unescape(&line[..end]), unescape(value))
}

/// `\t`, `\n`, `\r`, `\f`, `\uXXXX` and `\\` as in Java; an unknown escape is the character itself.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.clone().take(4).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(c) if digits.len() == 4 => {
                        out.push(c);
                        chars.nth(3);
                    }
                    _ => out.push('u'),
                }
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_files_as_java_reads_them() {
        let text = "# comment\n! too\n\nacks=all\nlinger.ms : 20\nclient.id shop\nlong = a\\\n   b\n  sep=\\t\\u0041\nempty=\n";
        let expect = [
            ("acks", "all"),
            ("linger.ms", "20"),
            ("client.id", "shop"),
            ("long", "ab"),
            ("sep", "\tA"),
            ("empty", ""),
        ];
        let expect: Vec<_> = expect
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        assert_eq!(parse(text), expect);
    }

    #[test]
    fn a_pair_needs_a_name_and_an_equals_sign() {
        assert_eq!(pair("-x", "a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("-x", "a").is_err());
        assert!(pair("-x", "=b").is_err());
    }
}
