//! What JavaScript calls. The names need `unsafe` attributes, hence a module of their own.
#![allow(
    unsafe_code,
    reason = "an exported name must be declared unsafe: two objects could define it"
)]

use std::vec;

/// [`crate::encode_records`] with zeros as value.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn encode_records(records: u32, value_len: u32) -> f64 {
    crate::encode_records(records as usize, &vec![0; value_len as usize]) as f64
}
