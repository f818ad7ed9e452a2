//! The timeline: sends and requests over time, idle stretches cut out, and what happened by name.

use ottla_trace::event::NodeId;

use crate::{
    draw::{Align, DrawList, Item, Layer, Measure, Rect, Role, Style},
    history::{Index, MarkerKind, Span, SpanEnd},
    playback::{Cut, TimeMap},
    words::{Lang, Word, number},
};

/// What the dock shows.
#[derive(Clone, Copy)]
pub struct TimelineView<'a> {
    /// Gathered from the run.
    pub index: &'a Index,
    /// Brokers, a row for each.
    pub nodes: &'a [NodeId],
    /// First and last moment of the axis.
    pub range: (u64, u64),
    /// The cursor's time.
    pub now: u64,
    /// The chosen record's life: from, and until if it is over.
    pub chosen: Option<(u64, Option<u64>)>,
    /// Width and height of the dock.
    pub size: (f32, f32),
    /// One line without rows, for a phone.
    pub slim: bool,
    /// Language.
    pub lang: Lang,
    /// How wide text is.
    pub measure: &'a dyn Measure,
}

/// A painted dock.
#[derive(Clone, Debug, PartialEq)]
pub struct Dock {
    /// What to paint.
    pub list: DrawList,
    /// Time to place, for scrubbing.
    pub map: TimeMap,
}

/// Width of a cut's zigzag.
const ZIGZAG: f32 = 42.0;
/// Most rows for brokers.
const MOST_ROWS: usize = 6;

/// Paints the dock.
pub fn timeline(view: &TimelineView<'_>) -> Dock {
    let rows = rows(view);
    let labels = rows
        .iter()
        .map(|(text, _)| view.measure.width(text, Style::LABEL))
        .fold(0.0, f32::max);
    let x0 = if view.slim { 12.0 } else { (labels + 16.0).ceil() };
    let x1 = view.size.0 - if view.slim { 16.0 } else { 24.0 };
    let zigzag = if view.slim { 26.0 } else { ZIGZAG };
    let silences = view.index.silences(view.range, view.now);
    let map = TimeMap::new(silences, view.range, (x0, x1), zigzag);
    let mut list = DrawList::default();
    if view.slim {
        slim(view, &mut list, &map);
        return Dock { list, map };
    }
    let bottom = view.size.1 - 20.0;
    for (text, y) in &rows {
        list.text(
            (x0 - 16.0, y + 4.0),
            text.as_str(),
            Style::LABEL,
            Align::End,
            Role::Ink2,
        );
        for (_, _, a, b) in map.pieces() {
            list.line(Layer::Ground, &[(a, y + 7.0), (b, y + 7.0)], Role::Hair, 1.0);
        }
    }
    for cut in map.cuts() {
        zigzags(&mut list, cut, (32.0, bottom));
    }
    sends(view, &mut list, &map, rows[0].1);
    for ((_, y), node) in rows[1..].iter().zip(view.nodes) {
        spans(view, &mut list, &map, *node, *y);
    }
    markers(view, &mut list, &map, &rows, bottom);
    axis(view, &mut list, &map, bottom);
    cursor(view, &mut list, &map, bottom);
    Dock { list, map }
}

fn rows(view: &TimelineView<'_>) -> Vec<(String, f32)> {
    let n = view.nodes.len().min(MOST_ROWS);
    let step = ((view.size.1 - 62.0) / n.max(1) as f32).min(20.0);
    let names = view.nodes[..n].iter().map(|node| view.lang.broker_small(*node));
    std::iter::once(view.lang.word(Word::Sends).to_owned())
        .chain(names)
        .enumerate()
        .map(|(i, text)| (text, 42.0 + i as f32 * step))
        .collect()
}

