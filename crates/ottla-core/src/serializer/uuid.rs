//! UUIDs as the text that Kafka's clients write.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use super::{SerializeError, Serializer};

/// A UUID as its 36 characters in small letters (`UUIDSerializer`: `UUID.toString` in UTF-8). Takes the number (`u128`),
/// its 16 bytes, or text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uuid;

type Serialized<'a> = Result<Option<Cow<'a, [u8]>>, SerializeError>;

impl Serializer<u128> for Uuid {
    fn serialize<'a>(&self, _topic: &str, value: &'a u128) -> Serialized<'a> {
        Ok(Some(Cow::Owned(text(value.to_be_bytes()))))
    }
}

impl Serializer<[u8; 16]> for Uuid {
    fn serialize<'a>(&self, _topic: &str, value: &'a [u8; 16]) -> Serialized<'a> {
        Ok(Some(Cow::Owned(text(*value))))
    }
}

impl Serializer<str> for Uuid {
    fn serialize<'a>(&self, _topic: &str, value: &'a str) -> Serialized<'a> {
        check(value)
            .map(|()| Some(Cow::Owned(value.to_ascii_lowercase().into_bytes())))
            .map_err(|problem| SerializeError::new("UUID", problem))
    }
}

impl Serializer<String> for Uuid {
    fn serialize<'a>(&self, topic: &str, value: &'a String) -> Serialized<'a> {
        self.serialize(topic, value.as_str())
    }
}

impl Serializer<&str> for Uuid {
    fn serialize<'a>(&self, topic: &str, value: &'a &str) -> Serialized<'a> {
        self.serialize(topic, *value)
    }
}

/// Where the four hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const LENGTH: usize = 36;

fn text(bytes: [u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(LENGTH);
    for byte in bytes {
        if HYPHENS.contains(&out.len()) {
            out.push(b'-');
        }
        for digit in [byte >> 4, byte & 0xf] {
            out.push(b"0123456789abcdef"[usize::from(digit)]);
        }
    }
    out
}

fn check(text: &str) -> Result<(), String> {
    let fits = |(at, byte): (usize, u8)| {
        if HYPHENS.contains(&at) {
            byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    };
    if text.len() == LENGTH && text.bytes().enumerate().all(fits) {
        return Ok(());
    }
    let shown = crate::quoted::Quoted::text(text).to_string();
    Err(alloc::format!(
        "{shown} is no UUID; write it as 123e4567-e89b-12d3-a456-426614174000"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"123e4567-e89b-12d3-a456-426614174000";
    const NUMBER: u128 = 0x123e_4567_e89b_12d3_a456_4266_1417_4000;

    #[test]
    fn number_bytes_and_text_are_the_same_characters() {
        let from_text = Uuid.serialize("t", "123E4567-E89B-12d3-a456-426614174000");
        assert_eq!(from_text, Ok(Some(Cow::Borrowed(TEXT))));
        assert_eq!(Uuid.serialize("t", &NUMBER), Ok(Some(Cow::Borrowed(TEXT))));
        assert_eq!(
            Uuid.serialize("t", &NUMBER.to_be_bytes()),
            Ok(Some(Cow::Borrowed(TEXT)))
        );
    }

    #[test]
    fn other_text_is_refused() {
        for wrong in [
            "",
            "123e4567e89b12d3a456426614174000",
            "123e4567-e89b-12d3-a456-42661417400g",
            "é23e4567-e89b-12d3-a456-42661417400",
        ] {
            let error = Uuid.serialize("t", wrong).expect_err(wrong);
            assert!(error.to_string().contains("is no UUID"), "{error}");
        }
    }
}
