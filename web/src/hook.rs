//! `window.ottla`: the page from a script, for end-to-end tests and for the curious.
//!
//! | call | does |
//! |---|---|
//! | `ottla.version` | version of the page |
//! | `ottla.source('sandbox' \| 'live' \| 'trace')` | switches the source |
//! | `ottla.connect(url, options)`, `ottla.disconnect()` | the live producer; options are Kafka's: `{acks: '1'}`, or acks alone |
//! | `ottla.open(name, text)` | opens a trace; a promise of its end, after which `state().said` tells whether it was one |
//! | `ottla.send({topic, key, value, headers, partition})` | sends as the form does; gives `{record}` or `{error}` |
//! | `ottla.state()` | what is shown: time, ledger, brokers, queues, the chosen record, the notice |
//! | `ottla.record(id)` | one record: topic, key, partition, offset, place, why, error |
//! | `ottla.batch(id)` | one batch: topic, partition, records, offset, producer id, sequence, codec, what was told of it |
//! | `ottla.play()`, `pause()`, `step(n)`, `seek(micros)`, `end()`, `speed('auto' \| times)` | time |
//! | `ottla.select(id \| null)`, `ottla.kill(node)`, `ottla.restart(node)` | acts |
//! | `ottla.load({topic, records, size, keys})` | live: so many records as fast as there is room; a promise of counts |
//! | `ottla.trace()` | the run as JSON Lines |
//!
//! Nothing in it is made up: every call does what the reader could do, and every answer is the state that is drawn.

mod load;
mod tell;

use js_sys::{Object, Promise, Reflect};
use ottla_scene::playback::Speed;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;

use crate::engine::{Action, Handle, Kind, Message};

/// Puts the object onto `window`.
pub(crate) fn install(engine: &Handle) {
    let Some(window) = web_sys::window() else { return };
    let object = Object::new();
    put(&object, "version", &env!("CARGO_PKG_VERSION").into());
    acts(&object, engine);
    time(&object, engine);
    tells(&object, engine);
    put(&window, "ottla", &object);
}

