//! Without the feature `metrics` nothing is recorded beyond the counters.

use core::time::Duration;

use ottla_trace::event::TopicIx;

use super::Drained;
use crate::io::NodeId;
use crate::time::Instant;

/// Nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {}

macro_rules! nothing {
    ($($name:ident($($type:ty),*);)*) => {
        #[allow(clippy::unused_self, reason = "stands in for the recorder")]
        impl Recorder {
            $(#[inline(always)]
            #[allow(dead_code, reason = "some are called with the feature sasl only")]
            pub(crate) fn $name(&mut self, _: Instant $(, _: $type)*) {})*
        }
    };
}

nothing! {
    drained(Drained);
    produce_requested(u64);
    retried(TopicIx, u32);
    failed(Option<TopicIx>, usize);
    split();
    exhausted();
    opened();
    closed();
    sent(Option<NodeId>, usize);
    received(Option<NodeId>, usize);
    answered(Option<NodeId>, i32);
    produce_answered(Option<NodeId>, Duration);
    waited_for_memory(Duration);
    waited_for_metadata(Duration);
    flushed(Duration);
    logged_in(Option<Duration>);
    login_failed(bool);
}
