//! The serializer that the configuration names, for values that come as text.

use alloc::{borrow::Cow, format, string::ToString};
use core::fmt::Display;
use core::str::FromStr;

use super::{Boolean, Double, Float, Integer, Long, SerializeError, Serializer, Short, Uuid};
use crate::config::SerializerClass;

/// What `key.serializer` or `value.serializer` names. It takes text and writes what the serializer makes of the value
/// that the text stands for: `7` is eight bytes for a `LongSerializer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configured(pub SerializerClass);

impl<T: AsRef<str> + ?Sized> Serializer<T> for Configured {
    fn serialize<'a>(&self, topic: &str, value: &'a T) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        let text = value.as_ref();
        match self.0 {
            SerializerClass::Bytes | SerializerClass::Text | SerializerClass::Json => {
                Ok(Some(Cow::Borrowed(text.as_bytes())))
            }
            SerializerClass::Short => parsed::<i16>(topic, text, "short", &Short),
            SerializerClass::Integer => parsed::<i32>(topic, text, "integer", &Integer),
            SerializerClass::Long => parsed::<i64>(topic, text, "long", &Long),
            SerializerClass::Float => parsed::<f32>(topic, text, "float", &Float),
            SerializerClass::Double => parsed::<f64>(topic, text, "double", &Double),
            SerializerClass::Boolean => parsed::<bool>(topic, text, "boolean", &Boolean),
            SerializerClass::Uuid => Uuid.serialize(topic, text),
            SerializerClass::Void if text.is_empty() => Ok(None),
            SerializerClass::Void => Err(SerializeError::new("void", "it takes no value, only empty text")),
        }
    }
}

fn parsed<T: FromStr<Err: Display>>(
    topic: &str,
    text: &str,
    name: &'static str,
    serializer: &impl Serializer<T>,
) -> Result<Option<Cow<'static, [u8]>>, SerializeError> {
    let value: T = text.trim().parse().map_err(|error: T::Err| {
        let shown = crate::quoted::Quoted::text(text).to_string();
        SerializeError::new(name, format!("{shown}: {error}"))
    })?;
    let bytes = serializer.serialize(topic, &value)?;
    Ok(bytes.map(|bytes| Cow::Owned(bytes.into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(class: SerializerClass, text: &str) -> Result<Option<alloc::vec::Vec<u8>>, SerializeError> {
        let written = Configured(class).serialize("t", text);
        written.map(|bytes| bytes.map(Cow::into_owned))
    }

    #[test]
    fn text_stands_for_the_value() {
        assert_eq!(bytes(SerializerClass::Text, "7"), Ok(Some(b"7".into())));
        assert_eq!(
            bytes(SerializerClass::Integer, " 7 "),
            Ok(Some([0, 0, 0, 7].into()))
        );
        assert_eq!(bytes(SerializerClass::Long, "-1"), Ok(Some([0xff; 8].into())));
        assert_eq!(bytes(SerializerClass::Boolean, "true"), Ok(Some([1].into())));
        assert_eq!(bytes(SerializerClass::Void, ""), Ok(None));
    }

    #[test]
    fn text_that_stands_for_nothing_names_the_serializer_and_the_text() {
        for (class, text, name) in [
            (SerializerClass::Short, "32768", "short"),
            (SerializerClass::Long, "7.5", "long"),
            (SerializerClass::Double, "", "double"),
            (SerializerClass::Boolean, "yes", "boolean"),
            (SerializerClass::Void, "x", "void"),
        ] {
            let error = bytes(class, text).expect_err(text);
            assert_eq!(error.serializer, name);
        }
    }
}