fn zigzags(list: &mut DrawList, cut: Cut, (top, bottom): (f32, f32)) {
    let middle = f32::midpoint(cut.x0, cut.x1);
    for x in [cut.x0 + 8.0, cut.x1 - 8.0] {
        let mut points = Vec::new();
        let mut y = top + 6.0;
        let mut side = false;
        while y < bottom {
            points.push((x + if side { 2.5 } else { -2.5 }, y));
            side = !side;
            y += 6.0;
        }
        list.line(Layer::Ground, &points, Role::Line, 1.25);
    }
    let text = number::duration(cut.to - cut.from);
    list.text((middle, 29.0), text, Style::MICRO, Align::Middle, Role::Ink2);
}

fn sends(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap, y: f32) {
    let all = &view.index.sends;
    let mut last = f32::MIN;
    let mut at = 0;
    while let Some((t, _)) = all.get(at).filter(|(t, _)| *t <= view.range.1) {
        let x = map.x(*t);
        at += 1;
        // More ticks than pixels are one dark band either way.
        if x - last < 1.0 {
            continue;
        }
        last = x;
        let role = if *t <= view.now { Role::Ink2 } else { Role::Line };
        list.line(Layer::Mark, &[(x, y - 7.0), (x, y + 7.0)], role, 1.5);
        // A load has thousands of them in a pixel: they are not even looked at.
        let next = map.t(x + 0.9);
        at += all[at..].partition_point(|(t, _)| *t < next);
    }
    if let Some((from, to)) = view.chosen.filter(|(from, _)| *from <= view.now) {
        let to = to.unwrap_or(view.now).min(view.now);
        let (a, b) = (map.x(from), map.x(to));
        list.line(Layer::Over, &[(a, y + 8.0), (b, y + 8.0)], Role::Ink, 2.0);
        let dot = Rect::around(a, y + 8.0, 6.0);
        list.put(Layer::Over, Item::Fill(dot, Role::Ink));
    }
}

fn spans(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap, node: NodeId, y: f32) {
    let mut last = f32::MIN;
    for span in view.index.spans.iter().filter(|span| span.node == node) {
        if span.from > view.range.1 {
            break;
        }
        let to = span.end.map_or(view.range.1, |(t, _)| t);
        let b = map.x(to);
        if b - last < 0.75 {
            continue;
        }
        last = b;
        for (from, to, x0, x1) in map.pieces() {
            if span.from <= to && from <= end(span, view.range.1) {
                piece(view, list, map, span, (x0, x1), y);
            }
        }
    }
}

fn end(span: &Span, edge: u64) -> u64 {
    span.end.map_or(edge, |(t, _)| t)
}

/// The part of a request's span that lies in one piece of the axis: solid until now, outlined after.
fn piece(
    view: &TimelineView<'_>,
    list: &mut DrawList,
    map: &TimeMap,
    span: &Span,
    (x0, x1): (f32, f32),
    y: f32,
) {
    let a = map.x(span.from).max(x0);
    let b = map.x(end(span, view.range.1)).min(x1).max(a + 1.0);
    let now = map.x(view.now).clamp(a, b);
    let past = if view.now >= span.from { now } else { a };
    let cut = span
        .end
        .is_some_and(|(t, how)| how == SpanEnd::Cut && t <= view.now);
    if past > a {
        let rect = Rect::new(a, y - 5.0, past - a, 10.0);
        if cut {
            let hatch = Item::Hatch {
                rect,
                lines: Role::Line,
                ground: Role::Sunk,
            };
            list.put(Layer::Mark, hatch);
            list.put(
                Layer::Mark,
                Item::Frame(rect.grow(-0.5), Role::Line, 1.0, crate::draw::Dash::Solid),
            );
        } else {
            list.put(Layer::Mark, Item::Fill(rect, Role::Ink2));
        }
        // Requests that follow or overlap each other stay several.
        if span.from > view.range.0 && a > x0 {
            list.put(
                Layer::Mark,
                Item::Fill(Rect::new(a - 1.0, rect.y, 1.5, rect.h), Role::Bg),
            );
        }
    }
    if b > past + 1.0 {
        let rect = Rect::new(past + 0.5, y - 4.5, b - past - 1.0, 9.0);
        list.put(
            Layer::Mark,
            Item::Frame(rect, Role::Line, 1.0, crate::draw::Dash::Solid),
        );
    }
    if cut && (b - x1).abs() > 0.01 {
        list.cross(b, y, 4.5, Role::Alarm);
    }
}

