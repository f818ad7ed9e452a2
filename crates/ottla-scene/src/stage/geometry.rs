//! Where the stations, bands and queues are. Nothing here depends on time: what is laid out once never moves.

use ottla_trace::event::NodeId;

use super::View;
use crate::state::Partition;

/// Which set of columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// The whole width.
    #[default]
    Full,
    /// Beside a panel.
    Side,
    /// One partition, top to bottom.
    Phone,
}

/// The two column sets that are drawn side by side, at the width that they were designed for.
struct Set {
    width: f32,
    app: (f32, f32),
    front: (f32, f32),
    queues: (f32, f32),
    wire: (f32, f32),
    cluster: (f32, f32),
}

const FULL: Set = Set {
    width: 1440.0,
    app: (24.0, 168.0),
    front: (208.0, 440.0),
    queues: (488.0, 808.0),
    wire: (864.0, 1064.0),
    cluster: (1112.0, 1416.0),
};
const SIDE: Set = Set {
    width: 1040.0,
    app: (24.0, 120.0),
    front: (136.0, 288.0),
    queues: (316.0, 548.0),
    wire: (592.0, 736.0),
    cluster: (768.0, 1016.0),
};

/// Room for `+9` at the far end of a queue.
pub(super) const MORE: f32 = 22.0;
/// Page margin.
const MARGIN: f32 = 24.0;
/// Below the station heads.
const TOP: f32 = 62.0;
/// For memory, the answers' rail and the legend.
const FOOT: f32 = 96.0;
/// A queue is never flatter.
const LEAST_LANE: f32 = 22.0;
/// A broker is never flatter.
const LEAST_BAND: f32 = 72.0;

/// One queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneBox {
    /// The partition.
    pub partition: Partition,
    /// Its middle.
    pub y: f32,
    /// Height of its batches.
    pub h: f32,
}

/// One broker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The broker.
    pub node: NodeId,
    /// Baseline of its name.
    pub title: f32,
    /// The middle of its rows, level with its pipe.
    pub y: f32,
    /// First row's middle.
    pub first_row: f32,
}

/// The places of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// Left and right end of the stations.
    pub app: (f32, f32),
    /// Client front.
    pub front: (f32, f32),
    /// Accumulator.
    pub queues: (f32, f32),
    /// Wire.
    pub wire: (f32, f32),
    /// Cluster.
    pub cluster: (f32, f32),
    /// Baseline of the station names.
    pub head: f32,
    /// The road from the application: the middle of the stage.
    pub road: f32,
    /// Queues, top to bottom.
    pub lanes: Vec<LaneBox>,
    /// Partitions without a place.
    pub more_lanes: usize,
    /// Brokers, top to bottom.
    pub bands: Vec<Band>,
    /// Brokers without a place.
    pub more_bands: usize,
    /// From one row of a broker to the next.
    pub row: f32,
    /// Room of one queue.
    pub lane_pitch: f32,
    /// Side of a record's cell in a log.
    pub cell: f32,
    /// From one offset to the next.
    pub pitch: f32,
    /// Pixels for a byte in batches and requests.
    pub per_byte: f32,
    /// Where the answers' rail runs.
    pub rail: f32,
    /// Top of the memory bar's line.
    pub memory: f32,
    /// Baseline of the legend.
    pub legend: f32,
}

impl Geometry {
    pub(super) fn new(view: &View<'_>) -> Self {
        let set = if view.columns == Columns::Full {
            &FULL
        } else {
            &SIDE
        };
        let scale = (view.width - 2.0 * MARGIN) / (set.width - 2.0 * MARGIN);
        let place = |(a, b): (f32, f32)| {
            let at = |x: f32| (MARGIN + (x - MARGIN) * scale).round();
            (at(a), at(b))
        };
        let bottom = view.height - FOOT;
        let queues = place(set.queues);
        let cluster = place(set.cluster);
        let mut it = Self {
            app: place(set.app),
            front: place(set.front),
            queues,
            wire: place(set.wire),
            cluster,
            head: 24.0,
            road: 0.0,
            lanes: Vec::new(),
            more_lanes: 0,
            bands: Vec::new(),
            more_bands: 0,
            row: 0.0,
            lane_pitch: 0.0,
            cell: 0.0,
            pitch: 0.0,
            per_byte: per_byte(view, queues.1 - queues.0),
            rail: view.height - 44.0,
            memory: view.height - 84.0,
            legend: view.height - 16.0,
        };
        let partitions = view.state.partitions();
        it.place_bands(view, partitions.len(), bottom);
        it.place_lanes(&partitions, bottom);
        it
    }

