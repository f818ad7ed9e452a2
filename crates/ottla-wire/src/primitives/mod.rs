//! The protocol's primitive types, read and written.
//!
//! Names in capitals are those of Kafka's protocol guide. *Flexible* versions (KIP-482) have compact lengths
//! (a varint of length plus one, 0 for null) and end every struct with tagged fields.

mod error;
mod reader;
mod value;
mod writer;

pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use reader::Reader;
pub use value::{Format, Uuid, Value};
pub use writer::Writer;
