//! The accumulator: one queue per partition, batches as boxes whose length is bytes.

use super::{
    Geometry, Look, Picture, Target, View,
    geometry::{LaneBox, MORE},
    hue,
};
use crate::{
    draw::{Align, CellState, Dash, Item, LETTER_ROOM, Layer, Rect, Role, Style},
    state::{BATCH_HEADER, Batch, Partition, Phase, PipeState},
    words::Word,
};

/// Between two batches of a queue.
const GAP: f32 = 8.0;
/// A box is never narrower, however many bytes a pixel stands for.
const LEAST_BOX: f32 = 18.0;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    for lane in &geometry.lanes {
        shelf(view, geometry, picture, lane);
        route(view, geometry, picture, lane);
        batches(view, geometry, picture, lane);
    }
    if let Some(first) = geometry.lanes.first() {
        let x = f32::midpoint(geometry.queues.1, geometry.wire.0);
        picture.list.text(
            (x, first.y - 10.0),
            view.lang.word(Word::Sender),
            Style::MICRO,
            Align::Middle,
            Role::Ink2,
        );
    }
    if geometry.more_lanes > 0 {
        let text = view.lang.more_partitions(geometry.more_lanes);
        let at = (geometry.queues.0, geometry.memory - 6.0);
        picture
            .list
            .text(at, text, Style::LABEL, Align::Start, Role::Ink2);
    }
    memory(view, geometry, picture);
}

fn shelf(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, lane: &LaneBox) {
    let (x0, x1) = geometry.queues;
    let (top, bottom) = (lane.y - lane.h / 2.0, lane.y + lane.h / 2.0);
    let name = view.state.name(lane.partition);
    let list = &mut picture.list;
    list.line(
        Layer::Ground,
        &[(x0, bottom), (x1, bottom)],
        Role::Line,
        if geometry.roomy() { 1.5 } else { 1.0 },
    );
    if geometry.lane_pitch >= 44.0 {
        list.line(Layer::Ground, &[(x0, top), (x1, top)], Role::Hair, 1.0);
        let y = top - if geometry.roomy() { 14.0 } else { 5.0 };
        let leader = match view.state.belief.get(&lane.partition) {
            Some(belief) => view.lang.leader(belief.leader),
            None => view.lang.word(Word::LeaderUnknown).to_owned(),
        };
        let room = x1 - x0 - view.width_of(&leader, Style::LABEL) - 12.0;
        let name = view.measure.fit(&name, Style::NAME, room);
        list.text((x0, y), name, Style::NAME, Align::Start, Role::Ink);
        list.text((x1, y), leader, Style::LABEL, Align::End, Role::Ink2);
    } else {
        let name = view.measure.fit(&name, Style::MICRO, (x1 - x0) * 0.4);
        list.text(
            (x0, lane.y + 4.0),
            name,
            Style::MICRO.strong(),
            Align::Start,
            Role::Ink2,
        );
    }
    let whole = Rect::new(x0, top, x1 - x0, lane.h);
    picture.target(whole, Target::Lane(lane.partition));
}

/// The line from a queue to a pipe is the client's metadata: what it believes about the leader.
fn route(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, lane: &LaneBox) {
    let leader = view.state.believed_leader(lane.partition);
    let Some(band) = geometry.band(leader) else { return };
    let (from, to) = (geometry.queues.1 + 4.0, geometry.wire.0 - 5.0);
    let cut = matches!(view.state.pipe(leader), PipeState::Cut(_));
    let role = if cut { Role::Line } else { Role::Ink };
    let list = &mut picture.list;
    let straight = (band.y - lane.y).abs() < 1.0;
    let end = if straight { band.y } else { band.y + 7.0 };
    let mut points = vec![(from, lane.y)];
    if !straight {
        // Each bent line has its own way down, so that two of them can be told apart.
        let index = geometry
            .lanes
            .iter()
            .position(|it| it.partition == lane.partition)
            .unwrap_or(0);
        let room = to - from - 20.0;
        let way = from + 6.0 + room * (index as f32 + 0.5) / geometry.lanes.len().max(1) as f32;
        points.extend([(way, lane.y), (way, end)]);
    }
    points.push((to, end));
    if cut {
        list.dashed(Layer::Box, &points, role, 1.5);
    } else {
        list.line(Layer::Box, &points, role, 1.5);
    }
    list.arrow(Layer::Box, (to, end), (1.0, 0.0), role, 1.5);
}

