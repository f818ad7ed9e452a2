//! Results, from the core's types to JavaScript's.

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array};
use ottla_core::delivery::Persisted;
use ottla_core::error::table;
use ottla_core::{Completion, DeliveryError, DeliveryErrorKind, Record};
use wasm_bindgen::JsValue;

use crate::host::Host;

/// Tells JavaScript what became of the records of a completion.
pub(crate) fn completion(host: &Host, topic: u32, completion: Completion) {
    if completion.is_ok() {
        delivered(host, topic, &completion);
    } else {
        undelivered(host, topic, completion);
    }
}

fn delivered(host: &Host, topic: u32, completion: &Completion) {
    let mut ids = Vec::with_capacity(completion.len());
    let mut timestamps = Vec::with_capacity(completion.len());
    let mut base_offset = -1;
    for (id, result) in completion.results() {
        let Ok(metadata) = result else { continue };
        if ids.is_empty() {
            base_offset = metadata.offset;
        }
        ids.push(id.0 as f64);
        timestamps.push(metadata.timestamp as f64);
    }
    let ids = Float64Array::from(ids.as_slice());
    let timestamps = Float64Array::from(timestamps.as_slice());
    host.acked(topic, completion.partition(), base_offset, ids, timestamps);
}

fn undelivered(host: &Host, topic: u32, completion: Completion) {
    let partition = completion.partition();
    let results: Vec<_> = completion.results().collect();
    let mut records = completion.records().into_iter();
    for (id, result) in results {
        let record = records.next().map(|(_, record)| record);
        if let Err(error) = result {
            host.failed(id.0 as f64, topic, partition, describe(&error, record.as_ref()));
        }
    }
}

fn describe(error: &DeliveryError, record: Option<&Record<'_>>) -> JsValue {
    let object = Object::new();
    set(&object, "code", &error.code.into());
    set(&object, "message", &error.message.as_ref().into());
    let persisted = match error.persisted {
        Persisted::No => "no",
        Persisted::Possibly => "possibly",
        Persisted::Yes => "yes",
    };
    set(&object, "persisted", &persisted.into());
    set(&object, "retriable", &is_retriable(error).into());
    if let Some(record) = record {
        set(&object, "record", &record_object(record));
    }
    object.into()
}

/// Whether sending the record again may succeed: Kafka's word for Kafka's errors. Of the client's own, a time that ran
/// out says so, and a refusal that another record of the batch caused.
fn is_retriable(error: &DeliveryError) -> bool {
    match table().iter().find(|row| row.name == error.code) {
        Some(row) => row.retriable,
        None => error.kind == DeliveryErrorKind::Timeout || error.code == "BATCH_REFUSED",
    }
}

fn record_object(record: &Record<'_>) -> JsValue {
    let object = Object::new();
    set(&object, "key", &data(record.key.as_deref()));
    set(&object, "value", &data(record.value.as_deref()));
    let headers: Array = record
        .headers
        .iter()
        .map(|header| Array::of2(&header.key.as_ref().into(), &data(header.value.as_deref())))
        .collect();
    set(&object, "headers", &headers);
    object.into()
}

fn data(bytes: Option<&[u8]>) -> JsValue {
    bytes.map_or(JsValue::NULL, |bytes| Uint8Array::from(bytes).into())
}

fn set(object: &Object, name: &str, value: &JsValue) {
    let set = Reflect::set(object, &name.into(), value);
    debug_assert!(set.is_ok(), "a plain object takes every property");
}
