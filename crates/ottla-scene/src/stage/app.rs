//! Station heads, and the application: one socket for each `send()`.

use super::{Geometry, Picture, View, socket_state};
use crate::{
    draw::{Align, Dash, Item, Layer, Rect, Role, Style},
    state::{PipeState, Record},
    words::Word,
};

/// Side of a socket.
const SOCKET: f32 = 16.0;
/// From one socket to the next.
const STEP: f32 = 20.0;

/// Names of the stations over a hairline: the grid that the eye learns once.
pub(super) fn heads(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let lang = view.lang;
    let partitions = view.state.partitions();
    let replicas = partitions
        .iter()
        .map(|it| view.state.replicas(*it).len())
        .max()
        .unwrap_or(3);
    let cluster = if view.state.observed || view.state.brokers.is_empty() {
        lang.cluster_sub(view.state.brokers.len().max(3), replicas)
    } else {
        lang.word(Word::ClusterSubLive).to_owned()
    };
    let heads = [
        (geometry.app, Word::App, lang.word(Word::AppSub).to_owned()),
        (geometry.front, Word::Front, lang.word(Word::FrontSub).to_owned()),
        (
            geometry.queues,
            Word::Accumulator,
            lang.word(Word::AccumulatorSub).to_owned(),
        ),
        (geometry.wire, Word::Wire, lang.word(Word::WireSub).to_owned()),
        (geometry.cluster, Word::Cluster, cluster),
    ];
    for ((x0, x1), name, sub) in heads {
        let list = &mut picture.list;
        list.text(
            (x0, geometry.head),
            lang.word(name),
            Style::HEAD,
            Align::Start,
            Role::Ink,
        );
        let sub = view.measure.fit(&sub, Style::LABEL, x1 - x0 + 8.0);
        list.text(
            (x0, geometry.head + 18.0),
            sub,
            Style::LABEL,
            Align::Start,
            Role::Ink2,
        );
        let y = geometry.head + 30.0;
        list.line(Layer::Ground, &[(x0, y), (x1, y)], Role::Hair, 1.0);
    }
}

/// `send()`, the sockets, and the rail on which answers come back to them.
pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let (x0, x1) = geometry.app;
    let y = geometry.road;
    let door = Rect::new(x0 + 0.75, y - 14.0, 50.0, 28.0);
    let list = &mut picture.list;
    list.put(Layer::Box, Item::Fill(door, Role::Raise));
    list.put(Layer::Box, Item::Frame(door, Role::Ink, 1.5, Dash::Solid));
    list.text(
        (x0 + 25.5, y + 4.0),
        "send()",
        Style::CODE,
        Align::Middle,
        Role::Ink,
    );
    let columns = (((x1 - x0 + STEP - SOCKET) / STEP) as usize).clamp(3, 8);
    let top = y + 62.0;
    let most_rows = ((geometry.rail - 30.0 - top) / STEP).max(1.0) as usize;
    let ledger = view.state.ledger();
    let sent = ledger.sent;
    let socket_foot = if sent == 0 {
        top
    } else {
        let rows = sockets(view, picture, (x0, top), columns, most_rows);
        top + rows as f32 * STEP
    };
    if sent > 0 {
        let told = view.lang.told_of(ledger.told_ok, ledger.waiting);
        let told = view
            .measure
            .fit(&told, Style::LABEL, geometry.front.0 - x0 + 80.0);
        picture.list.text(
            (x0, socket_foot + 14.0),
            told,
            Style::LABEL,
            Align::Start,
            Role::Ink2,
        );
        rail(view, geometry, picture, socket_foot + 24.0);
    }
}

/// The last sockets in rows; the first row begins at a whole multiple, so that nothing moves until a row is full.
fn sockets(
    view: &View<'_>,
    picture: &mut Picture,
    (x, top): (f32, f32),
    columns: usize,
    rows: usize,
) -> usize {
    let state = view.state;
    let known = state.records.len();
    let sent = state.ledger().sent;
    let room = columns * rows;
    let skip = known.saturating_sub(room).div_ceil(columns) * columns;
    let shown = known - skip.min(known);
    let title = if skip == 0 && known as u64 >= sent {
        view.lang.sends(sent)
    } else {
        view.lang.last_sends(shown as u64, sent)
    };
    picture
        .list
        .text((x, top - 12.0), title, Style::NAME, Align::Start, Role::Ink);
    let mut last: Vec<&Record> = state.records.iter().rev().take(shown).collect();
    last.reverse();
    for (i, record) in last.iter().enumerate() {
        let (column, row) = (i % columns, i / columns);
        let rect = Rect::new(x + column as f32 * STEP, top + row as f32 * STEP, SOCKET, SOCKET);
        picture.record(view, rect, record.id, socket_state(state, record));
    }
    shown.div_ceil(columns)
}

/// Answers close the loop: down from the pipes, along the bottom, up into the sockets.
fn rail(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, tip: f32) {
    let x = geometry.wire.0 - 14.0;
    let foot = geometry.app.0 + 40.0;
    let ys: Vec<f32> = geometry
        .bands
        .iter()
        .filter(|band| view.state.pipe(band.node) == PipeState::Open)
        .map(|band| band.y + super::wire::ANSWER_LINE)
        .collect();
    let Some(first) = ys.first() else { return };
    let list = &mut picture.list;
    let way = [
        (geometry.wire.0, *first),
        (x, *first),
        (x, geometry.rail),
        (foot, geometry.rail),
        (foot, tip),
    ];
    list.line(Layer::Ground, &way, Role::Line, 1.0);
    for y in &ys[1..] {
        list.line(Layer::Ground, &[(geometry.wire.0, *y), (x, *y)], Role::Line, 1.0);
    }
    list.arrow(Layer::Ground, (foot, tip), (0.0, -1.0), Role::Line, 1.5);
    list.text(
        (geometry.front.1, geometry.rail - 8.0),
        view.lang.word(Word::Answers),
        Style::LABEL,
        Align::End,
        Role::Ink2,
    );
}
