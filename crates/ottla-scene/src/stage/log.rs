//! One replica's log as a shelf of offsets.

use ottla_trace::event::{NodeId, RecordId, Verdict};

use super::{Geometry, Picture, View};
use crate::{
    draw::{Align, CellState, Dash, Item, Layer, Rect, Role, Style},
    state::{Log, Partition},
    words::Word,
};

/// Where a shelf begins and ends, and which offset is its first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// Left end of the shelf.
    pub x: f32,
    /// Right end.
    pub end: f32,
    /// First offset that is drawn.
    pub from: i64,
    /// Offsets that fit.
    pub fit: i64,
    /// First offset that is known at all.
    pub first: i64,
}

/// The window of a partition: the same for all its replicas, so that a shorter log is a log that lags.
///
/// It moves in steps of half its width. It would be unreadable if it slid with every append.
pub(super) fn window(view: &View<'_>, geometry: &Geometry, partition: Partition, x: f32) -> Window {
    let end = geometry.cluster.1;
    // The shelf's end belongs to the words about the in-sync replicas.
    let words = view.state.replicas(partition).len() as f32 * 9.0 + 22.0;
    let fit = (((end - words - x) / geometry.pitch) as i64).max(2);
    let logs = || {
        view.state
            .logs
            .iter()
            .filter(move |((_, it), _)| *it == partition)
            .map(|(_, log)| log)
    };
    let first = logs().filter_map(Log::first).min().unwrap_or(0);
    let last = logs().map(|log| log.end).max().unwrap_or(0);
    let step = (fit / 2).max(1);
    let above = |over: i64| {
        if over <= 0 {
            0
        } else {
            (over + step - 1) / step * step
        }
    };
    let mut from = first + above(last - first - fit);
    // The chosen record is worth going back for.
    let chosen = view.selected.and_then(|id| view.state.records.get(id));
    let offset = chosen
        .filter(|record| {
            record
                .route
                .is_some_and(|r| (record.topic, r.partition) == partition)
        })
        .and_then(|record| view.state.offset_of(record));
    if let Some(offset) = offset
        && offset < from
        && offset >= first
    {
        from = first + (offset - first) / step * step;
    }
    Window {
        x,
        end,
        from,
        fit,
        first,
    }
}

/// Room before a shelf for the number of its first offset.
pub(super) fn before(view: &View<'_>, window: Window) -> f32 {
    match window.from {
        0 => 0.0,
        from => view.width_of(&format!("{from}\u{2026}"), Style::MICRO) + 6.0,
    }
}

/// What a row shows.
pub(super) struct Row {
    pub node: NodeId,
    pub partition: Partition,
    /// Its middle.
    pub y: f32,
    pub leads: bool,
    pub dead: bool,
    pub in_sync: bool,
    /// Whether its content is known.
    pub visible: bool,
}

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, row: &Row, window: Window) {
    let base = row.y + geometry.cell / 2.0 + 2.5;
    let strong = row.leads && !row.dead;
    let (role, width) = match strong {
        true => (Role::Ink, 2.0),
        false => (Role::Line, 1.0),
    };
    let dash = if row.in_sync { Dash::Solid } else { Dash::Dashed };
    let shelf = vec![(window.x, base), (window.end, base)];
    picture
        .list
        .put(Layer::Ground, Item::Line(shelf, role, width, dash));
    if !row.visible {
        hidden(geometry, picture, row, window);
        return;
    }
    let Some(log) = view.state.logs.get(&(row.node, row.partition)) else {
        return;
    };
    let hidden = window.from - window.first;
    if hidden > 0 || window.first > 0 {
        let text = format!("{}\u{2026}", window.from);
        picture.list.text(
            (window.x - 4.0, row.y + 4.0),
            text,
            Style::MICRO,
            Align::End,
            Role::Ink3,
        );
    }
    for offset in window.from..log.end.min(window.from + window.fit) {
        if log.holds(offset) {
            mark(view, geometry, picture, row, window, offset);
        }
    }
    if view.state.observed {
        watermark(view, geometry, picture, row, window, log);
        ghosts(view, geometry, picture, row, window);
    }
    if row.dead {
        only_here(view, geometry, picture, row, window, log);
    }
}

fn place(geometry: &Geometry, window: Window, offset: i64) -> f32 {
    window.x + (offset - window.from) as f32 * geometry.pitch
}

fn mark(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, row: &Row, window: Window, offset: i64) {
    let x = place(geometry, window, offset);
    let rect = Rect::new(x, row.y - geometry.cell / 2.0, geometry.cell, geometry.cell);
    let Some(id) = view.state.record_in_log(row.node, row.partition, offset) else {
        // Somebody else's record, or one of a trace without records.
        let role = if row.leads { Role::Key(0) } else { Role::Tint(0) };
        picture.list.put(Layer::Mark, Item::Fill(rect, role));
        return;
    };
    let state = if row.dead {
        CellState::Dead
    } else {
        alive(view, row, id, offset)
    };
    picture.record(view, rect, id, state);
}

