//! JSON by serde.

use alloc::{borrow::Cow, string::ToString};
use core::marker::PhantomData;

use super::{SerializeError, Serializer};

/// Anything that serde can write, as compact JSON. It is typed, so that a topic's values stay of one kind.
#[derive(Debug)]
pub struct Json<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Json<T> {
    /// The serializer of values of this type.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ?Sized> Default for Json<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ?Sized> Clone for Json<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Json<T> {}

impl<T: serde::Serialize + ?Sized> Serializer<T> for Json<T> {
    fn serialize<'a>(&self, _topic: &str, value: &'a T) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        serde_json::to_vec(value)
            .map(|bytes| Some(Cow::Owned(bytes)))
            .map_err(|error| SerializeError::new("json", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    #[test]
    fn writes_compact_json() {
        let value = BTreeMap::from([("a", 1), ("b", 2)]);
        let bytes = Json::new().serialize("t", &value).expect("a map of text is JSON");
        assert_eq!(bytes.as_deref(), Some(&br#"{"a":1,"b":2}"#[..]));
    }

    #[test]
    fn a_map_without_text_keys_is_refused() {
        let value = BTreeMap::from([((1, 2), 3)]);
        assert!(Json::new().serialize("t", &value).is_err());
    }
}
