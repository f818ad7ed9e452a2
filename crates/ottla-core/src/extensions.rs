//! Where an application's own decisions enter the core.

pub use crate::partitioner::Partitions;
use crate::record::Record;

/// Decisions that the application takes itself. They are generics and not callbacks, so that a producer stays a value:
/// it is `Clone` where they are, and `Send` where they are.
pub trait Extensions {
    /// Sees, and may change, each record before anything else does (`onSend` of KIP-42). A record that is given
    /// back because memory is full is seen again when it is sent again.
    fn on_send(&mut self, _record: &mut Record<'_>) {}

    /// Chooses the partition of a record that names none; `None` leaves the choice to `partitioner.class`.
    ///
    /// A number outside of `0..topic.count` refuses the record.
    fn partition(&mut self, _record: &Record<'_>, _topic: Partitions<'_>) -> Option<i32> {
        None
    }
}

/// No decisions of its own: the configured partitioner decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Builtin;

impl Extensions for Builtin {}
