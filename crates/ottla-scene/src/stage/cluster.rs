//! The cluster: each broker a band, its copies in the order of the partitions.

use ottla_sorted::SortedSet;
use ottla_trace::event::BrokerState;

use super::{Anchor, Geometry, Picture, Target, View, geometry::Band, log};
use crate::{
    draw::{Align, Item, Layer, Rect, Role, Style},
    state::{Broker, PipeState},
    words::Word,
};

/// From a broker's name to the words behind its button.
const BUTTON: f32 = 80.0;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    for band in &geometry.bands {
        let Some(broker) = view.state.brokers.get(&band.node) else {
            continue;
        };
        title(view, geometry, picture, band, broker);
        manifold(view, geometry, picture, band, broker);
        rows(view, geometry, picture, band, broker);
    }
    if geometry.more_bands > 0 {
        picture.list.text(
            (geometry.cluster.0, geometry.memory + 12.0),
            view.lang.more_brokers(geometry.more_bands),
            Style::LABEL,
            Align::Start,
            Role::Ink2,
        );
    }
}

fn title(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, broker: &Broker) {
    let (x0, x1) = geometry.cluster;
    let y = band.title;
    let dead = broker.dead();
    let name = view.lang.broker(band.node);
    let width = view.width_of(&name, Style::NAME);
    let role = if dead { Role::Ink3 } else { Role::Ink };
    picture.list.text((x0, y), name, Style::NAME, Align::Start, role);
    let hit = Rect::new(x0 - 20.0, y - 14.0, width + 24.0, 20.0);
    picture.target(hit, Target::Broker(band.node));
    if broker.state.is_some() {
        picture.anchors.push(Anchor {
            node: band.node,
            at: (x0 + width + 12.0, y - 4.0),
        });
    }
    if dead {
        picture.list.cross(x0 - 13.5, y - 4.5, 4.5, Role::Alarm);
    }
    let ago = view.t.saturating_sub(broker.since);
    let (text, role) = match broker.state {
        Some(BrokerState::Killed) => (view.lang.killed(ago), Role::Alarm),
        Some(BrokerState::Fenced) => (view.lang.word(Word::Fenced).to_owned(), Role::Alarm),
        Some(BrokerState::Paused) => (view.lang.word(Word::Paused).to_owned(), Role::Ink2),
        Some(BrokerState::Starting) => (view.lang.word(Word::Starting).to_owned(), Role::Ink2),
        Some(BrokerState::Up) | None => (address(broker), Role::Ink3),
    };
    let style = if dead { Style::NAME } else { Style::LABEL };
    // A number that is cut would be another number: without room for it the state alone is said.
    let room = x1 - x0 - width - BUTTON;
    let text = match broker.state {
        Some(BrokerState::Killed) if view.width_of(&text, style) > room => {
            view.lang.word(Word::Killed).to_owned()
        }
        _ => view.measure.fit(&text, style, room),
    };
    picture.list.text((x1, y), text, style, Align::End, role);
    fenced_in(view, geometry, picture, band, broker);
}

/// How long the controller still counts on a silent broker: until then nobody else leads its partitions.
fn fenced_in(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, broker: &Broker) {
    let Some(at) = broker.fenced_at.filter(|at| *at > view.t) else {
        return;
    };
    let y = band.title + 17.0;
    if y > band.first_row - geometry.cell / 2.0 - 2.0 {
        return;
    }
    let right = geometry.cluster.1;
    let whole = at.saturating_sub(broker.since).max(1);
    let part = view.t.saturating_sub(broker.since) as f32 / whole as f32;
    let pie = Item::Pie {
        at: (right - 6.0, y - 4.0),
        r: 5.0,
        part,
    };
    picture.list.put(Layer::Over, pie);
    picture.list.text(
        (right - 18.0, y),
        view.lang.fenced_in(at - view.t),
        Style::LABEL,
        Align::End,
        Role::Ink2,
    );
}

/// A live broker's address is worth showing; the sandbox's are made up.
fn address(broker: &Broker) -> String {
    match (&broker.address, broker.state) {
        (Some((host, port)), None) => format!("{host}:{port}"),
        _ => String::new(),
    }
}

/// The pipe meets every row of its broker.
fn manifold(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, broker: &Broker) {
    if broker.dead() || matches!(view.state.pipe(band.node), PipeState::Cut(_)) {
        return;
    }
    let x = geometry.cluster.0 - 12.0;
    let list = &mut picture.list;
    list.line(
        Layer::Ground,
        &[(geometry.wire.1, band.y), (x, band.y)],
        Role::Line,
        1.5,
    );
    let rows = view.state.partitions().len().clamp(1, 12);
    let last = band.first_row + geometry.row * (rows - 1) as f32;
    list.line(Layer::Ground, &[(x, band.first_row), (x, last)], Role::Line, 1.5);
    for row in 0..rows {
        let y = band.first_row + geometry.row * row as f32;
        list.line(Layer::Ground, &[(x, y), (x + 6.0, y)], Role::Line, 1.5);
    }
}

fn rows(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, broker: &Broker) {
    let partitions = view.state.partitions();
    let topics: SortedSet<_> = partitions.iter().map(|(topic, _)| topic).collect();
    let long = topics.len() > 1;
    let label_room = if long { 92.0 } else { 0.0 };
    let dead = broker.dead();
    for (n, partition) in partitions.iter().copied().enumerate().take(12) {
        if !view.state.replicas(partition).contains(&band.node) {
            continue;
        }
        let y = band.first_row + geometry.row * n as f32;
        let label = if long {
            let name = view.state.name(partition);
            view.measure.fit(&name, Style::CODE, label_room - 8.0)
        } else {
            partition.1.to_string()
        };
        let x = geometry.cluster.0;
        let ink = if dead { Role::Ink3 } else { Role::Ink };
        let style = if geometry.row < 18.0 {
            Style::MICRO.mono()
        } else {
            Style::CODE
        };
        picture.list.text((x, y + 4.0), label, style, Align::Start, ink);
        // A dead broker keeps its crown until the controller has taken it away.
        let leads = view.state.leader(partition) == band.node;
        if leads {
            let role = if dead { Role::Line } else { Role::Ink };
            picture.list.crown(x + label_room + 13.0, y + 4.5, role);
        }
        let row = log::Row {
            node: band.node,
            partition,
            y,
            leads,
            dead,
            in_sync: view.state.isr(partition).contains(&band.node),
            visible: view.state.observed || leads,
        };
        let from = x + label_room + 32.0;
        let from = from + log::before(view, log::window(view, geometry, partition, from));
        let window = log::window(view, geometry, partition, from);
        log::paint(view, geometry, picture, &row, window);
        if leads && view.state.ledger().sent > 0 {
            isr(view, geometry, picture, partition, y);
        }
    }
}

/// `ISR 1 2 3`, in the order of the brokers: Kafka's own order changes with every change of the set.
pub(super) fn isr_text(view: &View<'_>, partition: crate::state::Partition) -> String {
    let mut ids = view.state.isr(partition).to_vec();
    ottla_sorted::sort(&mut ids);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{} {}", view.lang.word(Word::Isr), ids.join(" "))
}

fn isr(
    view: &View<'_>,
    geometry: &Geometry,
    picture: &mut Picture,
    partition: crate::state::Partition,
    y: f32,
) {
    let text = isr_text(view, partition);
    let y = if geometry.row >= 34.0 { y - 6.0 } else { y + 4.0 };
    picture.list.text(
        (geometry.cluster.1, y),
        text,
        Style::MICRO,
        Align::End,
        Role::Ink2,
    );
}
