//! The production core in a simulated world.

use ottla_scene::{history::History, playback::Cursor};
use ottla_trace::event::{NodeId, RecordId};

use super::{Ahead, Message, Refusal};

/// PLACEHOLDER until the world lands.
pub(crate) struct Sandbox {}

impl Sandbox {
    pub(crate) fn new(_acks: &str, _history: &mut History) -> Self {
        Self {}
    }
    pub(crate) fn acks(&self) -> &str {
        "all"
    }
    pub(crate) fn look_ahead(&mut self, _history: &mut History, _until: Ahead) {}
    pub(crate) fn send(&mut self, _m: &Message, _c: Cursor, _h: &mut History) -> Result<RecordId, Refusal> {
        Err(Refusal {
            code: "NONE".into(),
            message: "not yet".into(),
        })
    }
    pub(crate) fn kill(&mut self, _n: NodeId, _k: bool, _c: Cursor, _h: &mut History) {}
}
