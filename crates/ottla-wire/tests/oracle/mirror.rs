//! Our values as those of the oracle.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::{BrokerId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use ottla_wire::{ErrorCode, Uuid};

/// The same value in the oracle's type `T`. With `unknown`, structs get tagged fields that nobody knows.
pub(crate) trait Mirror<T> {
    fn mirror(&self, unknown: bool) -> T;
}

/// Tagged fields that nobody knows.
pub(crate) fn unknown_fields(unknown: bool) -> BTreeMap<i32, Bytes> {
    if unknown {
        BTreeMap::from([
            (77, Bytes::new()),
            (30_000, Bytes::from_static(b"from the future")),
        ])
    } else {
        BTreeMap::new()
    }
}

macro_rules! same {
    ($($ty:ty)*) => { $(
        impl Mirror<$ty> for $ty {
            fn mirror(&self, _: bool) -> $ty {
                self.clone()
            }
        }
    )* };
}

same!(bool i8 i16 i32 i64 Bytes);

macro_rules! into {
    ($($from:ty => $to:ty: |$value:ident| $convert:expr;)*) => { $(
        impl Mirror<$to> for $from {
            fn mirror(&self, _: bool) -> $to {
                let $value = self.clone();
                $convert
            }
        }
    )* };
}

into! {
    i32 => BrokerId: |id| BrokerId(id);
    i64 => ProducerId: |id| ProducerId(id);
    ErrorCode => i16: |code| code.0;
    Uuid => uuid::Uuid: |id| uuid::Uuid::from_bytes(id.0);
    String => StrBytes: |text| StrBytes::from_string(text);
    String => TopicName: |text| TopicName(StrBytes::from_string(text));
    String => TransactionalId: |text| TransactionalId(StrBytes::from_string(text));
}

impl<A: Mirror<B>, B> Mirror<Option<B>> for Option<A> {
    fn mirror(&self, unknown: bool) -> Option<B> {
        self.as_ref().map(|value| value.mirror(unknown))
    }
}

impl<A: Mirror<B>, B> Mirror<Vec<B>> for Vec<A> {
    fn mirror(&self, unknown: bool) -> Vec<B> {
        self.iter().map(|value| value.mirror(unknown)).collect()
    }
}
