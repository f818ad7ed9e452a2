//! Answers: the state that is drawn, as plain objects.

use js_sys::{Array, Object};
use ottla_scene::{
    state::{Phase, PipeState, State},
    why::why,
    words::Lang,
};
use ottla_trace::event::{BatchId, RecordId};
use wasm_bindgen::JsValue;

use super::put;
use crate::engine::{Engine, Notice};

fn count(n: u64) -> JsValue {
    JsValue::from_f64(n as f64)
}

fn maybe(n: Option<u64>) -> JsValue {
    n.map_or(JsValue::NULL, count)
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        put(&object, name, value);
    }
    object.into()
}

/// What `send` led to.
pub(super) fn sent(engine: &Engine) -> JsValue {
    match &engine.notice {
        Some(Notice::Sent(id)) => object(&[("record", count(*id))]),
        Some(Notice::Refused(refusal)) => {
            let error = object(&[
                ("code", refusal.code.as_str().into()),
                ("message", refusal.message.as_str().into()),
            ]);
            object(&[("error", error)])
        }
        _ => object(&[("record", JsValue::NULL)]),
    }
}

/// The whole picture in numbers.
pub(super) fn state(engine: &mut Engine) -> JsValue {
    let cursor = engine.run.playback.cursor();
    let kind = engine.source.kind().name();
    let (playing, edge, events) = (
        engine.run.playback.playing,
        engine.run.edge,
        engine.run.history.len(),
    );
    let selected = engine.selected;
    let follows = engine.follows();
    let said = engine.said();
    let state = engine.run.history.state(cursor.seen);
    let said = said.map_or(JsValue::NULL, |said| {
        object(&[
            ("code", said.code.map_or(JsValue::NULL, JsValue::from)),
            ("text", said.text.into()),
        ])
    });
    object(&[
        ("source", kind.into()),
        ("t", count(cursor.t)),
        ("seen", count(cursor.seen as u64)),
        ("events", count(events as u64)),
        ("edge", count(edge)),
        ("playing", playing.into()),
        ("follows", follows.into()),
        ("busy", state.busy().into()),
        ("records", count(state.records.len() as u64)),
        ("batches", count(state.batches.len() as u64)),
        ("ledger", ledger(state)),
        ("brokers", brokers(state)),
        ("queues", queues(state)),
        ("logs", logs(state)),
        ("selected", selected.map_or(JsValue::NULL, count)),
        ("said", said),
    ])
}

fn ledger(state: &State) -> JsValue {
    let it = state.ledger();
    object(&[
        ("sent", count(it.sent)),
        ("toldOk", count(it.told_ok)),
        ("waiting", count(it.waiting)),
        ("failed", count(it.failed)),
        ("inLog", maybe(it.in_log)),
        ("lost", maybe(it.lost)),
        ("duplicate", maybe(it.duplicate)),
        ("outOfOrder", maybe(it.out_of_order)),
        ("unknown", count(it.unknown)),
    ])
}

fn brokers(state: &State) -> JsValue {
    let all = state.brokers.values().map(|it| {
        let pipe = match state.pipe(it.id) {
            PipeState::None => "none",
            PipeState::Opening => "opening",
            PipeState::Open => "open",
            PipeState::Cut(_) => "cut",
        };
        object(&[
            ("id", it.id.into()),
            ("dead", it.dead().into()),
            (
                "state",
                it.state
                    .map_or(JsValue::NULL, |it| format!("{it:?}").to_lowercase().into()),
            ),
            ("pipe", pipe.into()),
        ])
    });
    all.collect::<Array>().into()
}

fn queues(state: &State) -> JsValue {
    let all = state.partitions().into_iter().map(|partition| {
        let lane = state.lane(partition);
        object(&[
            ("partition", state.name(partition).into()),
            ("leader", lane.leader.into()),
            ("batches", count(lane.queued.len() as u64)),
        ])
    });
    all.collect::<Array>().into()
}

fn logs(state: &State) -> JsValue {
    let all = state.logs.iter().map(|((node, partition), log)| {
        object(&[
            ("broker", (*node).into()),
            ("partition", state.name(*partition).into()),
            ("end", JsValue::from_f64(log.end as f64)),
            ("highWatermark", JsValue::from_f64(log.high_watermark as f64)),
        ])
    });
    all.collect::<Array>().into()
}

/// One record as it is shown.
pub(super) fn record(engine: &mut Engine, id: RecordId) -> JsValue {
    let cursor = engine.run.playback.cursor();
    let state = engine.run.history.state(cursor.seen);
    let Some(it) = state.records.get(id) else {
        return JsValue::NULL;
    };
    let key = it.key.and_then(|key| state.keys.get(&key));
    let told = state.batch_of(it).and_then(|batch| batch.told());
    let told = match (told, &it.failed) {
        (Some((_, true)), _) => "ok",
        (None, None) => "waiting",
        _ => "failed",
    };
    let error = match (&it.failed, state.batch_of(it).map(|batch| &batch.phase)) {
        (Some((_, error)), _) | (None, Some(Phase::Failed { error, .. })) => Some(error.as_str()),
        _ => None,
    };
    let why = why(state, id, cursor.t).map(|why| Lang::En.why(&why));
    object(&[
        ("id", count(id)),
        (
            "topic",
            state.topics.get(&it.topic).cloned().unwrap_or_default().into(),
        ),
        ("key", key.cloned().map_or(JsValue::NULL, JsValue::from)),
        (
            "partition",
            it.route.map_or(JsValue::NULL, |route| route.partition.into()),
        ),
        (
            "offset",
            state
                .offset_of(it)
                .map_or(JsValue::NULL, |offset| JsValue::from_f64(offset as f64)),
        ),
        (
            "batch",
            it.place.map_or(JsValue::NULL, |place| count(place.batch)),
        ),
        ("told", told.into()),
        ("why", why.map_or(JsValue::NULL, JsValue::from)),
        ("error", error.map_or(JsValue::NULL, |error| error.into())),
    ])
}

/// One batch as it is shown.
pub(super) fn batch(engine: &mut Engine, id: BatchId) -> JsValue {
    let cursor = engine.run.playback.cursor();
    let state = engine.run.history.state(cursor.seen);
    let Some(it) = state.batches.get(id) else {
        return JsValue::NULL;
    };
    let offset = match it.phase {
        Phase::Acked { base_offset, .. } => JsValue::from_f64(base_offset as f64),
        _ => JsValue::NULL,
    };
    let told = match it.told() {
        Some((_, true)) => "ok",
        Some((_, false)) => "failed",
        None => "waiting",
    };
    let records = it.records.iter().map(|id| count(*id));
    let stamp = it.stamp.as_ref();
    let codec = it.sealed.as_ref().map(|sealed| sealed.codec.as_str());
    object(&[
        ("id", count(id)),
        (
            "topic",
            state.topics.get(&it.topic).cloned().unwrap_or_default().into(),
        ),
        ("partition", it.partition.into()),
        ("records", records.collect::<Array>().into()),
        ("count", it.count.into()),
        ("baseOffset", offset),
        (
            "producerId",
            stamp.map_or(JsValue::NULL, |it| JsValue::from_f64(it.producer_id as f64)),
        ),
        ("sequence", stamp.map_or(JsValue::NULL, |it| it.sequence.into())),
        ("codec", codec.map_or(JsValue::NULL, JsValue::from)),
        ("told", told.into()),
    ])
}
