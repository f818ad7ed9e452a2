//! What JavaScript calls. The names need `unsafe` attributes, hence a module of their own.
#![allow(
    unsafe_code,
    reason = "an exported name must be declared unsafe: two objects could define it"
)]

use std::cell::RefCell;

use crate::{Batches, Workload};

#[derive(Default)]
struct State {
    workload: Workload,
    buffer: Vec<u8>,
    batches: Batches,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Makes the records that [`encode`] encodes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn prepare(records: usize, value_len: usize) {
    STATE.with_borrow_mut(|state| state.workload = Workload::new(records, value_len));
}

/// The core alone: the records are in wasm memory already. Returns the bytes of all batches.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn encode() -> usize {
    STATE.with_borrow(|state| state.workload.encode())
}

/// As `Engine::reserve` of the npm package: room for `len` bytes, and where it is.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn reserve(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        if state.buffer.len() < len {
            state.buffer.resize(len.next_power_of_two().max(4096), 0);
        }
        state.buffer.as_mut_ptr()
    })
}

/// Appends all records in the first `len` bytes of the buffer, each a timestamp (f64), a key and a value, which
/// are a length (u32) and bytes; little endian.
///
/// # Panics
/// When they are laid out in another way.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn append_all(len: usize) {
    STATE.with_borrow_mut(|state| {
        let mut rest = &state.buffer[..len];
        while !rest.is_empty() {
            let timestamp = f64::from_le_bytes(*take::<8>(&mut rest)) as i64;
            let key = data(&mut rest);
            let value = data(&mut rest);
            state.batches.append(timestamp, Some(key), Some(value));
        }
    });
}

#[inline(always)]
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> &'a [u8; N] {
    let (taken, left) = rest.split_first_chunk().expect("a whole record");
    *rest = left;
    taken
}

#[inline(always)]
fn data<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let len = u32::from_le_bytes(*take::<4>(rest)) as usize;
    let (taken, left) = rest.split_at_checked(len).expect("a whole record");
    *rest = left;
    taken
}

/// Seals what is left and returns the bytes of all batches.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn finish() -> usize {
    STATE.with_borrow_mut(|state| state.batches.finish())
}