    fn place_bands(&mut self, view: &View<'_>, rows: usize, bottom: f32) {
        let mut nodes: Vec<NodeId> = view.state.brokers.keys().copied().collect();
        let room = bottom - TOP;
        let fit = ((room / LEAST_BAND) as usize).max(1);
        if nodes.len() > fit {
            self.more_bands = nodes.len() - fit;
            nodes.truncate(fit);
        }
        let n = nodes.len().max(1) as f32;
        let pitch = (room / n).min(192.0);
        let rows = rows.clamp(1, 12) as f32;
        self.row = ((pitch - 34.0) / rows).min(42.0).floor();
        self.cell = (self.row - 9.0).clamp(5.0, 18.0);
        self.pitch = self.cell + if self.cell < 11.0 { 1.0 } else { 3.0 };
        let from = TOP + ((room - pitch * n) / 2.0).max(0.0);
        for (i, node) in nodes.into_iter().enumerate() {
            let top = from + pitch * i as f32;
            let rows_from = top + 26.0;
            let middle = (rows_from + (pitch - 34.0) / 2.0).round();
            self.bands.push(Band {
                node,
                title: (top + 14.0).round(),
                y: middle,
                first_row: middle - self.row * (rows - 1.0) / 2.0,
            });
        }
    }

    fn place_lanes(&mut self, partitions: &[Partition], bottom: f32) {
        let room = bottom - TOP;
        let fit = ((room / LEAST_LANE) as usize).max(1);
        let shown = partitions.len().min(fit);
        self.more_lanes = partitions.len() - shown;
        // As many queues as brokers: each is level with a pipe, and a leader at home is a straight line.
        let level = shown == self.bands.len();
        self.lane_pitch = if level && shown > 1 {
            self.bands[1].y - self.bands[0].y
        } else {
            room / shown.max(1) as f32
        };
        for (i, partition) in partitions[..shown].iter().enumerate() {
            let y = if level {
                self.bands[i].y
            } else {
                (TOP + self.lane_pitch * (i as f32 + 0.5)).round()
            };
            self.lanes.push(LaneBox {
                partition: *partition,
                y,
                h: (self.lane_pitch * 0.24).clamp(LEAST_LANE - 8.0, 36.0).round(),
            });
        }
        self.road = match (self.lanes.first(), self.lanes.last()) {
            (Some(first), Some(last)) if shown.is_multiple_of(2) => f32::midpoint(first.y, last.y).round(),
            (Some(_), Some(_)) => self.lanes[shown / 2].y,
            _ => (TOP + room / 2.0).round(),
        };
    }

    /// The band of a broker.
    pub fn band(&self, node: NodeId) -> Option<&Band> {
        self.bands.iter().find(|band| band.node == node)
    }

    /// The queue of a partition.
    pub fn lane(&self, partition: Partition) -> Option<&LaneBox> {
        self.lanes.iter().find(|lane| lane.partition == partition)
    }

    /// Where the roads to the queues part.
    pub fn fan(&self) -> f32 {
        f32::midpoint(self.front.1, self.queues.0).round()
    }

    /// The three stops of the client front.
    pub fn stops(&self) -> [f32; 3] {
        let (a, b) = self.front;
        [a + 10.0, f32::midpoint(a, b).round(), b - 10.0]
    }

    /// Whether there is room for words above and below a queue.
    pub fn roomy(&self) -> bool {
        self.lane_pitch >= 84.0
    }
}

/// Two full batches fit into a queue, and beside them the number of those that do not.
fn per_byte(view: &View<'_>, width: f32) -> f32 {
    let size = view.state.setting("batch.size", 16_384).clamp(64, 1 << 26) as f32;
    (width - 12.0 - MORE) / 2.0 / size
}
