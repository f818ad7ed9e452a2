//! Kafka's options as somebody types them.

use super::Refusal;

/// `linger.ms=50 compression.type=lz4`, separated by blanks, as names and values. Whether they are good is for the
/// producer to say.
pub(crate) fn options(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |word: &str| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Refusal {
            code: "INVALID_CONFIG".to_owned(),
            message: format!("option {word:?} is not name=value; write for example linger.ms=50"),
        }),
    };
    text.split_whitespace().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        let pairs = options(" linger.ms=50\n client.id=a=b x= ").expect("good");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs, [("linger.ms", "50"), ("client.id", "a=b"), ("x", "")]);
        assert_eq!(options("").expect("nothing is fine"), []);
        for bad in ["linger", "=5", "a=1 b"] {
            let refusal = options(bad).expect_err(bad);
            assert_eq!(refusal.code, "INVALID_CONFIG");
            assert!(refusal.message.contains("name=value"), "{}", refusal.message);
        }
    }
}