/// What a marker says.
pub(crate) fn say(lang: Lang, kind: &MarkerKind) -> String {
    match kind {
        MarkerKind::Killed(node) => lang.marker_killed(*node),
        MarkerKind::Paused(node) => lang.marker_paused(*node),
        MarkerKind::Back(node) => lang.marker_back(*node),
        MarkerKind::TakesOver { node, .. } => lang.marker_takes_over(*node),
        MarkerKind::Fault(what) => what.clone(),
        MarkerKind::Missing(n) => lang.marker_missing(*n),
    }
}

fn markers(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap, rows: &[(String, f32)], bottom: f32) {
    let mut taken: Vec<(f32, f32)> = Vec::new();
    // The latest ones get their words first: they are what somebody is looking for.
    let seen = view.index.markers.iter().rev().filter(|it| it.t <= view.range.1);
    for marker in seen {
        let x = map.x(marker.t);
        let killed = matches!(marker.kind, MarkerKind::Killed(_));
        let role = if killed { Role::Alarm } else { Role::Line };
        list.line(Layer::Box, &[(x, 18.0), (x, bottom)], role, 1.5);
        if let MarkerKind::Killed(node) = marker.kind
            && let Some(row) = view.nodes.iter().position(|it| *it == node)
            && let Some((_, y)) = rows.get(row + 1)
        {
            list.cross(x, *y, 4.5, Role::Alarm);
        }
        let text = say(view.lang, &marker.kind);
        let style = if killed { Style::NAME } else { Style::LABEL };
        let width = view.measure.width(&text, style);
        let right = (x + 6.0, x + 6.0 + width);
        let left = (x - 6.0 - width, x - 6.0);
        let free = |(a, b): (f32, f32), taken: &[(f32, f32)]| {
            a >= 0.0 && b <= view.size.0 - 4.0 && taken.iter().all(|(c, d)| b < *c || a > *d)
        };
        let ink = if killed { Role::Alarm } else { Role::Ink2 };
        if free(right, &taken) {
            list.text((right.0, 14.0), text, style, Align::Start, ink);
            taken.push((right.0 - 8.0, right.1 + 8.0));
        } else if free(left, &taken) {
            list.text((left.1, 14.0), text, style, Align::End, ink);
            taken.push((left.0 - 8.0, left.1 + 8.0));
        }
    }
}

/// Times of the axis: round ones, about a hundred pixels apart.
fn axis(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap, bottom: f32) {
    let mut unit = true;
    let mut last = f32::MIN;
    for (from, to, x0, x1) in map.pieces() {
        let width = f64::from(x1 - x0);
        if width < 8.0 {
            continue;
        }
        let step = round_step((to - from) as f64 / (width / 100.0).max(0.4));
        let decimals = match step {
            1_000_000.. => 0,
            100_000.. => 1,
            10_000.. => 2,
            1_000.. => 3,
            _ => 4,
        };
        let mut t = from.div_ceil(step) * step;
        while t <= to {
            let x = map.x(t);
            list.line(Layer::Ground, &[(x, bottom), (x, bottom + 4.0)], Role::Line, 1.0);
            let mut text = match t {
                0 => "0".to_owned(),
                _ => number::fixed(t as f64 / 1_000_000.0, decimals),
            };
            if unit {
                text.push_str(" s");
            }
            let width = view.measure.width(&text, Style::MICRO);
            let left = if x - width / 2.0 < x0 && unit {
                x
            } else {
                x - width / 2.0
            };
            if left > last + 10.0 && left + width < view.size.0 {
                list.text(
                    (left, bottom + 16.0),
                    text,
                    Style::MICRO,
                    Align::Start,
                    Role::Ink3,
                );
                last = left + width;
                unit = false;
            }
            t += step;
        }
    }
}

