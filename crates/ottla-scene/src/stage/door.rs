//! The message that is being written: its key at the door, and the road that it would take.

use ottla_trace::event::{KeyIx, PartitionedBy, TopicIx};

use super::{Geometry, Picture, View, front, hue, letter};
use crate::{
    draw::{Align, CellState, Dash, Item, Layer, Rect, Ring, Role, Style, cell},
    state::{Partition, State},
};

/// What is typed into the form and not sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The topic's name.
    pub topic: String,
    /// The key; `None` is no key.
    pub key: Option<String>,
    /// The partition that the client would choose now, and why. `None` where that is not known before `send`.
    pub route: Option<(i32, PartitionedBy)>,
}

/// Side of the cell at the door.
const SIDE: f32 = 22.0;

impl Draft {
    /// The topic's number, if the client knows the topic.
    pub(super) fn topic_in(&self, state: &State) -> Option<TopicIx> {
        let known = state.topics.iter().find(|(_, name)| **name == self.topic);
        known.map(|(id, _)| *id)
    }

    /// The partition, if it is one of those that are drawn.
    pub(super) fn lane(&self, state: &State) -> Option<Partition> {
        let (partition, _) = self.route?;
        Some((self.topic_in(state)?, partition))
    }

    /// The hue that the key has, or will have once it is sent.
    fn hue(&self, state: &State) -> u8 {
        let known = |key: &String| {
            state
                .keys
                .iter()
                .find(|(_, text)| *text == key)
                .map(|(id, _)| *id)
        };
        let next = || {
            state
                .keys
                .last_key_value()
                .map_or(0, |(id, _)| id.saturating_add(1))
        };
        hue(self
            .key
            .as_ref()
            .map(|key| known(key).unwrap_or_else(next) as KeyIx))
    }

    /// How the partition is found, as an expression.
    pub(super) fn explain(&self, state: &State) -> Option<String> {
        let (partition, by) = self.route?;
        let topic = self.topic_in(state)?;
        let of = state.partitions().iter().filter(|(it, _)| *it == topic).count();
        let of = i32::try_from(of).unwrap_or(i32::MAX);
        Some(front::explain(by, self.key.as_deref(), partition, of))
    }

    /// Draws the cell: a dotted outline, because it is not a record yet.
    pub(super) fn cell(&self, view: &View<'_>, picture: &mut Picture, rect: Rect) {
        let letter = letter(self.key.as_deref());
        let hue = self.hue(view.state);
        cell(
            &mut picture.list,
            rect,
            &letter,
            hue,
            CellState::Waiting,
            Ring::None,
        );
    }
}

/// The key over `send()`, and dashes from the partitioner to the queue that it would join.
pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let Some(draft) = view.draft else { return };
    let (x0, x1) = (geometry.app.0, geometry.front.0);
    let y = geometry.road;
    let middle = x0 + 25.5;
    let rect = Rect::around(middle, y - 42.0, SIDE);
    draft.cell(view, picture, rect);
    let name = draft.key.as_deref().unwrap_or("null");
    let at = (rect.right() + 8.0, y - 38.0);
    let name = view.measure.fit(name, Style::CODE, x1 - at.0 - 8.0);
    let list = &mut picture.list;
    list.text(at, name, Style::CODE, Align::Start, Role::Ink2);
    list.line(
        Layer::Ground,
        &[(middle, rect.bottom() + 3.0), (middle, y - 16.0)],
        Role::Ink,
        1.5,
    );
    list.arrow(Layer::Ground, (middle, y - 16.0), (0.0, 1.0), Role::Ink, 1.5);
    // A record that is inside tells its own way.
    if view.state.entering.is_some() || !view.state.awaiting.is_empty() {
        return;
    }
    if let Some(lane) = draft.lane(view.state).and_then(|it| geometry.lane(it)) {
        let [_, _, partitioner] = geometry.stops();
        let (fan, end) = (geometry.fan(), geometry.queues.0 - 6.0);
        let way = vec![(partitioner + 6.0, y), (fan, y), (fan, lane.y), (end, lane.y)];
        list.put(Layer::Box, Item::Line(way.clone(), Role::Bg, 3.0, Dash::Solid));
        list.put(Layer::Box, Item::Line(way, Role::Ink, 1.5, Dash::Dashed));
        list.arrow(Layer::Box, (end, lane.y), (1.0, 0.0), Role::Ink, 1.5);
    }
    if let Some(say) = draft.explain(view.state) {
        front::say(view, geometry, picture, &say);
    }
}
