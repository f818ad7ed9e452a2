//! The same picture at the width of a hand: one partition, top to bottom.

use super::{Anchor, Picture, Target, View, front, log, queues, socket_state};
use crate::{
    draw::{Align, CellState, Dash, Item, Layer, Rect, Role, Style},
    state::{BATCH_HEADER, Batch, Partition, Phase, PipeState, Position, Request},
    words::Word,
};

/// The road.
const ROAD: f32 = 36.0;
/// Where the stations' content begins.
const LEFT: f32 = 72.0;
/// Right margin.
const RIGHT: f32 = 16.0;
/// Baselines of the five stations.
const STATIONS: [f32; 5] = [24.0, 88.0, 148.0, 240.0, 346.0];
/// Ends of the pipe, below the baseline of its station.
const PIPE: (f32, f32) = (14.0, 78.0);
/// From one broker to the next.
const BROKER: f32 = 50.0;

/// The height that the phone's stage needs.
pub(super) fn height(view: &View<'_>) -> f32 {
    STATIONS[4] + 40.0 + BROKER * view.state.brokers.len().max(3) as f32
}

pub(super) fn paint(view: &View<'_>, picture: &mut Picture) {
    let drafted = || view.draft.and_then(|draft| draft.lane(view.state));
    let lane = view
        .lane
        .or_else(drafted)
        .or_else(|| view.state.partitions().first().copied());
    let leader = lane.map_or(-1, |lane| view.state.believed_leader(lane));
    road(view, picture, leader);
    app(view, picture);
    client_front(view, picture);
    if let Some(lane) = lane {
        accumulator(view, picture, lane);
        wire(view, picture, lane, leader);
        cluster(view, picture, lane);
    } else {
        let lang = view.lang;
        head(
            view,
            picture,
            2,
            Word::Accumulator,
            lang.word(Word::NoQueuesYet),
            false,
        );
        head(
            view,
            picture,
            3,
            Word::Wire,
            lang.word(Word::OpensWhenNeeded),
            false,
        );
        head(
            view,
            picture,
            4,
            Word::Cluster,
            lang.word(Word::NoBrokersYet),
            false,
        );
    }
}

fn right(view: &View<'_>) -> f32 {
    view.width - RIGHT
}

fn road(view: &View<'_>, picture: &mut Picture, leader: i32) {
    let pipe = view.state.pipe(leader);
    let cut = matches!(pipe, PipeState::Cut(_));
    let wire = STATIONS[3];
    let end = STATIONS[4] + 30.0 + BROKER * view.state.brokers.len().max(1) as f32 - 8.0;
    let list = &mut picture.list;
    let first = [(ROAD, STATIONS[0]), (ROAD, wire + PIPE.0)];
    list.line(Layer::Ground, &first, Role::Line, 1.5);
    let second = [(ROAD, wire + PIPE.1), (ROAD, end)];
    list.line(Layer::Ground, &second, Role::Line, 1.5);
    let (top, bottom) = (wire + PIPE.0, wire + PIPE.1);
    let edges = [ROAD - 11.0, ROAD + 11.0];
    if cut {
        let middle = f32::midpoint(top, bottom);
        for (from, to, dir) in [(top, middle - 6.0, 1.0), (bottom, middle + 6.0, -1.0)] {
            let torn = [
                (edges[0], from),
                (edges[0], to),
                (ROAD - 6.0, to - 5.0 * dir),
                (ROAD, to + 1.0 * dir),
                (ROAD + 6.0, to - 5.0 * dir),
                (edges[1], to),
                (edges[1], from),
            ];
            list.line(Layer::Ground, &torn, Role::Line, 1.5);
        }
        list.cross(ROAD, middle, 5.0, Role::Alarm);
    } else if pipe != PipeState::Open {
        for x in edges {
            list.dashed(Layer::Ground, &[(x, top), (x, bottom)], Role::Line, 1.0);
        }
    } else {
        let pipe = Rect::new(edges[0], top, 22.0, bottom - top);
        list.put(Layer::Ground, Item::Fill(pipe, Role::Raise));
        for x in edges {
            list.line(Layer::Ground, &[(x, top), (x, bottom)], Role::Line, 1.5);
        }
    }
}

fn head(view: &View<'_>, picture: &mut Picture, station: usize, word: Word, say: &str, alarm: bool) {
    let y = STATIONS[station];
    let list = &mut picture.list;
    let circle = Item::Circle {
        at: (ROAD, y - 4.0),
        r: 6.0,
        fill: Role::Bg,
        line: Role::Ink,
        width: 2.0,
    };
    list.put(Layer::Box, circle);
    let name = view.lang.word(word);
    list.text((LEFT, y), name, Style::HEAD, Align::Start, Role::Ink);
    let room = right(view) - LEFT - view.width_of(name, Style::HEAD) - 12.0;
    let (style, role) = if alarm {
        (Style::NAME, Role::Alarm)
    } else {
        (Style::LABEL, Role::Ink2)
    };
    let say = view.measure.fit(say, style, room);
    list.text((right(view), y), say, style, Align::End, role);
}

