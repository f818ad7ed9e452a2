//! The stage: five stations, painted from a state and a time.
//!
//! x is the stage of the journey, y is the partition from the partitioner to the wire, and each broker is a band
//! level with its own pipe. Hue is the key and nothing else; state is shape; red is killed, cut or lost.

mod app;
mod blank;
mod cluster;
mod door;
mod front;
mod geometry;
mod keys;
mod legend;
mod log;
mod phone;
mod queues;
#[cfg(test)]
mod tests;
mod timeline;
mod wire;

use ottla_sorted::SortedSet;
use ottla_trace::event::{BatchId, ConnId, NodeId, RecordId};

pub use door::Draft;
pub use front::explain;
pub use geometry::{Columns, Geometry};
pub use keys::{hue, letter};
pub use timeline::{Dock, TimelineView, timeline};

use crate::{
    draw::{CellState, DrawList, Measure, Rect, Ring},
    state::{Batch, Partition, Phase, Record, State},
    words::Lang,
};
use ottla_trace::event::{Persisted, Verdict};

/// What is looked at, and how.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The state.
    pub state: &'a State,
    /// The time; at or after the state's last event.
    pub t: u64,
    /// Width of the stage in CSS pixels.
    pub width: f32,
    /// Its height.
    pub height: f32,
    /// Which set of columns.
    pub columns: Columns,
    /// Language.
    pub lang: Lang,
    /// The chosen record.
    pub selected: Option<RecordId>,
    /// What the pointer is on, or the keyboard.
    pub hover: Option<Target>,
    /// The partition in focus on a phone.
    pub lane: Option<Partition>,
    /// The message that is being written.
    pub draft: Option<&'a Draft>,
    /// How wide text is.
    pub measure: &'a dyn Measure,
}

/// Something on the stage that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A record.
    Record(RecordId),
    /// A batch.
    Batch(BatchId),
    /// A request.
    Request(ConnId, i32),
    /// A broker's band.
    Broker(NodeId),
    /// A pipe.
    Pipe(NodeId),
    /// A queue.
    Lane(Partition),
}

/// A region and what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Where.
    pub rect: Rect,
    /// What.
    pub target: Target,
}

/// Where the shell puts a real button.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The broker.
    pub node: NodeId,
    /// The place of the button's left end, on the middle of its line.
    pub at: (f32, f32),
}

/// A painted stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What to paint.
    pub list: DrawList,
    /// What can be pointed at; later ones lie over earlier ones.
    pub hits: Vec<Hit>,
    /// Where brokers' buttons go.
    pub anchors: Vec<Anchor>,
    /// States of records that are on the stage, for the legend.
    pub shown: SortedSet<CellState>,
    /// Whether a high watermark is on the stage.
    pub watermark: bool,
}

impl Picture {
    /// What is at a point. A finger or a shaky hand may miss a mark by `slack` pixels.
    pub fn hit(&self, x: f32, y: f32, slack: f32) -> Option<Target> {
        let exact = self.hits.iter().rev().find(|hit| hit.rect.contains(x, y));
        let small = |hit: &&Hit| matches!(hit.target, Target::Record(_));
        match exact {
            Some(hit) if small(&hit) => Some(hit.target),
            _ => self
                .hits
                .iter()
                .rev()
                .filter(small)
                .find(|hit| hit.rect.grow(slack).contains(x, y))
                .or(exact)
                .map(|hit| hit.target),
        }
    }

    fn target(&mut self, rect: Rect, target: Target) {
        self.hits.push(Hit { rect, target });
    }

    /// Draws a record and makes it a target.
    fn record(&mut self, view: &View<'_>, rect: Rect, id: RecordId, state: CellState) {
        self.record_with(view, rect, id, state, Look::default());
    }

    fn record_with(&mut self, view: &View<'_>, rect: Rect, id: RecordId, state: CellState, look: Look) {
        let record = view.state.records.get(id);
        let key = record.and_then(|it| it.key);
        let text = key.and_then(|key| view.state.keys.get(&key));
        let chosen = view.selected == Some(id) || view.hover == Some(Target::Record(id));
        let ring = match (chosen, look.tight) {
            (false, _) => Ring::None,
            (true, true) => Ring::Tight,
            (true, false) => Ring::Wide,
        };
        let letter = if look.mute {
            String::new()
        } else {
            letter(text.map(String::as_str))
        };
        crate::draw::cell(&mut self.list, rect, &letter, hue(key), state, ring);
        self.shown.insert(state);
        self.target(rect, Target::Record(id));
    }
}

/// How a record is drawn where there is little room.
#[derive(Clone, Copy, Default)]
struct Look {
    /// No room for a ring that stands off.
    tight: bool,
    /// No letter, because its neighbours have no room for theirs.
    mute: bool,
}

impl<'a> View<'a> {
    /// Where things are.
    pub fn geometry(&self) -> Geometry {
        Geometry::new(self)
    }

    fn width_of(&self, text: &str, style: crate::draw::Style) -> f32 {
        self.measure.width(text, style)
    }

    /// The records of a batch, for drawing: ids where the trace has them.
    fn records_of(&self, batch: &'a Batch) -> impl Iterator<Item = &'a Record> + use<'a> {
        let state: &'a State = self.state;
        batch.records.iter().filter_map(move |id| state.records.get(*id))
    }
}

/// How a record looks to the application.
fn socket_state(state: &State, record: &Record) -> CellState {
    if let Some(Verdict::Lost { .. }) = record.verdict {
        return CellState::Ghost;
    }
    if record.failed.is_some() {
        return CellState::Failed;
    }
    let Some(batch) = state.batch_of(record) else {
        return CellState::Waiting;
    };
    match (&batch.phase, batch.persisted) {
        (Phase::Acked { .. }, _) => CellState::ToldOk,
        (Phase::Failed { .. }, Persisted::No) => CellState::Failed,
        (Phase::Failed { .. }, _) => CellState::Unknown,
        (Phase::Retry { .. }, _) => CellState::Retry,
        _ => CellState::Waiting,
    }
}

/// The height that a phone's stage needs: it scrolls, where the others fit their room.
pub fn phone_height(view: &View<'_>) -> f32 {
    phone::height(view)
}

/// Paints the stage.
pub fn stage(view: &View<'_>) -> Picture {
    let mut picture = Picture::default();
    if view.columns == Columns::Phone {
        phone::paint(view, &mut picture);
        return picture;
    }
    let geometry = view.geometry();
    app::heads(view, &geometry, &mut picture);
    front::paint(view, &geometry, &mut picture);
    blank::paint(view, &geometry, &mut picture);
    app::paint(view, &geometry, &mut picture);
    queues::paint(view, &geometry, &mut picture);
    wire::paint(view, &geometry, &mut picture);
    door::paint(view, &geometry, &mut picture);
    cluster::paint(view, &geometry, &mut picture);
    legend::paint(view, &geometry, &mut picture);
    picture
}
