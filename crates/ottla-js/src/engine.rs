//! The producer as JavaScript sees it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_core::config::Platform;
use ottla_core::producer::PartitionCount;
use ottla_core::{
    Address, Chunks, Config, ConnId, Input, Instant, Output, Producer, Record, SendError, Timestamp,
};
use ottla_trace::{Level, jsonl};
use wasm_bindgen::prelude::*;

use crate::host::Host;
use crate::packed;
use crate::report;

/// `send`: `buffer.memory` is exhausted.
const FULL: f64 = -1.0;
/// `send`: the record is refused, and the host was told why.
const REFUSED: f64 = -2.0;
/// `partitions`: not known yet.
const ASKED: i32 = -1;
/// `partitions`: not known, and nobody asks.
const UNASKED: i32 = -2;

/// [`ottla_core::Producer`], driven by JavaScript. Times are microseconds of a clock that never goes back.
#[wasm_bindgen]
pub struct Engine {
    producer: Producer,
    host: Host,
    buffer: Vec<u8>,
    topics: Vec<Arc<str>>,
    /// The numbers of the topics, sorted by name.
    by_name: Vec<u32>,
    tracing: bool,
}

#[wasm_bindgen]
impl Engine {
    /// `pairs` is name, value, name, value. Throws an array with all problems of the configuration.
    #[wasm_bindgen(constructor)]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the border to JavaScript hands over owned values"
    )]
    pub fn new(pairs: Vec<String>, platform: &str, seed: &[u32], host: Host) -> Result<Engine, JsValue> {
        let platform = match platform {
            "browser" => Platform::Browser,
            "edge" => Platform::Edge,
            _ => Platform::Native,
        };
        let pairs = pairs
            .chunks_exact(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()));
        let config = Config::parse_for(platform, pairs).map_err(|errors| {
            let lines: js_sys::Array = errors
                .iter()
                .map(|error| JsValue::from(error.to_string()))
                .collect();
            JsValue::from(lines)
        })?;
        let seed = seed
            .iter()
            .fold(0, |all: u64, &part| (all << 32) | u64::from(part));
        Ok(Self {
            producer: Producer::new(config, seed),
            host,
            buffer: Vec::new(),
            topics: Vec::new(),
            by_name: Vec::new(),
            tracing: false,
        })
    }

    /// What the configuration adjusted or finds unusual.
    pub fn notices(&self) -> Vec<String> {
        self.producer
            .config()
            .notices()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// `max.block.ms`.
    #[wasm_bindgen(js_name = maxBlockMs)]
    pub fn max_block_ms(&self) -> f64 {
        self.producer.config().max_block().as_millis() as f64
    }

    /// Records that are accepted and not resolved.
    pub fn pending(&self) -> f64 {
        self.producer.outstanding() as f64
    }

    /// The number of a topic.
    pub fn topic(&mut self, name: &str) -> u32 {
        let topics = &self.topics;
        let found = self
            .by_name
            .binary_search_by(|number| (*topics[*number as usize]).cmp(name));
        match found {
            Ok(place) => self.by_name[place],
            Err(place) => {
                let number = topics.len() as u32;
                self.topics.push(name.into());
                self.by_name.insert(place, number);
                number
            }
        }
    }

    /// How many partitions a topic has; -1 while brokers are being asked, which `ask` begins; -2 when nobody asks (any
    /// more), because the topic is refused or its name is wrong.
    pub fn partitions(&mut self, topic: u32, now: f64, ask: bool) -> i32 {
        let Some(name) = self.topics.get(topic as usize) else {
            return UNASKED;
        };
        if ask && self.producer.want(instant(now), name).is_err() {
            return UNASKED;
        }
        match self.producer.partition_count(name) {
            PartitionCount::Known(count) => count,
            PartitionCount::Asked => ASKED,
            PartitionCount::Unasked => UNASKED,
        }
    }

    /// Keeps what brokers tell of the cluster for `keptMetadata`.
    #[wasm_bindgen(js_name = keepMetadata)]
    pub fn keep_metadata(&mut self) {
        self.producer.keep_metadata();
    }

    /// What a broker told last of the cluster, for `preloadMetadata` of another engine.
    #[wasm_bindgen(js_name = keptMetadata)]
    pub fn kept_metadata(&self) -> Option<Vec<u8>> {
        self.producer.kept_metadata().map(|kept| kept.to_vec())
    }

    /// Begins with what another engine was told `age_ms` ago; false when it cannot be used any more.
    #[wasm_bindgen(js_name = preloadMetadata)]
    pub fn preload_metadata(&mut self, kept: Vec<u8>, age_ms: f64, now: f64) -> bool {
        let age = Duration::try_from_secs_f64(age_ms / 1000.0).unwrap_or(Duration::MAX);
        self.producer
            .preload_metadata(instant(now), age, &Bytes::from(kept))
    }

    /// Makes room for a packed record of `len` bytes and says where it is.
    pub fn reserve(&mut self, len: usize) -> *mut u8 {
        if self.buffer.len() < len {
            self.buffer.resize(len.next_power_of_two().max(4096), 0);
        }
        self.buffer.as_mut_ptr()
    }

    /// Bytes at the address of the last [`Engine::reserve`].
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Sends the record in the first `len` bytes of the buffer: its number, or -1 when full, or -2 when refused.
    /// Its `max.block.ms` began at `since`, and `wall_ms` is its time unless it has one.
    pub fn send(&mut self, len: usize, now: f64, since: f64, wall_ms: f64) -> f64 {
        let record = match packed::unpack(&self.buffer[..len], |topic| {
            self.topics.get(topic as usize).map(AsRef::as_ref)
        }) {
            Ok(record) => record,
            Err(bad) => {
                self.host.refused("INVALID_RECORD", &bad.to_string());
                return REFUSED;
            }
        };
        let timestamp = record.timestamp.or(Some(Timestamp(wall_ms as i64)));
        let record = Record { timestamp, ..record };
        match self.producer.send_since(instant(now), instant(since), record) {
            Ok(id) => id.0 as f64,
            Err(SendError::Full { .. }) => {
                // `queue.js` keeps those who wait in line; nobody waits with a record that was posted.
                self.producer.leave_line();
                FULL
            }
            Err(SendError::Refused { why, .. }) => {
                self.host.refused(why.code(), &why.to_string());
                REFUSED
            }
        }
    }

    /// Begins a flush and returns its number.
    pub fn flush(&mut self, now: f64) -> f64 {
        self.producer.flush(instant(now)).0 as f64
    }

    /// Begins to close.
    pub fn close(&mut self, now: f64, timeout_ms: f64) {
        let within = Duration::try_from_secs_f64(timeout_ms / 1000.0).ok();
        self.producer.close(instant(now), within);
    }

    /// A connection is open.
    pub fn connected(&mut self, conn: u32, now: f64) {
        self.input(now, Input::Connected { conn: ConnId(conn) });
    }

    /// Bytes arrived.
    pub fn received(&mut self, conn: u32, bytes: Vec<u8>, now: f64) {
        self.input(
            now,
            Input::Received {
                conn: ConnId(conn),
                bytes: Bytes::from(bytes),
            },
        );
    }

    /// Bytes have left the process.
    pub fn written(&mut self, conn: u32, count: usize, now: f64) {
        self.input(
            now,
            Input::Written {
                conn: ConnId(conn),
                count,
            },
        );
    }

    /// A connection is gone, or never came to be.
    pub fn closed(&mut self, conn: u32, why: String, now: f64) {
        self.input(
            now,
            Input::Closed {
                conn: ConnId(conn),
                why,
            },
        );
    }

    /// The moment that the last pump named has come.
    pub fn timeout(&mut self, now: f64) {
        self.input(now, Input::Timeout);
    }

    /// The page is about to be frozen.
    pub fn suspended(&mut self, now: f64) {
        self.input(now, Input::Suspended);
    }

    /// The page runs again.
    pub fn resumed(&mut self, now: f64) {
        self.input(now, Input::Resumed);
    }

    /// Does what is to be done, and returns the time at which to call `timeout`, or infinity.
    pub fn pump(&mut self, now: f64) -> f64 {
        let now = instant(now);
        let wake = loop {
            match self.producer.poll(now) {
                Output::Dial { conn, node, address } => self.dial(conn, node, &address),
                Output::Transmit { conn, chunks } => self.transmit(conn, &chunks),
                // Only the feature `sasl`, which this build has not, asks for one.
                Output::Hangup { conn } | Output::Login { conn } => self.host.hangup(conn.0),
                Output::Seal(job) => self.producer.handle(now, Input::Sealed(job.run())),
                Output::Done(completion) => {
                    let topic = self.topic(&Arc::clone(completion.topic()));
                    report::completion(&self.host, topic, completion);
                }
                Output::Room => self.host.room(),
                Output::Flushed(flush) => self.host.flushed(flush.0 as f64),
                Output::Closed => self.host.closed(),
                Output::Wait { at, .. } => break at,
            }
        };
        self.drain_trace();
        wake.map_or(f64::INFINITY, |at| at.as_micros() as f64)
    }

    /// Changes what is traced and returns the header of the trace. Lines are without their ends.
    pub fn trace(&mut self, level: &str, now: f64) -> String {
        let level = match level {
            "batch" => Level::Batch,
            "record" => Level::Record,
            _ => Level::Off,
        };
        // What happened before the change was to be traced.
        self.drain_trace();
        self.tracing = level != Level::Off;
        self.producer.set_trace(instant(now), level);
        let header = jsonl::Header::new(concat!("ottla npm ", env!("CARGO_PKG_VERSION")), level);
        header.line().trim_end().to_owned()
    }

    fn drain_trace(&mut self) {
        if self.tracing {
            let host = &self.host;
            self.producer
                .drain_trace(&mut |envelope| host.trace(jsonl::envelope_line(&envelope).trim_end()));
        }
    }

    fn input(&mut self, now: f64, input: Input) {
        self.producer.handle(instant(now), input);
    }

    /// The one copy on the way to a socket: a view on wasm memory would be detached when the memory grows.
    fn transmit(&self, conn: ConnId, chunks: &Chunks) {
        // Addresses have 32 bits.
        let len = chunks.len() as u32;
        let bytes = self.host.allocate(conn.0, len);
        let mut at = 0;
        for chunk in chunks {
            let end = at + chunk.len() as u32;
            bytes.subarray(at, end).copy_from(chunk);
            at = end;
        }
        self.host.transmit(conn.0, bytes);
    }

    fn dial(&self, conn: ConnId, node: Option<i32>, address: &Address) {
        match address {
            Address::Tcp { host, port } => self.host.dial(conn.0, host, *port, None),
            Address::Bridge { url } => {
                let url = match node {
                    Some(node) => format!("{url}/{node}"),
                    None => format!("{url}/any"),
                };
                self.host.dial(conn.0, "", 0, Some(url));
            }
        }
    }
}

fn instant(micros: f64) -> Instant {
    Instant::from_micros(micros as u64)
}
