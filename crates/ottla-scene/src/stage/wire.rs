//! The wire: one pipe per broker, requests in it at their place in time, answers on the thin line below.

use super::{Geometry, Picture, Target, View, geometry::Band, queues};
use crate::{
    draw::{Align, CellState, Dash, Item, Layer, Rect, Role, Style},
    state::{BATCH_HEADER, Batch, Phase, PipeState, Position, Request, State},
    words::Word,
};
use ottla_sorted::SortedMap;

/// Half the height of a pipe.
const HALF: f32 = 13.0;
/// From the middle of a pipe to its line of answers.
pub(super) const ANSWER_LINE: f32 = 22.0;
/// Size of an answer.
const ANSWER: (f32, f32) = (30.0, 16.0);
/// Between two requests of a train.
const GAP: f32 = 3.0;
/// Room before a request for the arrow that says that it moves.
const ARROW: f32 = 11.0;
/// Where a pipe is cut.
const CUT_AT: f32 = 0.62;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    for band in &geometry.bands {
        let (x0, x1) = geometry.wire;
        let pipe = view.state.pipe(band.node);
        match pipe {
            PipeState::Cut(_) => cut(view, geometry, picture, band),
            PipeState::None | PipeState::Opening => closed(view, geometry, picture, band, pipe),
            PipeState::Open => open(view, geometry, picture, band),
        }
        let whole = Rect::new(x0, band.y - HALF, x1 - x0, 2.0 * HALF);
        picture.target(whole, Target::Pipe(band.node));
        for place in places(view, geometry, band) {
            capsule(view, geometry, picture, band, &place);
        }
        for request in view.state.under_way(band.node, view.t) {
            if let Position::Back(part) = request.position(view.t) {
                answer(geometry, picture, band, request, part);
            }
        }
    }
}

/// A request and the stretch of the pipe that it takes.
struct Place<'a> {
    request: &'a Request,
    x: f32,
    width: f32,
    label: String,
    /// Whether it still moves, and there is room to say so before it.
    moves: bool,
}

/// Where requests on their way are: linear in time, at the speed of the clock.
///
/// Requests that left at the same moment travel as a train, one behind the other, as their bytes do; those that wait at
/// the broker for their answers queue up at its end. Bytes in a connection do not overtake each other: where the boxes
/// would lie on each other, the later one stays behind.
fn places<'a>(view: &View<'a>, geometry: &Geometry, band: &Band) -> Vec<Place<'a>> {
    let state: &'a State = view.state;
    let mut trains: SortedMap<(bool, u64), Vec<(&Request, f32)>> = SortedMap::new();
    for request in state.under_way(band.node, view.t) {
        let (key, part) = match request.position(view.t) {
            Position::Out(part) => ((true, request.out.map_or(0, |out| out.left)), part),
            Position::Unobserved => ((true, 0), 0.5),
            Position::AtBroker => ((false, 0), 1.0),
            Position::Back(_) => continue,
        };
        trains.entry(key).or_default().push((request, part));
    }
    let (x0, x1) = geometry.wire;
    let room = x1 - x0 - 12.0;
    let trains: Vec<_> = trains
        .into_iter()
        .map(|((moves, _), train)| {
            let part = train.first().map_or(1.0, |(_, part)| *part);
            let cars: Vec<_> = train
                .iter()
                .map(|(request, _)| {
                    let (label, width) = size(view, geometry, request);
                    (*request, label, width)
                })
                .collect();
            (moves, part, cars)
        })
        .collect();
    let all = trains.iter().flat_map(|(_, _, cars)| cars);
    let squeeze = (room / all.map(|(_, _, width)| width + GAP).sum::<f32>()).min(1.0);
    let mut places = Vec::new();
    let mut ahead = x0 + 4.0 + room;
    for (moves, part, mut cars) in trains {
        let whole: f32 = cars.iter().map(|(_, _, width)| (width + GAP) * squeeze).sum();
        // The first that was written is the furthest ahead.
        let mut x = (x0 + 4.0 + (room - whole) * part).min(ahead - whole);
        let clear = ahead - x - whole > ARROW || ahead > x0 + room;
        let front = cars.len() - 1;
        ahead = x;
        cars.reverse();
        for (n, (request, label, width)) in cars.into_iter().enumerate() {
            let width = (width + GAP) * squeeze - GAP;
            places.push(Place {
                request,
                x,
                width,
                label,
                moves: moves && n == front && clear,
            });
            x += width + GAP;
        }
    }
    places
}

/// A request's label, and its length: that of its bytes, within reason.
fn size(view: &View<'_>, geometry: &Geometry, request: &Request) -> (String, f32) {
    let room = geometry.wire.1 - geometry.wire.0 - 12.0;
    if request.batches.is_empty() {
        let width = view.width_of(&request.api, Style::MICRO.mono()) + 10.0;
        return (request.api.clone(), width.min(room));
    }
    let label = format!("#{}", request.correlation);
    let words = view.width_of(&label, Style::MICRO.mono()) + 10.0;
    let width = payload(view, request) as f32 * geometry.per_byte;
    (label, width.clamp(words.min(room), room * 0.8))
}

