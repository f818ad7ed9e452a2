//! Where options come from: `.properties` text, the environment. A map needs nothing but
//! [`Builder::set_all`](crate::Builder::set_all).

use std::str::Chars;

/// The pairs of `.properties` text, as Java's `Properties.load` reads it: `#` and `!` begin comments, `=`, `:` or blank
/// separate, a `\` at a line's end continues it.
///
/// ```
/// let text = "acks = all\n# for throughput\nlinger.ms: 20\n";
/// let pairs = ottla::sources::properties(text);
/// assert_eq!(pairs, [("acks".into(), "all".into()), ("linger.ms".into(), "20".into())]);
/// ```
pub fn properties(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut logical = String::new();
    let mut continued = false;
    // A lone carriage return ends a line, too.
    for line in text.replace("\r\n", "\n").split_terminator(['\n', '\r']) {
        let line = line.trim_start();
        if !continued && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let slashes = line.len() - line.trim_end_matches('\\').len();
        continued = slashes % 2 == 1;
        if continued {
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

/// `\t`, `\n`, `\r`, `\f`, `\\` and `\u` with four hexadecimal digits, as in Java; an unknown escape is the character itself.
/// Two `\u` in a row may be one character (a surrogate pair); half of one alone is U+FFFD.
pub fn unescape(text: &str) -> String {
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
            Some('u') => out.push(code_unit(&mut chars).map_or('u', |unit| character(unit, &mut chars))),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// The four digits behind `\u`, if they are there.
fn code_unit(chars: &mut Chars<'_>) -> Option<u16> {
    let digits = chars.as_str().get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let unit = u16::from_str_radix(digits, 16).ok()?;
    *chars = chars.as_str()[4..].chars();
    Some(unit)
}

/// The character that a code unit begins, with a second one if it is half of a pair.
fn character(unit: u16, chars: &mut Chars<'_>) -> char {
    if let Some(c) = char::from_u32(unit.into()) {
        return c;
    }
    let mut after = chars.clone();
    let second = match (after.next(), after.next()) {
        (Some('\\'), Some('u')) => code_unit(&mut after),
        _ => None,
    };
    match second.map(|second| char::decode_utf16([unit, second]).next()) {
        Some(Some(Ok(c))) => {
            *chars = after;
            c
        }
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The prefix of the environment's variables that [`Builder::environment`](crate::Builder::environment) reads.
pub const ENVIRONMENT_PREFIX: &str = "OTTLA_PRODUCER_";

/// The options among variables: those that begin with the prefix, their rest in small letters with dots for underscores
/// (`OTTLA_PRODUCER_LINGER_MS` is `linger.ms`), in the order of their names.
pub fn environment(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    let option = |name: &str| Some(name.strip_prefix(prefix)?.to_ascii_lowercase().replace('_', "."));
    let mut pairs: Vec<_> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((option(&name)?, value)))
        .collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn properties_as_java_reads_them() {
        let text = "# comment\n! too\n\nacks=all\nlinger.ms : 20\nclient.id shop\nlong = a\\\n   b\n  sep=\\t\\u0041\nempty=\nback=\\\\\nlast=\\";
        let expected = [
            ("acks", "all"),
            ("linger.ms", "20"),
            ("client.id", "shop"),
            ("long", "ab"),
            ("sep", "\tA"),
            ("empty", ""),
            ("back", "\\"),
            ("last", ""),
        ];
        assert_eq!(properties(text), owned(&expected));
    }

    #[test]
    fn a_continued_line_may_look_like_a_comment() {
        let expected = [("sasl.jaas.config", "a #b"), ("acks", "1")];
        assert_eq!(
            properties("sasl.jaas.config=a \\\n  #b\nacks=1"),
            owned(&expected)
        );
        assert_eq!(properties("\\\n#x=1"), owned(&[("#x", "1")]));
    }

    #[test]
    fn lines_end_as_on_every_system() {
        let expected = owned(&[("a", "12"), ("b", "3")]);
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a=1\\", "  2", "", "b=3", ""].join(end);
            assert_eq!(properties(&text), expected, "{end:?}");
        }
        assert_eq!(properties("\\\r\n"), []);
    }

    #[test]
    fn two_escapes_may_be_one_character() {
        let cases = [
            ("\\uD83D\\uDE00!", "\u{1f600}!"),
            ("\\uD83D\\u0041", "\u{fffd}A"),
            ("\\uD83D\\n", "\u{fffd}\n"),
            ("\\uDE00", "\u{fffd}"),
            ("\\u+041", "u+041"),
            ("\\u004", "u004"),
            ("\\u00\u{e9}1", "u00\u{e9}1"),
            ("\\uD55C", "\u{d55c}"),
        ];
        for (text, expected) in cases {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_of_the_prefix_are_options() {
        let variables = [
            ("OTTLA_PRODUCER_MAX_BLOCK_MS", "1"),
            ("OTTLA_SEED", "7"),
            ("OTTLA_PRODUCER_ACKS", "all"),
            ("PATH", "/bin"),
        ];
        let expected = [("acks", "all"), ("max.block.ms", "1")];
        assert_eq!(
            environment(ENVIRONMENT_PREFIX, owned(&variables)),
            owned(&expected)
        );
    }
}
