//! A topic with its serializers.

use std::borrow::Cow;

use ottla_core::Record;
use ottla_core::serializer::{Configured, Raw, SerializeError, Serializer};

use crate::deliveries::Delivery;
use crate::error::{ErrorKind, KafkaError};
use crate::producer::Producer;

/// A topic whose keys and values are of one kind each. Made by [`Producer::topic`].
///
/// ```no_run
/// # async fn example(producer: ottla::Producer) -> Result<(), ottla::KafkaError> {
/// use ottla::serializer::{Long, Nullable, Utf8};
/// let visits = producer.topic("visits").key(Utf8).value(Nullable(Long));
/// let delivery = visits.send("kim", &Some(7)).await?;
/// let tombstone = visits.send("kim", &None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Topic<K = Raw, V = Raw> {
    producer: Producer,
    name: String,
    key: K,
    value: V,
}

impl Producer {
    /// A topic to which serialized values are sent; bytes as they are, until serializers are chosen.
    pub fn topic(&self, name: impl Into<String>) -> Topic {
        Topic {
            producer: self.clone(),
            name: name.into(),
            key: Raw,
            value: Raw,
        }
    }
}

impl<K, V> Topic<K, V> {
    /// Chooses what `key.serializer` and `value.serializer` name, for keys and values that come as text: with a
    /// `LongSerializer` the text `7` is sent as eight bytes.
    pub fn configured(self) -> Topic<Configured, Configured> {
        let (key, value) = self.producer.serializers();
        self.key(Configured(key)).value(Configured(value))
    }

    /// Chooses the serializer of keys.
    pub fn key<S>(self, key: S) -> Topic<S, V> {
        Topic {
            producer: self.producer,
            name: self.name,
            key,
            value: self.value,
        }
    }

    /// Chooses the serializer of values.
    pub fn value<S>(self, value: S) -> Topic<K, S> {
        Topic {
            producer: self.producer,
            name: self.name,
            key: self.key,
            value,
        }
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Serializes and sends, as [`Producer::send`].
    ///
    /// # Errors
    /// `SERIALIZATION` when the key or value has no form in bytes, else as [`Producer::send`].
    pub async fn send<A: ?Sized, B: ?Sized>(&self, key: &A, value: &B) -> Result<Delivery, KafkaError>
    where
        K: Serializer<A>,
        V: Serializer<B>,
    {
        self.producer.send(self.record(key, value)?).await
    }

    /// Serializes and sends without waiting, as [`Producer::try_send`].
    ///
    /// # Errors
    /// `SERIALIZATION` when the key or value has no form in bytes, else as [`Producer::try_send`].
    pub fn try_send<A: ?Sized, B: ?Sized>(&self, key: &A, value: &B) -> Result<Delivery, KafkaError>
    where
        K: Serializer<A>,
        V: Serializer<B>,
    {
        self.producer.try_send(self.record(key, value)?)
    }

    /// Serializes and sends without waiting and without a result, as [`Producer::post`].
    ///
    /// # Errors
    /// `SERIALIZATION` when the key or value has no form in bytes, else as [`Producer::post`].
    pub fn post<A: ?Sized, B: ?Sized>(&self, key: &A, value: &B) -> Result<(), KafkaError>
    where
        K: Serializer<A>,
        V: Serializer<B>,
    {
        self.producer.post(self.record(key, value)?)
    }

    /// The record that [`send`](Self::send) would send, to add headers, a partition or a time to it.
    ///
    /// # Errors
    /// `SERIALIZATION` when the key or value has no form in bytes.
    pub fn record<'a, A: ?Sized, B: ?Sized>(
        &'a self,
        key: &'a A,
        value: &'a B,
    ) -> Result<Record<'a>, KafkaError>
    where
        K: Serializer<A>,
        V: Serializer<B>,
    {
        let mut record = Record::to(Cow::Borrowed(self.name.as_str()));
        record.key = self.key.serialize(&self.name, key).map_err(failed)?;
        record.value = self.value.serialize(&self.name, value).map_err(failed)?;
        Ok(record)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: SerializeError) -> KafkaError {
    KafkaError::new("SERIALIZATION", ErrorKind::Record, error.to_string())
}
