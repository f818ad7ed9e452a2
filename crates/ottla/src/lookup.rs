//! Callers that wait for a topic's metadata.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ottla_core::Instant;
use ottla_core::producer::PartitionInfo;

use crate::error::{ErrorKind, KafkaError};
use crate::producer::wake;
use crate::shared::{Phase, Shared};

#[derive(Default)]
pub(crate) struct Lookups(Vec<Waiting>);

struct Waiting {
    topic: String,
    deadline: Instant,
    waker: Waker,
}

impl Lookups {
    /// Wakes those whose topic is known by now.
    pub(crate) fn answer(&mut self, known: impl Fn(&str) -> bool, wakers: &mut Vec<Waker>) {
        let answered = self.0.extract_if(.., |waiting| known(&waiting.topic));
        wakers.extend(answered.map(|waiting| waiting.waker));
    }

    /// Wakes those that waited too long.
    pub(crate) fn expire(&mut self, now: Instant, wakers: &mut Vec<Waker>) {
        let late = self.0.extract_if(.., |waiting| waiting.deadline <= now);
        wakers.extend(late.map(|waiting| waiting.waker));
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|waiting| waiting.deadline).min()
    }

    pub(crate) fn wake_all(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.0.drain(..).map(|waiting| waiting.waker));
    }
}

/// The future of [`Producer::partitions_for`](crate::Producer::partitions_for).
#[must_use = "nothing is asked until this future is awaited"]
pub struct Lookup {
    shared: Arc<Shared>,
    topic: String,
    deadline: Option<Instant>,
}

impl Lookup {
    pub(crate) fn new(shared: Arc<Shared>, topic: String) -> Self {
        Self {
            shared,
            topic,
            deadline: None,
        }
    }

    fn timeout(&self) -> KafkaError {
        let message = format!(
            "no broker told of topic {} within max.block.ms; check that it exists, and bootstrap.servers",
            self.topic
        );
        KafkaError::new("MAX_BLOCK_TIMEOUT", ErrorKind::Timeout, message)
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl Future for Lookup {
    type Output = Result<Vec<PartitionInfo>, KafkaError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let shared = this.shared.clone();
        let mut state = shared.lock();
        let now = shared.clock.now();
        match state.phase {
            Phase::Open => {}
            Phase::Closing | Phase::Closed => return Poll::Ready(Err(KafkaError::closed())),
            Phase::Abandoned => return Poll::Ready(Err(KafkaError::abandoned().never_sent())),
        }
        if let Some(partitions) = state.core.partitions_for(&this.topic) {
            return Poll::Ready(Ok(partitions));
        }
        let deadline = *this.deadline.get_or_insert(now + state.max_block);
        if deadline <= now {
            return Poll::Ready(Err(this.timeout()));
        }
        let wanted = state.core.want(now, &this.topic);
        state.pump(now);
        if let Err(why) = wanted {
            return Poll::Ready(Err(KafkaError::from(why)));
        }
        state.lookups.0.push(Waiting {
            topic: this.topic.clone(),
            deadline,
            waker: cx.waker().clone(),
        });
        let kick = state.kick();
        drop(state);
        wake(kick);
        Poll::Pending
    }
}