fn app(view: &View<'_>, picture: &mut Picture) {
    let ledger = view.state.ledger();
    let say = if ledger.sent > 0 {
        view.lang.told_of(ledger.told_ok, ledger.waiting)
    } else {
        view.lang.word(Word::AppSub).to_owned()
    };
    head(view, picture, 0, Word::App, &say, false);
    let fit = ((right(view) - LEFT) / 23.0) as usize;
    // The latest, and the chosen one if it is older.
    let all = view.state.records.len();
    let chosen = view
        .selected
        .and_then(|id| view.state.records.iter().position(|it| it.id == id));
    let skip = all.saturating_sub(fit).min(chosen.unwrap_or(all));
    if let Some(draft) = view.draft.filter(|_| all == 0) {
        let rect = Rect::new(LEFT, STATIONS[0] + 14.0, 18.0, 18.0);
        draft.cell(view, picture, rect);
        let name = draft.key.as_deref().unwrap_or("null");
        let name = view.measure.fit(name, Style::CODE, right(view) - LEFT - 28.0);
        let at = (LEFT + 28.0, STATIONS[0] + 27.0);
        picture.list.text(at, name, Style::CODE, Align::Start, Role::Ink2);
    }
    for (i, record) in view.state.records.iter().skip(skip).take(fit).enumerate() {
        let rect = Rect::new(LEFT + i as f32 * 23.0, STATIONS[0] + 14.0, 18.0, 18.0);
        picture.record(view, rect, record.id, socket_state(view.state, record));
    }
}

fn client_front(view: &View<'_>, picture: &mut Picture) {
    let lang = view.lang;
    let stops = [Word::Interceptors, Word::Serializer, Word::Partitioner].map(|it| lang.word(it));
    head(view, picture, 1, Word::Front, &stops.join(", "), false);
    let y = STATIONS[1] + 12.0;
    let state = view.state;
    let entering = state.entering.or(state.awaiting.front().copied());
    let Some(record) = entering.and_then(|id| state.records.get(id)) else {
        let planned = view.draft.and_then(|draft| draft.explain(state));
        if let Some(say) = planned {
            let say = view.measure.fit(&say, Style::CODE, right(view) - LEFT);
            let at = (LEFT, y + 13.0);
            picture.list.text(at, say, Style::CODE, Align::Start, Role::Ink2);
        }
        return;
    };
    let rect = Rect::new(LEFT, y, 18.0, 18.0);
    picture.record(view, rect, record.id, CellState::Solid);
    let say = match record.route {
        Some(route) => {
            let key = record.key.and_then(|key| state.keys.get(&key));
            front::explain(route.by, key.map(String::as_str), route.partition, route.of)
        }
        None => {
            let limit = state.setting("max.block.ms", 60_000) * 1_000;
            lang.awaiting(view.t.saturating_sub(record.accepted).min(limit), limit)
        }
    };
    let say = view.measure.fit(&say, Style::CODE, right(view) - LEFT - 28.0);
    let at = (LEFT + 28.0, y + 13.0);
    picture.list.text(at, say, Style::CODE, Align::Start, Role::Ink2);
}

fn accumulator(view: &View<'_>, picture: &mut Picture, lane: Partition) {
    let queue = view.state.lane(lane).queued;
    let say = match queue.len() {
        0 => view.state.name(lane),
        n => format!("{}, {}", view.state.name(lane), view.lang.batches(n)),
    };
    head(view, picture, 2, Word::Accumulator, &say, false);
    if queue.is_empty() {
        // An empty queue has its place, as on the wide stage.
        let (x0, x1, y) = (LEFT, right(view), STATIONS[2] + 44.0);
        let list = &mut picture.list;
        list.line(Layer::Ground, &[(x0, y - 30.0), (x1, y - 30.0)], Role::Hair, 1.0);
        list.line(Layer::Ground, &[(x0, y), (x1, y)], Role::Line, 1.0);
    }
    let size = view.state.setting("batch.size", 16_384).clamp(64, 1 << 26) as f32;
    let per = (right(view) - LEFT - 10.0) / 2.0 / size;
    let mut x = LEFT;
    let y = STATIONS[2] + 14.0;
    // Two fit; the one that is sent next stands at the right, nearest to the wire.
    let shown: Vec<&Batch> = queue
        .iter()
        .take(2)
        .rev()
        .filter_map(|id| view.state.batches.get(*id))
        .collect();
    for batch in shown {
        let width = (batch.capacity.max(batch.bytes) as f32 * per).min(right(view) - x);
        let rect = Rect::new(x, y, width.max(20.0), 30.0);
        batch_box(view, picture, batch, rect, per);
        batch_words(view, picture, batch, rect);
        x = rect.right() + 10.0;
    }
}

