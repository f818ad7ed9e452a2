//! Java classes that Kafka's tools take by name: the stock ones are known here, and no other can be loaded.

use std::fmt;

/// How a key or a value becomes text: Kafka's stock deserializers followed by Java's `toString`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Deserializer {
    /// The bytes as they are: `ByteArrayDeserializer`, `StringDeserializer`, `UUIDDeserializer`.
    #[default]
    Bytes,
    /// Two bytes, big-endian.
    Short,
    /// Four bytes, big-endian.
    Integer,
    /// Eight bytes, big-endian.
    Long,
    /// IEEE 754 of four bytes.
    Float,
    /// IEEE 754 of eight bytes.
    Double,
    /// One byte, 0 or 1.
    Boolean,
}

/// Bytes that are not what the deserializer expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    expected: &'static str,
    found: usize,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} expected, {} bytes found", self.expected, self.found)
    }
}

const PACKAGE: &str = "org.apache.kafka.common.serialization.";
const DESERIALIZERS: [(&str, Deserializer); 9] = [
    ("ByteArrayDeserializer", Deserializer::Bytes),
    ("StringDeserializer", Deserializer::Bytes),
    ("UUIDDeserializer", Deserializer::Bytes),
    ("ShortDeserializer", Deserializer::Short),
    ("IntegerDeserializer", Deserializer::Integer),
    ("LongDeserializer", Deserializer::Long),
    ("FloatDeserializer", Deserializer::Float),
    ("DoubleDeserializer", Deserializer::Double),
    ("BooleanDeserializer", Deserializer::Boolean),
];

impl Deserializer {
    /// What is printed in place of the bytes.
    pub(crate) fn text(self, bytes: &[u8]) -> Result<Vec<u8>, Mismatch> {
        let mismatch = |expected| Mismatch {
            expected,
            found: bytes.len(),
        };
        let text = match self {
            Self::Bytes => return Ok(bytes.to_vec()),
            Self::Short => i16::from_be_bytes(bytes.try_into().map_err(|_| mismatch("2 bytes"))?).to_string(),
            Self::Integer => {
                i32::from_be_bytes(bytes.try_into().map_err(|_| mismatch("4 bytes"))?).to_string()
            }
            Self::Long => i64::from_be_bytes(bytes.try_into().map_err(|_| mismatch("8 bytes"))?).to_string(),
            Self::Float => {
                let value = f32::from_be_bytes(bytes.try_into().map_err(|_| mismatch("4 bytes"))?);
                format!("{value:?}")
            }
            Self::Double => {
                let value = f64::from_be_bytes(bytes.try_into().map_err(|_| mismatch("8 bytes"))?);
                format!("{value:?}")
            }
            Self::Boolean => match bytes {
                [0] => "false".to_owned(),
                [1] => "true".to_owned(),
                _ => return Err(mismatch("one byte, 0 or 1")),
            },
        };
        Ok(text.into_bytes())
    }
}

/// The deserializer of this class name, with or without its package.
pub(crate) fn deserializer(class: &str) -> Result<Deserializer, String> {
    let name = class.strip_prefix(PACKAGE).unwrap_or(class);
    let found = DESERIALIZERS.iter().find(|(known, _)| *known == name);
    found.map(|(_, it)| *it).ok_or_else(|| {
        let known: Vec<_> = DESERIALIZERS.iter().map(|(known, _)| *known).collect();
        format!(
            "Java classes cannot be loaded here; it may be one of {PACKAGE}* that print as text: {}",
            known.join(", ")
        )
    })
}

/// Accepts the reader that is built in.
pub(crate) fn line_reader(class: &str) -> Result<(), String> {
    only(
        class,
        &["org.apache.kafka.tools.LineMessageReader", "LineMessageReader"],
        "--reader-property says how lines are read",
    )
}

/// Accepts the formatter that is built in.
pub(crate) fn formatter(class: &str) -> Result<(), String> {
    only(
        class,
        &[
            "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
            "DefaultMessageFormatter",
        ],
        "--formatter-property says what is printed",
    )
}

fn only(class: &str, known: &[&str], instead: &str) -> Result<(), String> {
    if known.contains(&class) {
        return Ok(());
    }
    Err(format!(
        "Java classes cannot be loaded here; leave it out or use {}; {instead}",
        known[0]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(class: &str, bytes: &[u8]) -> Result<String, Mismatch> {
        let deserializer = deserializer(class).expect("a stock class");
        let text = deserializer.text(bytes)?;
        Ok(String::from_utf8(text).expect("text"))
    }

    #[test]
    fn stock_deserializers_print_what_java_prints() {
        let long = format!("{PACKAGE}LongDeserializer");
        assert_eq!(printed(&long, &(-5_i64).to_be_bytes()), Ok("-5".to_owned()));
        assert_eq!(
            printed("IntegerDeserializer", &[0, 0, 1, 0]),
            Ok("256".to_owned())
        );
        assert_eq!(printed("ShortDeserializer", &[0xff, 0xff]), Ok("-1".to_owned()));
        assert_eq!(
            printed("DoubleDeserializer", &1.0_f64.to_be_bytes()),
            Ok("1.0".to_owned())
        );
        assert_eq!(
            printed("FloatDeserializer", &0.5_f32.to_be_bytes()),
            Ok("0.5".to_owned())
        );
        assert_eq!(printed("BooleanDeserializer", &[1]), Ok("true".to_owned()));
        assert_eq!(
            deserializer("StringDeserializer").map(|it| it.text(b"\xff")),
            Ok(Ok(b"\xff".to_vec()))
        );
    }

    #[test]
    fn bytes_of_another_length_say_which_was_expected() {
        let mismatch = printed("LongDeserializer", b"kim").expect_err("three bytes");
        assert_eq!(mismatch.to_string(), "8 bytes expected, 3 bytes found");
        assert!(printed("BooleanDeserializer", &[2]).is_err());
    }

    #[test]
    fn another_class_names_those_that_are_known() {
        assert!(
            deserializer("com.example.Avro")
                .expect_err("unknown")
                .contains("LongDeserializer")
        );
        assert!(
            line_reader("com.example.Reader")
                .expect_err("unknown")
                .contains("--reader-property")
        );
        assert!(formatter("org.apache.kafka.tools.consumer.DefaultMessageFormatter").is_ok());
    }
}
