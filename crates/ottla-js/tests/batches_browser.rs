//! Record batches in a browser: the same bytes as natively.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test;

#[path = "../../ottla-wire/tests/everywhere/mod.rs"]
mod shared;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn checksum() {
    shared::the_checksum_is_crc_32c();
}

#[wasm_bindgen_test]
fn same_bytes() {
    shared::batches_have_the_same_bytes_everywhere();
}

#[wasm_bindgen_test]
fn read_back() {
    shared::batches_are_read_back();
}
