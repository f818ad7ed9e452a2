//! What `web.rs` does in Node, in a browser.
#![cfg(all(feature = "web", target_arch = "wasm32"))]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod web;
