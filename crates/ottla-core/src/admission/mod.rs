//! From `send` to a partition. A record whose topic is unknown waits here, charged to `buffer.memory`, for at most
//! `max.block.ms`; later records of the topic queue up behind it.

mod choose;
mod refuse;
mod waiting;

pub(crate) use choose::Choice;
pub(crate) use waiting::Waiting;

use ottla_trace::Event;
use ottla_trace::event::TopicIx;
use ottla_wire::batch::{RecordHeader, estimate_record_upper_bound};

use crate::accumulator::TopicKnowledge;
use crate::engine::Engine;
use crate::error::check_topic_name;
use crate::extensions::Extensions;
use crate::partitioner::Sticky;
use crate::producer::{RefuseReason, SendError};
use crate::record::{Record, RecordId};
use crate::time::Instant;

/// Most bytes of a batch with this record alone.
pub(crate) fn upper_bound(record: &Record<'_>) -> usize {
    estimate_record_upper_bound(
        record.key.as_ref().map(|key| key.len()),
        record.value.as_ref().map(|value| value.len()),
        headers(record),
    )
}

pub(crate) fn headers<'a>(record: &'a Record<'_>) -> impl Iterator<Item = RecordHeader<'a>> + Clone {
    record
        .headers
        .iter()
        .map(|header| RecordHeader::new(&header.key, header.value.as_deref()))
}

impl Engine {
    /// The work of `send`. `since` is when the record's `max.block.ms` began.
    pub(crate) fn admit<X: Extensions>(
        &mut self,
        now: Instant,
        since: Instant,
        record: Record<'_>,
        extensions: &mut X,
    ) -> Result<RecordId, SendError> {
        let size = upper_bound(&record);
        let topic = match self.accept(now, &record, size) {
            Ok(topic) => topic,
            Err(why) => return Err(self.refused(now, record, why)),
        };
        // Before the choice: a record that is given back must not use up its turn with a partition.
        if !self.memory.has_room(size) {
            return Err(self.full(now, record));
        }
        let choice = self.choose(topic, &record, extensions);
        if let Choice::Impossible(partition) = choice {
            let why = RefuseReason::InvalidPartition { partition };
            return Err(self.refused(now, record, why));
        }
        if since < now {
            self.recorder.waited_for_memory(now, now.saturating_since(since));
        }
        let id = self.take_record_id();
        if self.tracer.records() {
            self.trace_accepted(now, id, topic, &record);
        }
        match choice {
            Choice::Partition { partition, by } => self.place(now, topic, partition, by, id, &record),
            _ => self.wait_for_metadata(now, since, topic, id, record, size),
        }
        Ok(id)
    }

    /// The topic of a record that may be sent.
    fn accept(&mut self, now: Instant, record: &Record<'_>, size: usize) -> Result<TopicIx, RefuseReason> {
        self.check(record, size)?;
        let topic = self.topic_named(now, &record.topic)?;
        self.topics.get_mut(topic).last_used = now;
        Ok(topic)
    }

    #[inline]
    pub(crate) fn topic_named(&mut self, now: Instant, name: &str) -> Result<TopicIx, RefuseReason> {
        match self.topics.find(name) {
            Some(topic) => Ok(topic),
            None => self.intern(now, name),
        }
    }

    fn intern(&mut self, now: Instant, name: &str) -> Result<TopicIx, RefuseReason> {
        check_topic_name(name).map_err(|why| RefuseReason::InvalidTopic { why })?;
        let sticky = Sticky::new(self.settings.batch_size);
        let id = self.topics.insert(name, sticky, now);
        self.tracer.emit(now, || {
            Event::Define(ottla_trace::event::Define::Topic {
                id,
                name: name.into(),
            })
        });
        Ok(id)
    }

    #[cold]
    fn refused(&mut self, now: Instant, record: Record<'_>, why: RefuseReason) -> SendError {
        self.counters.record_errors += 1;
        self.recorder.failed(now, None, 1);
        SendError::Refused {
            record: record.into_owned(),
            why,
        }
    }

    #[cold]
    fn full(&mut self, now: Instant, record: Record<'_>) -> SendError {
        self.counters.buffer_exhausted += 1;
        self.tracer.emit(now, || Event::Full);
        // Batches stop lingering while somebody waits for memory.
        self.dirty = true;
        SendError::Full {
            record: record.into_owned(),
        }
    }

    /// The work of `want`.
    pub(crate) fn want(&mut self, now: Instant, name: &str) -> Result<(), RefuseReason> {
        let topic = self.topic_named(now, name)?;
        self.topics.get_mut(topic).last_used = now;
        #[cfg(feature = "sasl")]
        {
            self.network.locked_out = false;
        }
        self.want_topic(topic);
        Ok(())
    }

    /// Asks for a topic's metadata, unless it is known or being asked for.
    pub(crate) fn want_topic(&mut self, topic: TopicIx) {
        let topic = self.topics.get_mut(topic);
        if matches!(topic.knowledge, TopicKnowledge::Unwanted) {
            topic.knowledge = TopicKnowledge::Wanted { last_error: None };
            self.refresh.want_new_topics();
            self.dirty = true;
        }
    }

    // Out of line, as every event of level `record`: a trace that is off costs one comparison each.
    #[cold]
    fn trace_accepted(&mut self, now: Instant, id: RecordId, topic: TopicIx, record: &Record<'_>) {
        let key = self.tracer.key(now, record.key.as_deref());
        self.tracer.emit_record(now, || Event::Accepted {
            record: id.0,
            topic,
            key,
            key_bytes: crate::delivery::nullable_len(record.key.as_deref()),
            value_bytes: crate::delivery::nullable_len(record.value.as_deref()),
            headers: record.headers.len() as u32,
            timestamp: record.timestamp.map_or(-1, |timestamp| timestamp.0),
        });
    }
}
