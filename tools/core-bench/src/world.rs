//! The producer and the null broker in one thread: what one writes, the other reads at once.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use null_broker::NullBroker;
use ottla_core::trace::Level;
use ottla_core::{Config, ConnId, Input, Instant, Output, Producer, Record, Timestamp};
use ottla_wire::frame::FrameDecoder;

pub(crate) const TOPIC: &str = "clicks";
const PARTITIONS: i32 = 6;
const MAX_FRAME: usize = 16 << 20;
/// Records between two polls, as an application sends them that produces in bursts.
const BURST: usize = 500;
/// Different keys: enough for all partitions, few enough for the first-level cache.
const KEYS: usize = 256;

pub(crate) struct World {
    producer: Producer,
    broker: NullBroker,
    streams: HashMap<ConnId, FrameDecoder>,
    inputs: VecDeque<Input>,
    keys: Vec<[u8; 10]>,
    now: Instant,
    sent: u64,
    acked: u64,
    events: u64,
}

/// What a run must have done, or its figures mean nothing.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) acked: u64,
    pub(crate) requests: u64,
    pub(crate) batches: u64,
    pub(crate) events: u64,
}

impl World {
    /// A producer that is connected, has its identity and knows the topic.
    pub(crate) fn new(codec: &str, trace: Level) -> Self {
        let config = Config::parse([
            ("bootstrap.servers", "null:9092"),
            ("acks", "all"),
            ("enable.idempotence", "true"),
            ("linger.ms", "5"),
            ("batch.size", "16384"),
            ("buffer.memory", "1073741824"),
            ("compression.type", codec),
        ]);
        let config = config.expect("options of this file, which ottla-core has");
        let mut world = Self {
            producer: Producer::new(config, 7),
            broker: NullBroker::new("null", 9092, TOPIC, PARTITIONS),
            streams: HashMap::new(),
            inputs: VecDeque::new(),
            keys: (0..KEYS).map(key).collect(),
            now: Instant::from_micros(1),
            sent: 0,
            acked: 0,
            events: 0,
        };
        world.send_all(1, &[b"first".to_vec()]);
        world.flush();
        world.producer.set_trace(world.now, trace);
        world.run();
        world
    }

    /// Sends only: partition, append, close what is full.
    pub(crate) fn append_all(&mut self, records: usize, values: &[Vec<u8>]) {
        for n in 0..records {
            let value = &values[(self.sent as usize + n) % values.len()];
            let record = Record::to(TOPIC).key(&self.keys[n % KEYS]).value(value);
            let record = record.at(Timestamp(1_700_000_000_000 + (n / 16) as i64));
            let sent = self.producer.send(self.now, record);
            sent.expect("buffer.memory is larger than any run");
        }
        self.sent += records as u64;
    }

    /// Sends in bursts, each of which runs to its end.
    pub(crate) fn send_all(&mut self, records: usize, values: &[Vec<u8>]) {
        for burst in 0..records.div_ceil(BURST) {
            self.append_all(BURST.min(records - burst * BURST), values);
            self.run();
        }
    }

    /// Sends what lingers, and runs until everything is acknowledged.
    pub(crate) fn flush(&mut self) {
        self.producer.flush(self.now);
        self.run();
        assert_eq!(
            self.acked, self.sent,
            "the null broker acknowledges everything at once"
        );
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            acked: self.acked,
            requests: self.broker.requests(),
            batches: self.broker.batches(),
            events: self.events,
        }
    }

    /// Until there is nothing to do but to wait for time.
    fn run(&mut self) {
        loop {
            self.poll();
            let Some(input) = self.inputs.pop_front() else {
                return;
            };
            self.producer.handle(self.now, input);
        }
    }

    fn poll(&mut self) {
        loop {
            match self.producer.poll(self.now) {
                Output::Dial { conn, .. } => {
                    self.streams.insert(conn, FrameDecoder::new(MAX_FRAME));
                    self.inputs.push_back(Input::Connected { conn });
                }
                Output::Transmit { conn, chunks } => {
                    let count = chunks.len();
                    self.inputs.push_back(Input::Written { conn, count });
                    self.answer(conn, chunks.into_bytes());
                }
                Output::Seal(job) => self.producer.handle(self.now, Input::Sealed(job.run())),
                Output::Done(completion) => {
                    assert!(completion.is_ok(), "{}", completion.describe());
                    self.acked += completion
                        .results()
                        .map(|(_, result)| result)
                        .filter(Result::is_ok)
                        .count() as u64;
                }
                Output::Hangup { conn } => drop(self.streams.remove(&conn)),
                Output::Room | Output::Flushed(_) | Output::Login { .. } | Output::Closed => {}
                Output::Wait { .. } => break,
            }
        }
        let events = &mut self.events;
        self.producer.drain_trace(&mut |_| *events += 1);
    }

    fn answer(&mut self, conn: ConnId, bytes: Bytes) {
        let stream = self.streams.get_mut(&conn).expect("dialled before");
        stream.push(bytes);
        while let Some(frame) = stream.next_frame().expect("frames of a producer") {
            let answer = self.broker.answer(&frame).expect("requests of a producer");
            if let Some(bytes) = answer.map(Bytes::from) {
                self.inputs.push_back(Input::Received { conn, bytes });
            }
        }
    }
}

fn key(n: usize) -> [u8; 10] {
    let mut key = *b"user-00000";
    let digits = format!("{n:05}");
    key[5..].copy_from_slice(digits.as_bytes());
    key
}
