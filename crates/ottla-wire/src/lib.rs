//! Kafka's wire protocol as plain values: bytes in, values out and back. No time, no state, no I/O.

#![no_std]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod batch;
pub mod codec;