fn payload(view: &View<'_>, request: &Request) -> u32 {
    let batches = request
        .batches
        .iter()
        .filter_map(|id| view.state.batches.get(*id));
    batches.map(|it| it.bytes).sum()
}

fn answers_line(geometry: &Geometry, picture: &mut Picture, band: &Band) {
    let (x0, x1) = geometry.wire;
    let y = band.y + ANSWER_LINE;
    picture
        .list
        .line(Layer::Ground, &[(x1, y), (x0, y)], Role::Line, 1.5);
    if view_is_quiet(picture) {
        picture
            .list
            .arrow(Layer::Ground, (x0, y), (-1.0, 0.0), Role::Line, 1.5);
    }
}

/// Before the first send there is no rail that the line could run into.
fn view_is_quiet(picture: &Picture) -> bool {
    picture.shown.is_empty()
}

fn open(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band) {
    let (x0, x1) = geometry.wire;
    let (top, bottom) = (band.y - HALF, band.y + HALF);
    picture.list.put(
        Layer::Ground,
        Item::Fill(Rect::new(x0, top, x1 - x0, 2.0 * HALF), Role::Raise),
    );
    for y in [top, bottom] {
        picture
            .list
            .line(Layer::Ground, &[(x0, y), (x1, y)], Role::Line, 1.5);
    }
    answers_line(geometry, picture, band);
    let max = view.state.setting("max.in.flight.requests.per.connection", 5);
    let produce = view
        .state
        .under_way(band.node, view.t)
        .filter(|it| !it.batches.is_empty())
        .count();
    if view.state.ledger().sent == 0 {
        return;
    }
    let throttled = view
        .state
        .throttled
        .get(&band.node)
        .filter(|until| **until > view.t);
    let (text, role) = match throttled {
        Some(until) => (view.lang.throttled(until - view.t), Role::Ink),
        None => (view.lang.in_flight(produce, max), Role::Ink2),
    };
    if throttled.is_some() {
        // A closed valve at the mouth of the pipe.
        let valve = [(x0 + 6.0, top - 4.0), (x0 + 6.0, bottom + 4.0)];
        picture.list.line(Layer::Over, &valve, Role::Ink, 2.0);
    }
    if max <= 8 {
        for slot in 0..max {
            let rect = Rect::new(x0 + slot as f32 * 9.0 + 0.5, top - 18.0, 7.0, 7.0);
            let item = if (slot as usize) < produce {
                Item::Fill(rect, Role::Ink)
            } else {
                Item::Frame(rect.grow(-0.25), Role::Line, 1.0, Dash::Solid)
            };
            picture.list.put(Layer::Box, item);
        }
    }
    let room = x1 - x0 - max.min(8) as f32 * 9.0;
    let text = view.measure.fit(&text, Style::LABEL, room);
    picture
        .list
        .text((x1, top - 11.0), text, Style::LABEL, Align::End, role);
}

/// A pipe that nobody opened yet: hairlines.
fn closed(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, pipe: PipeState) {
    let (x0, x1) = geometry.wire;
    for y in [band.y - HALF, band.y + HALF] {
        picture
            .list
            .dashed(Layer::Ground, &[(x0, y), (x1, y)], Role::Line, 1.0);
    }
    let word = match pipe {
        PipeState::Opening => Word::Opening,
        _ => Word::OpensWhenNeeded,
    };
    let text = view.measure.fit(view.lang.word(word), Style::LABEL, x1 - x0);
    let at = (x1, band.y - HALF - 11.0);
    picture.list.text(at, text, Style::LABEL, Align::End, Role::Ink2);
}

fn cut(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band) {
    let (x0, x1) = geometry.wire;
    let at = x0 + (x1 - x0) * CUT_AT;
    let torn = |x: f32| {
        let steps = [
            (0.0, -13.0),
            (5.0, -7.0),
            (-1.0, -2.0),
            (4.0, 3.0),
            (0.0, 8.0),
            (4.0, 13.0),
        ];
        steps.map(|(dx, dy)| (x + dx, band.y + dy))
    };
    let mut left = vec![(x0, band.y - HALF)];
    left.extend(torn(at - 10.0));
    left.push((x0, band.y + HALF));
    let mut right = vec![(x1, band.y - HALF)];
    right.extend(torn(at + 12.0));
    right.push((x1, band.y + HALF));
    picture.list.line(Layer::Ground, &left, Role::Line, 1.5);
    picture.list.line(Layer::Ground, &right, Role::Line, 1.5);
    picture.list.cross(at + 1.5, band.y, 4.5, Role::Alarm);
    picture.list.text(
        (x0, band.y - HALF - 10.0),
        view.lang.word(Word::ConnectionLost),
        Style::NAME,
        Align::Start,
        Role::Alarm,
    );
    back_to_the_queue(view, geometry, picture, band, at + 1.0);
}