fn batches(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, lane: &LaneBox) {
    let queue = view.state.lane(lane.partition).queued;
    let mut right = geometry.queues.1;
    let mut said_end = right;
    for (n, id) in queue.iter().enumerate() {
        let Some(batch) = view.state.batches.get(*id) else {
            continue;
        };
        // The last one that fits may take the room of the number.
        let rest = if n + 1 < queue.len() { MORE } else { 0.0 };
        let room = right - geometry.queues.0 - rest;
        let full = (batch.capacity.max(batch.bytes) as f32 * geometry.per_byte).max(LEAST_BOX);
        let left = queue.len() - n;
        // Only the first one may be cut at its far end: it is longer than the whole queue.
        if full > room && n > 0 {
            more(picture, lane, left, right);
            return;
        }
        let width = full.min(room);
        let rect = Rect::new(right - width, lane.y - lane.h / 2.0 + 3.0, width, lane.h - 6.0);
        batch_box(view, geometry, picture, batch, rect);
        if geometry.roomy() {
            said_end = say(view, picture, batch, rect, lane, said_end, n == 0);
        }
        right = rect.x - GAP;
    }
}

fn more(picture: &mut Picture, lane: &LaneBox, left: usize, right: f32) {
    let at = (right, lane.y + 4.0);
    picture
        .list
        .text(at, format!("+{left}"), Style::LABEL, Align::End, Role::Ink2);
}

/// The batch: its bytes fill it from the right end, so that it empties towards the wire.
fn batch_box(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, batch: &Batch, rect: Rect) {
    let retry = matches!(batch.phase, Phase::Retry { .. });
    let (right, bottom) = (rect.right(), rect.bottom());
    picture.target(rect, Target::Batch(batch.id));
    picture.list.put(Layer::Box, Item::Fill(rect, Role::Raise));
    let used = (batch.bytes as f32 * geometry.per_byte).min(rect.w);
    let header = (BATCH_HEADER as f32 * geometry.per_byte).min(used);
    let head = Rect::new(right - used, rect.y, header, rect.h);
    if retry {
        let hatch = Item::Hatch {
            rect: head,
            lines: Role::Line,
            ground: Role::Sunk,
        };
        picture.list.put(Layer::Box, hatch);
    } else {
        picture.list.put(Layer::Box, Item::Fill(head, Role::Sunk));
    }
    let open = batch.phase == Phase::Open;
    if open && head.w > 32.0 && geometry.roomy() {
        picture.list.text(
            (head.x + head.w / 2.0, rect.y + rect.h / 2.0 + 4.0),
            format!("{BATCH_HEADER} B"),
            Style::MICRO,
            Align::Middle,
            Role::Ink2,
        );
    }
    let state = if retry {
        CellState::Retry
    } else {
        CellState::Waiting
    };
    let body = Rect::new(head.right(), rect.y, right - head.right(), rect.h);
    records(view, picture, batch, body, state, 16.0);
    // The sealed box is closed; an open one still takes records on its left.
    let edge = [
        (rect.x, rect.y),
        (right, rect.y),
        (right, bottom),
        (rect.x, bottom),
    ];
    if open {
        picture.list.line(Layer::Glyph, &edge, Role::Ink, 1.5);
    } else {
        picture
            .list
            .put(Layer::Glyph, Item::Frame(rect, Role::Ink, 1.5, Dash::Solid));
    }
}

/// A batch's records in `body`, each as long as its bytes; slits where there is no room for a cell, and colours by
/// pixel where there is none for a slit.
pub(super) fn records(
    view: &View<'_>,
    picture: &mut Picture,
    batch: &Batch,
    body: Rect,
    state: CellState,
    height: f32,
) {
    let total: u32 = view
        .records_of(batch)
        .map(|it| it.place.map_or(0, |place| place.bytes))
        .sum();
    if total == 0 || body.w < 1.0 {
        // A trace without records still knows that there are some.
        if batch.count > 0 && body.w >= 1.0 {
            let inner = Rect::new(body.x, body.y + 2.0, body.w, body.h - 4.0);
            picture.list.put(Layer::Mark, Item::Fill(inner, Role::Key(0)));
        }
        return;
    }
    let per = body.w / total as f32;
    let thin = per * (total as f32 / batch.records.len().max(1) as f32) < 5.0;
    let h = if thin {
        body.h - 4.0
    } else {
        height.min(body.h - 4.0)
    };
    let y = body.y + (body.h - h) / 2.0;
    // In flight, a request is one piece.
    let gap = |w: f32| match state {
        CellState::Solid => 0.0,
        _ if w >= 16.0 => 4.0,
        _ if w >= 11.0 => 2.0,
        _ => 1.0,
    };
    // Letters for all of a batch or for none: a word with holes would be another word.
    let mute = view.records_of(batch).any(|it| {
        let w = it.place.map_or(0, |place| place.bytes) as f32 * per;
        w - gap(w) < LETTER_ROOM
    });
    let mut at = 0_u32;
    let mut drawn_to = f32::MIN;
    for record in view.records_of(batch) {
        let bytes = record.place.map_or(0, |place| place.bytes);
        let x = body.x + at as f32 * per;
        let w = bytes as f32 * per;
        at += bytes;
        if thin {
            let chosen = view.selected == Some(record.id);
            if x < drawn_to && !chosen {
                continue;
            }
            let slit = Rect::new(x, y, (w - 0.5).max(1.0), h);
            drawn_to = x + slit.w + 0.4;
            picture
                .list
                .put(Layer::Mark, Item::Fill(slit, Role::Key(hue(record.key))));
            picture.target(slit, Target::Record(record.id));
            if chosen {
                let ring = Item::Frame(slit.grow(1.5), Role::Ink, 2.0, Dash::Solid);
                picture.list.put(Layer::Over, ring);
            }
        } else {
            let gap = gap(w);
            let rect = Rect::new(x + gap / 4.0, y, w - gap, h);
            picture.record_with(view, rect, record.id, state, Look { tight: true, mute });
        }
    }
}

