//! As much JSON as reading the flat lines of cargo and of our own benches needs.

/// The first string with this key. Escapes other than those of quotes and backslashes do not occur there.
pub(crate) fn text(json: &str, key: &str) -> Option<String> {
    let mut value = String::new();
    let mut characters = after(json, key)?.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// The first number with this key.
pub(crate) fn number(json: &str, key: &str) -> Option<f64> {
    let rest = after(json, key)?;
    let end = rest.find([',', '}', ' ']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn after<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let marker = format!("\"{key}\":");
    Some(json[json.find(&marker)? + marker.len()..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::{number, text};

    #[test]
    fn strings_and_numbers_are_found_by_their_key() {
        let line = r#"{"target":"na\"tive","value_len": 100,"ns":16.3}"#;
        assert_eq!(text(line, "target").as_deref(), Some("na\"tive"));
        assert_eq!(
            (number(line, "value_len"), number(line, "ns")),
            (Some(100.0), Some(16.3))
        );
        assert_eq!(
            (number(line, "target"), text(line, "ns"), text(line, "absent")),
            (None, None, None)
        );
    }
}
