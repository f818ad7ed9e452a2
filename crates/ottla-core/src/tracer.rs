//! Emission of trace events. Nothing here is read by the producer: with and without it the same bytes leave.

use ottla_trace::event::KeyIx;
use ottla_trace::{Envelope, Event, Level, Snapshot};

use crate::time::Instant;

#[cfg(feature = "trace")]
pub(crate) use on::Tracer;

#[cfg(not(feature = "trace"))]
pub(crate) use off::Tracer;

#[cfg(feature = "trace")]
mod on {
    use super::{Envelope, Event, Instant, KeyIx, Level, Snapshot};
    use crate::hash::HashMap;
    use alloc::collections::VecDeque;
    use alloc::string::String;
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use ottla_trace::Source;
    use ottla_trace::event::Define;

    /// Events that wait for `drain_trace`; beyond it they are counted and dropped.
    const MAX_BUFFERED: usize = 1 << 16;
    /// Events between two snapshots.
    const SNAPSHOT_EVERY: u32 = 1 << 14;
    /// Distinct keys that are remembered by name; beyond it they are numbered anew.
    const MAX_KEYS: usize = 4096;
    const MAX_KEY_CHARS: usize = 64;

    #[derive(Clone, Debug, Default)]
    pub(crate) struct Tracer {
        level: Level,
        buffer: VecDeque<Envelope>,
        seq: u64,
        last_t: u64,
        lost: u64,
        since_snapshot: u32,
        keys: HashMap<Arc<[u8]>, KeyIx>,
        /// The keys of the table in the order of their numbers, of which the last is `next_key - 1`.
        key_order: Vec<Arc<[u8]>>,
        next_key: KeyIx,
    }

    impl Tracer {
        pub(crate) const fn level(&self) -> Level {
            self.level
        }

        pub(crate) const fn set_level(&mut self, level: Level) {
            self.level = level;
        }

        /// Whether level `batch` is on.
        #[inline]
        pub(crate) const fn is_on(&self) -> bool {
            !matches!(self.level, Level::Off)
        }

        /// Whether level `record` is on.
        #[inline]
        pub(crate) const fn records(&self) -> bool {
            matches!(self.level, Level::Record)
        }

        #[inline]
        pub(crate) fn emit(&mut self, now: Instant, event: impl FnOnce() -> Event) {
            if self.is_on() {
                self.push(now, event());
            }
        }

        #[inline]
        pub(crate) fn emit_record(&mut self, now: Instant, event: impl FnOnce() -> Event) {
            if self.records() {
                self.push(now, event());
            }
        }

        #[cold]
        fn push(&mut self, now: Instant, event: Event) {
            if self.lost > 0 || self.buffer.len() >= MAX_BUFFERED {
                self.lost += 1;
                return;
            }
            self.last_t = now.as_micros();
            self.since_snapshot = match event {
                Event::Snapshot(_) => 0,
                _ => self.since_snapshot + 1,
            };
            let envelope = Envelope {
                t: self.last_t,
                seq: self.seq,
                source: Source::Client,
                event,
            };
            self.seq += 1;
            self.buffer.push_back(envelope);
        }

        /// The number of a key, defined in the trace when it is new.
        pub(crate) fn key(&mut self, now: Instant, key: Option<&[u8]>) -> Option<KeyIx> {
            let key = key?;
            if let Some(known) = self.keys.get(key) {
                return Some(*known);
            }
            if self.key_order.len() >= MAX_KEYS {
                self.keys = HashMap::default();
                self.key_order.clear();
            }
            let id = self.next_key;
            self.next_key += 1;
            let kept: Arc<[u8]> = key.into();
            self.key_order.push(kept.clone());
            self.keys.insert(kept, id);
            self.push(now, Event::Define(Define::Key { id, text: text(key) }));
            Some(id)
        }

        /// The names of keys, in the order of their numbers.
        pub(crate) fn keys(&self) -> Vec<(KeyIx, String)> {
            // The numbers of those that are remembered are the latest, without a gap.
            let first = self.next_key - self.key_order.len() as KeyIx;
            let names = self.key_order.iter().map(|key| text(key));
            (first..self.next_key).zip(names).collect()
        }

        /// Whether it is time for another snapshot.
        pub(crate) const fn wants_snapshot(&self) -> bool {
            self.is_on() && self.since_snapshot >= SNAPSHOT_EVERY
        }

        /// Hands over the buffer; when events were lost, says how many and appends a snapshot.
        pub(crate) fn drain(
            &mut self,
            snapshot: impl FnOnce(&Self) -> Snapshot,
            sink: &mut impl FnMut(Envelope),
        ) {
            for envelope in self.buffer.drain(..) {
                sink(envelope);
            }
            if self.lost == 0 {
                return;
            }
            let count = core::mem::take(&mut self.lost);
            self.seq += count;
            let now = Instant::from_micros(self.last_t);
            let state = snapshot(self);
            self.push(now, Event::Lost { count });
            self.push(now, Event::Snapshot(state));
            for envelope in self.buffer.drain(..) {
                sink(envelope);
            }
        }
    }

    fn text(key: &[u8]) -> String {
        String::from_utf8_lossy(key).chars().take(MAX_KEY_CHARS).collect()
    }
}

#[cfg(not(feature = "trace"))]
mod off {
    use super::{Envelope, Event, Instant, KeyIx, Level, Snapshot};

    /// Tracing compiled out.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Tracer {}

    impl Tracer {
        pub(crate) const fn level(&self) -> Level {
            Level::Off
        }
        pub(crate) const fn set_level(&mut self, _level: Level) {}
        pub(crate) const fn is_on(&self) -> bool {
            false
        }
        pub(crate) const fn records(&self) -> bool {
            false
        }
        pub(crate) fn emit(&mut self, _now: Instant, _event: impl FnOnce() -> Event) {}
        pub(crate) fn emit_record(&mut self, _now: Instant, _event: impl FnOnce() -> Event) {}
        pub(crate) const fn key(&mut self, _now: Instant, _key: Option<&[u8]>) -> Option<KeyIx> {
            None
        }
        pub(crate) const fn keys(&self) -> alloc::vec::Vec<(KeyIx, alloc::string::String)> {
            alloc::vec::Vec::new()
        }
        pub(crate) const fn wants_snapshot(&self) -> bool {
            false
        }
        pub(crate) fn drain(
            &mut self,
            _snapshot: impl FnOnce(&Self) -> Snapshot,
            _sink: &mut impl FnMut(Envelope),
        ) {
        }
    }
}
