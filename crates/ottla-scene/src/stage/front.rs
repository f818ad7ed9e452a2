//! Inside `send()`: interceptors, serializer, partitioner, and the roads to the queues.

use ottla_trace::event::PartitionedBy;

use super::{Geometry, Picture, View};
use crate::{
    draw::{Align, CellState, Item, Layer, Rect, Role, Style},
    state::Record,
    words::{Word, number},
};

/// Records that are drawn while they wait for metadata; the rest is a number.
const MOST_WAITING: usize = 5;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    roads(geometry, picture);
    let y = geometry.road;
    let words = [Word::Interceptors, Word::Serializer, Word::Partitioner];
    let (left, right) = geometry.front;
    for (i, (x, word)) in geometry.stops().into_iter().zip(words).enumerate() {
        let circle = Item::Circle {
            at: (x, y),
            r: 5.0,
            fill: Role::Bg,
            line: Role::Line,
            width: 1.5,
        };
        picture.list.put(Layer::Box, circle);
        let (at, align) = match i {
            0 => ((left, y - 20.0), Align::Start),
            1 => ((x, y + 28.0), Align::Middle),
            _ => ((right, y - 20.0), Align::End),
        };
        picture
            .list
            .text(at, view.lang.word(word), Style::LABEL, align, Role::Ink2);
    }
    if let Some(record) = view.state.entering.and_then(|id| view.state.records.get(id)) {
        entering(view, geometry, picture, record);
    } else if !view.state.awaiting.is_empty() {
        awaiting(view, geometry, picture);
    }
}

fn roads(geometry: &Geometry, picture: &mut Picture) {
    let fan = geometry.fan();
    let y = geometry.road;
    let start = geometry.app.0 + 51.0;
    let list = &mut picture.list;
    list.line(Layer::Ground, &[(start, y), (fan, y)], Role::Line, 1.5);
    let (Some(first), Some(last)) = (geometry.lanes.first(), geometry.lanes.last()) else {
        return;
    };
    list.line(Layer::Ground, &[(fan, first.y), (fan, last.y)], Role::Line, 1.5);
    for lane in &geometry.lanes {
        list.line(
            Layer::Ground,
            &[(fan, lane.y), (geometry.queues.0, lane.y)],
            Role::Line,
            1.5,
        );
    }
}

/// The record that is inside `send()` at this instant.
fn entering(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, record: &Record) {
    let [_, serializer, partitioner] = geometry.stops();
    let y = geometry.road;
    let Some(route) = record.route else {
        let rect = Rect::around(serializer, y, 18.0);
        picture.record(view, rect, record.id, CellState::Solid);
        let bytes = record.key_bytes.max(0) + record.value_bytes.max(0);
        picture.list.text(
            (serializer, y + 46.0),
            number::bytes(u64::try_from(bytes).unwrap_or(0)),
            Style::CODE,
            Align::Middle,
            Role::Ink2,
        );
        return;
    };
    let key = record.key.and_then(|key| view.state.keys.get(&key));
    if let Some(lane) = geometry.lane((record.topic, route.partition)) {
        let fan = geometry.fan();
        let end = geometry.queues.0 - 6.0;
        let way = [(partitioner, y), (fan, y), (fan, lane.y), (end, lane.y)];
        picture.list.line(Layer::Box, &way, Role::Ink, 2.0);
        picture
            .list
            .arrow(Layer::Box, (end, lane.y), (1.0, 0.0), Role::Ink, 2.0);
    }
    let rect = Rect::around(partitioner, y, 18.0);
    picture.record(view, rect, record.id, CellState::Solid);
    let say = explain(route.by, key.map(String::as_str), route.partition, route.of);
    self::say(view, geometry, picture, &say);
}

/// An expression under the partitioner.
pub(super) fn say(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, text: &str) {
    let room = geometry.front.1 - geometry.app.0 - 60.0;
    let text = view.measure.fit(text, Style::CODE, room);
    let at = (geometry.front.1, geometry.road + 56.0);
    picture.list.text(at, text, Style::CODE, Align::End, Role::Ink2);
}

/// How the partition was found, as an expression.
pub fn explain(by: PartitionedBy, key: Option<&str>, partition: i32, of: i32) -> String {
    match by {
        PartitionedBy::KeyHash { .. } => {
            format!("murmur2(\"{}\") % {of} = {partition}", key.unwrap_or_default())
        }
        PartitionedBy::Explicit => format!("partition = {partition}"),
        PartitionedBy::Sticky => format!("sticky: {partition}"),
        PartitionedBy::RoundRobin => format!("round robin: {partition}"),
        PartitionedBy::Custom => format!("partitioner(\u{2026}) = {partition}"),
    }
}

/// Records that cannot be partitioned yet stand before the partitioner, first come first.
fn awaiting(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let [_, _, partitioner] = geometry.stops();
    let y = geometry.road;
    let waiting = &view.state.awaiting;
    for (i, id) in waiting.iter().take(MOST_WAITING).enumerate() {
        let rect = Rect::around(partitioner - 22.0 - i as f32 * 21.0, y, 18.0);
        picture.record(view, rect, *id, CellState::Waiting);
    }
    let Some(first) = waiting.front().and_then(|id| view.state.records.get(*id)) else {
        return;
    };
    let limit = view.state.setting("max.block.ms", 60_000) * 1_000;
    let gone = view.t.saturating_sub(first.accepted).min(limit);
    let more = waiting.len().saturating_sub(MOST_WAITING);
    let say = view.lang.awaiting(gone, limit);
    let say = if more > 0 {
        format!("+{more} \u{b7} {say}")
    } else {
        say
    };
    let part = gone as f32 / limit.max(1) as f32;
    let right = geometry.front.1;
    picture.list.put(
        Layer::Glyph,
        Item::Pie {
            at: (right - 6.0, y + 52.0),
            r: 6.0,
            part,
        },
    );
    picture.list.text(
        (right - 18.0, y + 56.0),
        say,
        Style::LABEL,
        Align::End,
        Role::Ink2,
    );
}