fn alive(view: &View<'_>, row: &Row, id: RecordId, offset: i64) -> CellState {
    let verdict = view.state.records.get(id).and_then(|it| it.verdict);
    match verdict {
        _ if !row.leads => CellState::Follower,
        Some(Verdict::Duplicate { offset: at }) if at == offset => CellState::Duplicate,
        Some(Verdict::OutOfOrder { offset: at }) if at == offset => CellState::OutOfOrder,
        _ => CellState::Solid,
    }
}

fn watermark(
    view: &View<'_>,
    geometry: &Geometry,
    picture: &mut Picture,
    row: &Row,
    window: Window,
    log: &Log,
) {
    let hw = log.high_watermark;
    if log.end == window.first || hw < window.from || hw > window.from + window.fit {
        return;
    }
    let gap = geometry.pitch - geometry.cell;
    let x = place(geometry, window, hw) - gap / 2.0;
    let x = x.max(window.x - gap / 2.0);
    let reach = geometry.cell / 2.0 + 4.0;
    let role = if row.dead { Role::Line } else { Role::Ink };
    let line = [(x, row.y - reach), (x, row.y + geometry.cell / 2.0 + 5.5)];
    picture.list.line(Layer::Glyph, &line, role, 1.5);
    picture.watermark = true;
    let roomy = geometry.row >= 34.0;
    let isr = view.state.isr(row.partition).len() as f32 * 8.0 + 34.0;
    if row.leads && !row.dead && x + 24.0 < window.end - isr {
        let y = match (hw < log.end, roomy) {
            // Records lie to its right: the words go above them.
            (true, true) => row.y - geometry.cell / 2.0 - 2.0,
            (true, false) => return,
            (false, true) => row.y - 6.0,
            (false, false) => row.y + 4.0,
        };
        let text = view.lang.word(Word::Hw);
        picture
            .list
            .text((x + 5.0, y), text, Style::MICRO, Align::Start, Role::Ink2);
    }
}

/// Records that the application believes to be here.
fn ghosts(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, row: &Row, window: Window) {
    if !row.leads {
        return;
    }
    let mut last = None;
    for id in &view.state.verdicts {
        let Some(record) = view.state.records.get(*id) else {
            continue;
        };
        let here = record
            .route
            .is_some_and(|route| (record.topic, route.partition) == row.partition);
        let Some(Verdict::Lost { offset }) = record.verdict.filter(|_| here) else {
            continue;
        };
        if !(window.from..window.from + window.fit).contains(&offset) {
            continue;
        }
        let x = place(geometry, window, offset);
        let y = row.y - geometry.cell / 2.0 - geometry.cell - 3.0;
        let rect = Rect::new(x, y, geometry.cell, geometry.cell);
        picture.record(view, rect, *id, CellState::Ghost);
        last = last.max(Some(offset));
    }
    if let Some(offset) = last {
        let x = place(geometry, window, offset + 1) + 4.0;
        let y = row.y - geometry.cell - 3.0 + 4.0;
        let text = view.lang.word(Word::InNoLiveLog);
        let text = view.measure.fit(text, Style::NAME, window.end - x);
        picture
            .list
            .text((x, y), text, Style::NAME, Align::Start, Role::Alarm);
    }
}

/// What a dead broker has beyond everybody else.
fn only_here(
    view: &View<'_>,
    geometry: &Geometry,
    picture: &mut Picture,
    row: &Row,
    window: Window,
    log: &Log,
) {
    let elsewhere = view
        .state
        .logs
        .iter()
        .filter(|((node, partition), _)| {
            *partition == row.partition
                && *node != row.node
                && !view
                    .state
                    .brokers
                    .get(node)
                    .is_some_and(crate::state::Broker::dead)
        })
        .map(|(_, log)| log.end)
        .max();
    let Some(from) = elsewhere.filter(|end| *end < log.end && *end >= window.from) else {
        return;
    };
    let to = log.end.min(window.from + window.fit);
    if geometry.row < 30.0 || to <= from {
        return;
    }
    let (x0, x1) = (
        place(geometry, window, from),
        place(geometry, window, to) - (geometry.pitch - geometry.cell),
    );
    let y = row.y + geometry.cell / 2.0 + 7.0;
    let bracket = [(x0, y), (x0, y + 4.0), (x1, y + 4.0), (x1, y)];
    picture.list.line(Layer::Ground, &bracket, Role::Line, 1.0);
    let text = view.lang.word(Word::OnlyThisDisk);
    let width = view.width_of(text, Style::LABEL);
    let (x, align) = if x0 - 8.0 - width > geometry.cluster.0 {
        (x0 - 8.0, Align::End)
    } else {
        (x1 + 8.0, Align::Start)
    };
    picture
        .list
        .text((x, y + 8.0), text, Style::LABEL, align, Role::Ink2);
}

/// A follower that a client cannot see into.
fn hidden(geometry: &Geometry, picture: &mut Picture, row: &Row, window: Window) {
    let height = (geometry.cell * 0.4).round().max(4.0);
    let y = row.y + geometry.cell / 2.0 - height;
    let rect = Rect::new(window.x, y, window.end - window.x, height);
    picture.list.put(
        Layer::Mark,
        Item::Hatch {
            rect,
            lines: Role::Line,
            ground: Role::Bg,
        },
    );
    picture.shown.insert(CellState::Hidden);
}
