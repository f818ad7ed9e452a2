//! A load through the live producer: the same client, the same trace, no form.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Object, Promise};
use ottla::{Persisted, Producer, Record};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::{get, number, put};
use crate::engine::{Handle, Source};

/// What to send.
struct Load {
    topic: String,
    records: u32,
    size: usize,
    keys: u32,
}

/// What became of it.
#[derive(Default)]
struct Counts {
    ok: u32,
    failed: u32,
    unknown: u32,
    refused: u32,
}

pub(super) fn start(engine: &Handle, options: &JsValue) -> Promise {
    let whole = |name: &str, default: f64| number(&get(options, name)).unwrap_or(default).max(1.0);
    let load = Load {
        topic: get(options, "topic")
            .as_string()
            .unwrap_or_else(|| "orders".to_owned()),
        records: whole("records", 50_000.0) as u32,
        size: whole("size", 100.0) as usize,
        keys: whole("keys", 200.0) as u32,
    };
    let live = engine.read(|it| match &it.source {
        Source::Live(live) => live.producer().map(|producer| (producer, live.counter())),
        _ => None,
    });
    future_to_promise(async move {
        let Some((producer, accepted)) = live else {
            return Err(js_sys::Error::new(
                "NOT_CONNECTED: connect a live producer first: ottla.connect(url)",
            )
            .into());
        };
        run(&producer, &load, &accepted).await
    })
}

async fn run(producer: &Producer, load: &Load, accepted: &std::cell::Cell<u64>) -> Result<JsValue, JsValue> {
    let counts = Rc::new(RefCell::new(Counts::default()));
    let begun = clock();
    // Records that are sent before their topic is known get their partitions all at once when it is: thousands of them
    // are one long task. A topic that nobody knows is told by each record.
    let _ = producer.partitions_for(load.topic.as_str()).await;
    for n in 0..load.records {
        // The number first: a reader can check order and presence without a parser.
        let mut value = format!("{n}:");
        let pad = load.size.saturating_sub(value.len());
        value.extend(std::iter::repeat_n('x', pad));
        let key = format!("key-{}", n % load.keys);
        let told = counts.clone();
        let record = Record::to(load.topic.as_str()).key(key).value(value);
        let sent = producer.send_with(record, move |result| {
            let mut counts = told.borrow_mut();
            match result {
                Ok(_) => counts.ok += 1,
                Err(error) if error.persisted() == Persisted::No => counts.failed += 1,
                Err(_) => counts.unknown += 1,
            }
        });
        match sent.await {
            Ok(_) => accepted.set(accepted.get() + 1),
            Err(_) => counts.borrow_mut().refused += 1,
        }
    }
    // Every record tells its own fate; a flush only says that all have.
    let _ = producer.flush().await;
    let counts = counts.borrow();
    let answer = Object::new();
    for (name, n) in [
        ("sent", load.records - counts.refused),
        ("ok", counts.ok),
        ("failed", counts.failed),
        ("unknown", counts.unknown),
        ("refused", counts.refused),
    ] {
        put(&answer, name, &n.into());
    }
    put(&answer, "ms", &(clock() - begun).into());
    Ok(answer.into())
}

fn clock() -> f64 {
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}