fn round_step(about: f64) -> u64 {
    let mut decade = 100_u64;
    while decade < 1_000_000_000_000 {
        for step in [decade, decade * 2, decade * 5] {
            if step as f64 >= about {
                return step;
            }
        }
        decade *= 10;
    }
    decade
}

fn cursor(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap, bottom: f32) {
    let x = map.x(view.now);
    list.line(Layer::Over, &[(x, 24.0), (x, bottom + 4.0)], Role::Ink, 2.0);
    let head = [(-6.0, 20.0), (6.0, 20.0), (6.0, 25.0), (0.0, 31.0), (-6.0, 25.0)];
    let head = head.map(|(dx, y)| (x + dx, y)).to_vec();
    list.put(Layer::Over, Item::Shape(head, Role::Ink));
}

/// A phone's timeline: one line, cuts, kills, and a knob under the thumb.
fn slim(view: &TimelineView<'_>, list: &mut DrawList, map: &TimeMap) {
    let y = view.size.1 / 2.0 - 6.0;
    let now = map.x(view.now);
    for (_, _, a, b) in map.pieces() {
        list.line(Layer::Ground, &[(a, y), (b, y)], Role::Line, 2.0);
        if now > a {
            list.line(Layer::Box, &[(a, y), (b.min(now), y)], Role::Ink, 4.0);
        }
    }
    for cut in map.cuts() {
        for x in [cut.x0 + 9.0, cut.x1 - 9.0] {
            let zig: Vec<_> = (0..5_u8)
                .map(|i| {
                    let side = if i % 2 == 0 { -2.5 } else { 2.5 };
                    (x + side, y - 12.0 + f32::from(i) * 6.0)
                })
                .collect();
            list.line(Layer::Ground, &zig, Role::Line, 1.25);
        }
    }
    for marker in &view.index.markers {
        if matches!(marker.kind, MarkerKind::Killed(_)) && marker.t <= view.range.1 {
            list.cross(map.x(marker.t), y, 4.5, Role::Alarm);
        }
    }
    let knob = Item::Circle {
        at: (now, y),
        r: 10.0,
        fill: Role::Ink,
        line: Role::Bg,
        width: 2.0,
    };
    list.put(Layer::Over, knob);
    let text = number::clock(view.now);
    let half = view.measure.width(&text, Style::NAME) / 2.0;
    let x = now.clamp(half + 2.0, (view.size.0 - half - 16.0).max(half + 2.0));
    list.text((x, y + 30.0), text, Style::NAME, Align::Middle, Role::Ink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw::Approximate, history::History, testing::Run};

    fn dock(now: u64, slim: bool) -> Dock {
        let mut run = Run::killed();
        run.at(10_000_000).leader(2, 1, &[1, 2]);
        let mut history = History::new();
        for envelope in run.events {
            history.push(envelope);
        }
        timeline(&TimelineView {
            index: history.index(),
            nodes: &[1, 2, 3],
            range: (0, history.end()),
            now,
            chosen: Some((1_000_000, None)),
            size: (1200.0, 132.0),
            slim,
            lang: Lang::En,
            measure: &Approximate,
        })
    }

    #[test]
    fn names_what_happened_and_cuts_the_silence() {
        let dock = dock(1_012_000, false);
        let texts: Vec<&str> = dock.list.texts().collect();
        for text in ["sends", "broker 3", "broker 3 killed", "broker 1 takes over"] {
            assert!(texts.contains(&text), "{text} is missing in {texts:?}");
        }
        assert!(
            texts
                .iter()
                .any(|text| text.ends_with(" s") && text.starts_with('8')),
            "{texts:?}"
        );
        assert_eq!(dock.map.cuts().count(), 2);
    }

    #[test]
    fn steps_of_the_axis_are_round() {
        assert_eq!(round_step(1.0), 100);
        assert_eq!(round_step(150.0), 200);
        assert_eq!(round_step(21_000.0), 50_000);
        assert_eq!(round_step(3_000_000.0), 5_000_000);
    }

    #[test]
    fn a_phone_has_a_knob_with_the_time() {
        assert!(dock(1_254_000, true).list.texts().any(|text| text == "1.254 s"));
    }
}