/// From the cut back to the head of the queue: the batch that was in it will be sent again.
fn back_to_the_queue(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, x: f32) {
    if !geometry.roomy() {
        return;
    }
    let waits = |partition| {
        let lane = view.state.lane(partition);
        let head = lane.queued.first().and_then(|id| view.state.batches.get(*id));
        head.is_some_and(|batch| {
            matches!(batch.phase, Phase::Retry { .. })
                && batch.attempts.last().is_some_and(|a| a.node == band.node)
        })
    };
    let level = geometry.lanes.iter().find(|lane| (lane.y - band.y).abs() < 1.0);
    let Some(lane) = level.filter(|lane| waits(lane.partition)) else {
        return;
    };
    let y = lane.y + lane.h / 2.0 + 17.0;
    let way = [(x, band.y + 20.0), (x, y), (geometry.queues.1 + 10.0, y)];
    picture.list.line(Layer::Over, &way, Role::Bg, 6.0);
    picture.list.line(Layer::Over, &way, Role::Ink, 1.5);
    picture.list.arrow(
        Layer::Over,
        (geometry.queues.1 + 9.0, y),
        (-1.0, 0.0),
        Role::Ink,
        1.5,
    );
}

fn capsule(view: &View<'_>, geometry: &Geometry, picture: &mut Picture, band: &Band, place: &Place<'_>) {
    let Place {
        request, x, width, ..
    } = *place;
    let rect = Rect::new(x, band.y - 9.0, width, 18.0);
    picture.target(rect, Target::Request(request.conn, request.correlation));
    let list = &mut picture.list;
    list.put(Layer::Box, Item::Fill(rect, Role::Sunk));
    list.put(Layer::Box, Item::Frame(rect, Role::Ink, 1.5, Dash::Solid));
    let batches: Vec<_> = request
        .batches
        .iter()
        .filter_map(|id| view.state.batches.get(*id))
        .collect();
    // The headers first, then each batch's records, as long as their bytes.
    let bytes = payload(view, request).max(1) as f32;
    let headers = (BATCH_HEADER as usize * batches.len().max(1)) as f32;
    let header = if batches.is_empty() {
        width
    } else {
        (headers / bytes * width).min(width)
    };
    if view.width_of(&place.label, Style::MICRO.mono()) <= header {
        list.text(
            (x + header / 2.0, band.y + 4.0),
            place.label.as_str(),
            Style::MICRO.mono(),
            Align::Middle,
            Role::Ink,
        );
    }
    let records = |batch: &Batch| batch.bytes.saturating_sub(BATCH_HEADER) as f32;
    let all: f32 = batches.iter().map(|batch| records(batch)).sum();
    let mut at = x + header;
    for batch in batches {
        let share = records(batch) / all.max(1.0) * (width - header);
        let rect = Rect::new(at, band.y - 9.0, share, 18.0);
        queues::records(view, picture, batch, rect, CellState::Solid, 18.0);
        at += share;
    }
    let tip = rect.right() + 9.0;
    if place.moves && tip < geometry.wire.1 - 2.0 {
        picture
            .list
            .arrow(Layer::Box, (tip, band.y), (1.0, 0.0), Role::Ink, 1.5);
    }
}

fn answer(geometry: &Geometry, picture: &mut Picture, band: &Band, request: &Request, part: f32) {
    let (x0, x1) = geometry.wire;
    let (w, h) = ANSWER;
    let x = x1 - w - (x1 - x0 - w - 8.0) * part;
    let y = band.y + ANSWER_LINE;
    let rect = Rect::new(x, y - h / 2.0, w, h);
    picture.target(rect, Target::Request(request.conn, request.correlation));
    let list = &mut picture.list;
    list.put(Layer::Box, Item::Fill(rect, Role::Raise));
    list.put(Layer::Box, Item::Frame(rect, Role::Ink, 1.5, Dash::Solid));
    list.arrow(Layer::Box, (x - 9.0, y), (-1.0, 0.0), Role::Ink, 1.5);
    if request.refused.is_some() {
        // Not a tick: the broker said no, and the client will read why.
        list.text((x + w / 2.0, y + 4.0), "!", Style::NAME, Align::Middle, Role::Ink);
    } else if request.batches.is_empty() {
        let dots = [(x + 9.0, y), (x + w - 9.0, y)];
        list.line(Layer::Glyph, &dots, Role::Ink, 1.5);
    } else {
        let tick = [(x + 9.0, y), (x + 13.0, y + 4.0), (x + 20.0, y - 4.0)];
        list.line(Layer::Glyph, &tick, Role::Ink, 2.0);
    }
}