fn batch_box(view: &View<'_>, picture: &mut Picture, batch: &Batch, rect: Rect, per: f32) {
    let y = rect.y;
    picture.target(rect, Target::Batch(batch.id));
    let retry = matches!(batch.phase, Phase::Retry { .. });
    picture.list.put(Layer::Box, Item::Fill(rect, Role::Raise));
    let used = (batch.bytes as f32 * per).min(rect.w);
    let header = (BATCH_HEADER as f32 * per).min(used);
    let at = Rect::new(rect.right() - used, y, header, 30.0);
    picture.list.put(
        Layer::Box,
        if retry {
            Item::Hatch {
                rect: at,
                lines: Role::Line,
                ground: Role::Sunk,
            }
        } else {
            Item::Fill(at, Role::Sunk)
        },
    );
    let body = Rect::new(at.right(), y, rect.right() - at.right(), 30.0);
    let state = if retry {
        CellState::Retry
    } else {
        CellState::Waiting
    };
    queues::records(view, picture, batch, body, state, 18.0);
    if batch.phase == Phase::Open {
        let edge = [
            (rect.x, y),
            (rect.right(), y),
            (rect.right(), y + 30.0),
            (rect.x, y + 30.0),
        ];
        picture.list.line(Layer::Glyph, &edge, Role::Ink, 1.5);
    } else {
        picture
            .list
            .put(Layer::Glyph, Item::Frame(rect, Role::Ink, 1.5, Dash::Solid));
    }
}

fn batch_words(view: &View<'_>, picture: &mut Picture, batch: &Batch, rect: Rect) {
    let (x, y) = (rect.x, rect.y);
    let linger = view.state.setting("linger.ms", 5) * 1_000;
    let (text, style, role) = match &batch.phase {
        Phase::Open => {
            let gone = view.t.saturating_sub(batch.opened).min(linger);
            (view.lang.lingering(gone, linger), Style::LABEL, Role::Ink2)
        }
        Phase::Retry { .. } => {
            let text = view.lang.word(Word::WillBeSentAgain).to_owned();
            (text, Style::NAME, Role::Ink)
        }
        _ => {
            let text = queues::ready(view, (batch.topic, batch.partition));
            (text, Style::LABEL, Role::Ink2)
        }
    };
    let text = view.measure.fit(&text, style, right(view) - x);
    picture.list.text((x, y + 47.0), text, style, Align::Start, role);
}

fn wire(view: &View<'_>, picture: &mut Picture, lane: Partition, leader: i32) {
    let lang = view.lang;
    let pipe = view.state.pipe(leader);
    let cut = matches!(pipe, PipeState::Cut(_));
    let max = view.state.setting("max.in.flight.requests.per.connection", 5);
    let mine: Vec<&Request> = view
        .state
        .under_way(leader, view.t)
        .filter(|it| !it.batches.is_empty())
        .collect();
    let say = match pipe {
        PipeState::Cut(_) => lang.word(Word::ConnectionLost).to_owned(),
        PipeState::Opening => lang.word(Word::Opening).to_owned(),
        PipeState::Open => lang.in_flight(mine.len(), max),
        PipeState::None => lang.word(Word::OpensWhenNeeded).to_owned(),
    };
    head(view, picture, 3, Word::Wire, &say, cut);
    let (top, bottom) = (STATIONS[3] + PIPE.0, STATIONS[3] + PIPE.1);
    picture.target(
        Rect::new(ROAD - 14.0, top, 28.0, bottom - top),
        Target::Pipe(leader),
    );
    if cut {
        let mut lines = vec![lang.silent(leader)];
        if !view.state.lane(lane).queued.is_empty() {
            lines.push(lang.word(Word::BatchesWait).to_owned());
        }
        for (n, text) in lines.iter().enumerate() {
            let at = (LEFT, top + 22.0 + 20.0 * n as f32);
            let text = view.measure.fit(text, Style::LABEL, right(view) - LEFT);
            picture
                .list
                .text(at, text, Style::LABEL, Align::Start, Role::Ink2);
        }
    }
    let mut line = 0.0;
    for request in mine {
        let (y, back) = match request.position(view.t) {
            Position::Out(part) => (top + 8.0 + (bottom - top - 16.0) * part, false),
            Position::Back(part) => (bottom - 8.0 - (bottom - top - 16.0) * part, true),
            Position::AtBroker => (bottom - 8.0, false),
            Position::Unobserved => (f32::midpoint(top, bottom), false),
        };
        capsule(view, picture, request, (y, back), line, lane);
        line += 1.0;
    }
}