/// Sets a property; that fails only on frozen objects, which these are not.
fn put(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Adds a method of one argument. It lives as long as the page does.
fn method(object: &Object, name: &str, call: impl Fn(JsValue) -> JsValue + 'static) {
    let closure = Closure::<dyn Fn(JsValue) -> JsValue>::new(call);
    put(object, name, closure.as_ref());
    closure.forget();
}

fn number(value: &JsValue) -> Option<f64> {
    value.as_f64().filter(|it| it.is_finite())
}

fn acts(object: &Object, engine: &Handle) {
    let it = engine.clone();
    method(object, "source", move |name| {
        if let Some(kind) = name.as_string().and_then(|name| Kind::from_name(&name)) {
            it.act(Action::Source(kind));
        }
        JsValue::UNDEFINED
    });
    let it = engine.clone();
    let connect = Closure::<dyn Fn(String, JsValue)>::new(move |url, options: JsValue| {
        let options = read_options(&options);
        it.act(Action::Connect { url, options });
    });
    put(object, "connect", connect.as_ref());
    connect.forget();
    let it = engine.clone();
    method(object, "disconnect", move |_| {
        it.act(Action::Disconnect);
        JsValue::UNDEFINED
    });
    let it = engine.clone();
    let open = Closure::<dyn Fn(String, String) -> Promise>::new(move |name, text| {
        let it = it.clone();
        future_to_promise(async move {
            it.open(name, text).await;
            Ok(JsValue::UNDEFINED)
        })
    });
    put(object, "open", open.as_ref());
    open.forget();
    let it = engine.clone();
    method(object, "send", move |message| {
        it.act(Action::Send(read_message(&message)));
        it.read(tell::sent)
    });
    let it = engine.clone();
    method(object, "select", move |id| {
        it.act(Action::Select(number(&id).map(|id| id as u64)));
        JsValue::UNDEFINED
    });
    for (name, kill) in [("kill", true), ("restart", false)] {
        let it = engine.clone();
        method(object, name, move |node| {
            if let Some(node) = number(&node) {
                it.act(Action::Kill(node as i32, kill));
            }
            JsValue::UNDEFINED
        });
    }
}

fn time(object: &Object, engine: &Handle) {
    for (name, action) in [
        ("play", Action::Play(true)),
        ("pause", Action::Play(false)),
        ("end", Action::End(true)),
        ("follow", Action::Follow),
    ] {
        let it = engine.clone();
        method(object, name, move |_| {
            it.act(action.clone());
            JsValue::UNDEFINED
        });
    }
    let it = engine.clone();
    method(object, "seek", move |t| {
        if let Some(t) = number(&t) {
            it.act(Action::Seek(t.max(0.0) as u64));
        }
        JsValue::UNDEFINED
    });
    let it = engine.clone();
    method(object, "step", move |n| {
        let n = number(&n).unwrap_or(1.0);
        for _ in 0..n.abs().min(10_000.0) as u32 {
            it.act(Action::Step(n > 0.0));
        }
        JsValue::UNDEFINED
    });
    let it = engine.clone();
    method(object, "speed", move |speed| {
        let speed = match number(&speed) {
            Some(times) if times > 0.0 => Speed::Times(times.clamp(0.001, 100.0)),
            _ => Speed::Auto,
        };
        it.act(Action::Speed(speed));
        JsValue::UNDEFINED
    });
}

fn tells(object: &Object, engine: &Handle) {
    let it = engine.clone();
    method(object, "state", move |_| it.change(tell::state));
    let it = engine.clone();
    method(object, "record", move |id| match number(&id) {
        Some(id) => it.change(|engine| tell::record(engine, id as u64)),
        None => JsValue::NULL,
    });
    let it = engine.clone();
    method(object, "batch", move |id| match number(&id) {
        Some(id) => it.change(|engine| tell::batch(engine, id as u64)),
        None => JsValue::NULL,
    });
    let it = engine.clone();
    method(object, "trace", move |_| {
        it.change(|engine| engine.trace_text().into())
    });
    let it = engine.clone();
    method(object, "load", move |options| {
        load::start(&it, &options).unchecked_into()
    });
}

/// `{name: value}`, or a word for acks.
fn read_options(it: &JsValue) -> Vec<(String, String)> {
    if let Some(acks) = it.as_string() {
        return vec![("acks".to_owned(), acks)];
    }
    let entries = it.dyn_ref::<Object>().map(Object::entries).unwrap_or_default();
    let pair = |pair: JsValue| {
        let pair: js_sys::Array = pair.dyn_into().ok()?;
        let value = pair.get(1);
        let value = match (value.as_string(), value.as_bool()) {
            (Some(text), _) => text,
            (None, Some(on)) => on.to_string(),
            (None, None) => {
                value.as_f64()?;
                let number: js_sys::Number = value.unchecked_into();
                number.to_string_with_radix(10).ok()?.into()
            }
        };
        Some((pair.get(0).as_string()?, value))
    };
    entries.iter().filter_map(pair).collect()
}

/// `{topic, key, value, headers: {name: value}, partition}`; what is missing or null is null.
fn read_message(it: &JsValue) -> Message {
    let headers = get(it, "headers");
    let headers = headers
        .dyn_ref::<Object>()
        .map(Object::entries)
        .unwrap_or_default();
    Message {
        topic: get(it, "topic")
            .as_string()
            .unwrap_or_else(|| "orders".to_owned()),
        key: get(it, "key").as_string(),
        value: get(it, "value").as_string(),
        headers: headers
            .iter()
            .filter_map(|pair| {
                let pair: js_sys::Array = pair.dyn_into().ok()?;
                Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
            })
            .collect(),
        partition: number(&get(it, "partition")).map(|it| it as i32),
    }
}
