//! What the engine asks of JavaScript. The methods are those of `#host()` in `npm/src/producer.js`.

use js_sys::{Float64Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The shell around the engine.
    pub type Host;

    /// Opens a connection: to `host` and `port`, or to `url` when there is one.
    #[wasm_bindgen(method)]
    pub fn dial(this: &Host, conn: u32, host: &str, port: u16, url: Option<String>);

    /// Bytes of JavaScript's own, to be filled and handed to `transmit`.
    #[wasm_bindgen(method)]
    pub fn allocate(this: &Host, conn: u32, len: u32) -> Uint8Array;

    /// Writes bytes that `allocate` gave.
    #[wasm_bindgen(method)]
    pub fn transmit(this: &Host, conn: u32, bytes: Uint8Array);

    /// Closes a connection and forgets it.
    #[wasm_bindgen(method)]
    pub fn hangup(this: &Host, conn: u32);

    /// A batch is delivered. `timestamps` has one entry for each record, or one for all.
    #[wasm_bindgen(method)]
    pub fn acked(
        this: &Host,
        topic: u32,
        partition: i32,
        offset: i64,
        ids: Float64Array,
        timestamps: Float64Array,
    );

    /// A record is not delivered.
    #[wasm_bindgen(method)]
    pub fn failed(this: &Host, id: f64, topic: u32, partition: i32, error: JsValue);

    /// The record that is being sent is refused.
    #[wasm_bindgen(method)]
    pub fn refused(this: &Host, code: &str, message: &str);

    /// There is room again after a record was given back.
    #[wasm_bindgen(method)]
    pub fn room(this: &Host);

    /// A flush is complete.
    #[wasm_bindgen(method)]
    pub fn flushed(this: &Host, flush: f64);

    /// The close is complete.
    #[wasm_bindgen(method)]
    pub fn closed(this: &Host);

    /// A line of the trace.
    #[wasm_bindgen(method)]
    pub fn trace(this: &Host, line: &str);
}