/// A request in the vertical pipe, with its records beside it.
fn capsule(
    view: &View<'_>,
    picture: &mut Picture,
    request: &Request,
    (y, back): (f32, bool),
    line: f32,
    lane: Partition,
) {
    let list = &mut picture.list;
    let rect = Rect::around(ROAD, y, 16.0);
    list.put(
        Layer::Box,
        Item::Fill(rect, if back { Role::Raise } else { Role::Ink }),
    );
    list.put(Layer::Box, Item::Frame(rect, Role::Ink, 1.5, Dash::Solid));
    if back && request.refused.is_none() {
        let tick = [(ROAD - 4.0, y), (ROAD - 1.0, y + 3.0), (ROAD + 5.0, y - 4.0)];
        list.line(Layer::Glyph, &tick, Role::Ink, 1.5);
    }
    picture.target(rect.grow(4.0), Target::Request(request.conn, request.correlation));
    let label = format!("#{}", request.correlation);
    let text_y = STATIONS[3] + 34.0 + line * 22.0;
    if line > 2.5 {
        return;
    }
    picture.list.text(
        (LEFT, text_y),
        label.as_str(),
        Style::CODE,
        Align::Start,
        Role::Ink2,
    );
    let mut x = LEFT + view.width_of(&label, Style::CODE) + 10.0;
    let batches = request
        .batches
        .iter()
        .filter_map(|id| view.state.batches.get(*id));
    let of_lane = batches.filter(|batch| (batch.topic, batch.partition) == lane);
    for record in of_lane.flat_map(|batch| view.records_of(batch)) {
        if x > right(view) - 18.0 {
            return;
        }
        let rect = Rect::new(x, text_y - 13.0, 18.0, 18.0);
        picture.record(view, rect, record.id, CellState::Solid);
        x += 21.0;
    }
}

fn cluster(view: &View<'_>, picture: &mut Picture, lane: Partition) {
    let isr = super::cluster::isr_text(view, lane);
    // Until when the controller counts on a silent leader is why nothing moves.
    let leader = view.state.brokers.get(&view.state.leader(lane));
    let fenced = leader.and_then(|it| it.fenced_at).filter(|at| *at > view.t);
    let say = match fenced {
        Some(at) => format!("{}, {isr}", view.lang.fenced_in(at - view.t)),
        None => isr,
    };
    head(view, picture, 4, Word::Cluster, &say, false);
    // The rows are those of the wide stage; only their places differ.
    let mut geometry = view.geometry();
    geometry.row = 34.0;
    geometry.cell = 18.0;
    geometry.pitch = 21.0;
    geometry.cluster = (LEFT, right(view));
    for (i, broker) in view.state.brokers.values().enumerate() {
        let y = STATIONS[4] + 34.0 + i as f32 * BROKER;
        let dead = broker.dead();
        let name = view.lang.broker(broker.id);
        let role = if dead { Role::Alarm } else { Role::Ink };
        let hit = Rect::new(LEFT - 50.0, y - 16.0, 120.0, 40.0);
        picture
            .list
            .text((LEFT, y + 4.0), name.as_str(), Style::NAME, Align::Start, role);
        picture.target(hit, Target::Broker(broker.id));
        if broker.state.is_some() {
            picture.anchors.push(Anchor {
                node: broker.id,
                at: (LEFT, y + 19.0),
            });
        }
        if dead {
            picture.list.cross(ROAD, y, 5.0, Role::Alarm);
        } else {
            let stub = [(ROAD, y), (ROAD + 14.0, y)];
            picture.list.line(Layer::Ground, &stub, Role::Line, 1.5);
        }
        let leads = view.state.leader(lane) == broker.id;
        if leads {
            let x = LEFT + view.width_of(&name, Style::NAME) + 8.0;
            let role = if dead { Role::Line } else { Role::Ink };
            picture.list.crown(x, y + 4.0, role);
        }
        let row = log::Row {
            node: broker.id,
            partition: lane,
            y,
            leads,
            dead,
            in_sync: view.state.isr(lane).contains(&broker.id),
            visible: view.state.observed || leads,
        };
        let from = LEFT + 92.0;
        let from = from + log::before(view, log::window(view, &geometry, lane, from));
        let window = log::window(view, &geometry, lane, from);
        log::paint(view, &geometry, picture, &row, window);
    }
}
