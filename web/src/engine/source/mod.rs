//! Where the events come from.

mod file;
mod live;

use ottla_scene::{history::History, playback::Cursor};
use ottla_trace::event::{NodeId, RecordId};

pub(crate) use file::File;
pub(crate) use live::{Live, LiveState};

use crate::run::{Ahead, Feed, Message, Refusal, Sandbox};

/// The three sources behind one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The production core in a simulated world.
    Sandbox,
    /// The production client through a bridge.
    Live,
    /// A recorded trace.
    File,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Sandbox, Self::Live, Self::File];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Live => "live",
            Self::File => "trace",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// See [`Kind`].
pub(crate) enum Source {
    Sandbox(Box<Sandbox>),
    Live(Live),
    File(File),
}

impl Source {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Sandbox(_) => Kind::Sandbox,
            Self::Live(_) => Kind::Live,
            Self::File(_) => Kind::File,
        }
    }

    /// Sends a message at the cursor.
    pub(crate) fn send(
        &mut self,
        message: &Message,
        cursor: Cursor,
        history: &mut History,
    ) -> Result<Option<RecordId>, Refusal> {
        match self {
            Self::Sandbox(sandbox) => sandbox.send(message, cursor, history),
            Self::Live(live) => live.send(message),
            Self::File(_) => Ok(None),
        }
    }

    /// Sends many messages. False where only one can be sent at a time.
    pub(crate) fn burst(&mut self, messages: &[Message], cursor: Cursor, history: &mut History) -> bool {
        match self {
            Self::Sandbox(sandbox) => {
                sandbox.burst(messages, cursor, history);
                true
            }
            Self::Live(_) | Self::File(_) => false,
        }
    }

    /// Kills or restarts a broker at the cursor. False where that is impossible.
    pub(crate) fn kill(&mut self, node: NodeId, kill: bool, cursor: Cursor, history: &mut History) -> bool {
        match self {
            Self::Sandbox(sandbox) => {
                sandbox.kill(node, kill, cursor, history);
                true
            }
            Self::Live(_) | Self::File(_) => false,
        }
    }
}

impl Feed for Source {
    fn is_live(&self) -> bool {
        matches!(self, Self::Live(live) if live.connected())
    }

    fn now(&self) -> Option<u64> {
        match self {
            Self::Live(live) => live.now(),
            Self::Sandbox(_) | Self::File(_) => None,
        }
    }

    fn pump(&mut self, history: &mut History) -> bool {
        match self {
            Self::Live(live) => live.pump(history),
            Self::Sandbox(_) | Self::File(_) => false,
        }
    }

    fn look_ahead(&mut self, history: &mut History, until: Ahead) {
        if let Self::Sandbox(sandbox) = self {
            sandbox.look_ahead(history, until);
        }
    }

    fn waits_for_you(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }
}