/// What a batch waits for, under its queue. Returns where the words begin, so that the next ones stay clear of them.
fn say(
    view: &View<'_>,
    picture: &mut Picture,
    batch: &Batch,
    rect: Rect,
    lane: &LaneBox,
    end: f32,
    first: bool,
) -> f32 {
    let y = lane.y + lane.h / 2.0 + 21.0;
    let right = rect.right();
    let (text, style, pie) = match &batch.phase {
        Phase::Open => {
            let linger = view.state.setting("linger.ms", 5) * 1_000;
            if linger == 0 {
                return end;
            }
            let gone = view.t.saturating_sub(batch.opened).min(linger);
            let part = gone as f32 / linger as f32;
            (view.lang.lingering(gone, linger), Style::LABEL, Some(part))
        }
        Phase::Retry {
            since, not_before, ..
        } => {
            let left = not_before.saturating_sub(view.t);
            let whole = not_before.saturating_sub(*since).max(1);
            let part = 1.0 - left as f32 / whole as f32;
            let again = view.lang.word(Word::WillBeSentAgain).to_owned();
            if left > 0 && first {
                (again, Style::NAME, Some(part))
            } else {
                (again, Style::NAME, None)
            }
        }
        _ => (ready(view, lane.partition), Style::LABEL, None),
    };
    let width = view.width_of(&text, style) + if pie.is_some() { 20.0 } else { 0.0 };
    if right.min(end) - width < 24.0 || right > end {
        return end;
    }
    if let Some(part) = pie {
        let at = (right - 7.0, y - 4.0);
        picture.list.put(Layer::Glyph, Item::Pie { at, r: 6.0, part });
        picture
            .list
            .text((right - 20.0, y), text, style, Align::End, role(style));
    } else {
        picture
            .list
            .text((right, y), text, style, Align::End, role(style));
    }
    right - width - 8.0
}

/// What a closed batch waits for: its turn, or a broker that does not answer.
pub(super) fn ready(view: &View<'_>, partition: Partition) -> String {
    let leader = view.state.believed_leader(partition);
    match view.state.pipe(leader) {
        PipeState::Cut(_) => view.lang.waits_for(leader),
        _ => view.lang.word(Word::Ready).to_owned(),
    }
}

fn role(style: Style) -> Role {
    if style.strong { Role::Ink } else { Role::Ink2 }
}

/// One tank for all queues; a batch holds its memory until it is answered.
fn memory(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let (used, total) = view.state.memory;
    if total == 0 {
        return;
    }
    let (x0, x1) = geometry.queues;
    let y = geometry.memory;
    let list = &mut picture.list;
    list.text(
        (x0, y + 12.0),
        "buffer.memory",
        Style::LABEL,
        Align::Start,
        Role::Ink2,
    );
    let text = view.lang.memory(used, total);
    list.text((x1, y + 12.0), text, Style::LABEL, Align::End, Role::Ink2);
    let whole = Rect::new(x0, y + 20.0, x1 - x0, 6.0);
    let part = (used as f32 / total as f32).min(1.0);
    list.put(Layer::Ground, Item::Fill(whole, Role::Sunk));
    let filled = Rect::new(whole.x, whole.y, whole.w * part, whole.h);
    list.put(Layer::Box, Item::Fill(filled, Role::Ink2));
}
