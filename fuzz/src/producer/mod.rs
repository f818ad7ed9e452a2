//! Operations on the core, and a world that answers rightly, wrongly or not at all. Whatever happens, each accepted
//! record gets one result, memory comes back, and a producer that is closed comes to its end.

mod answers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use ottla_core::config::Config;
use ottla_core::io::{ConnId, Input as CoreInput, Output, SealJob};
use ottla_core::trace::Level;
use ottla_core::{Instant, Producer, Record, RecordId, SendError};
use ottla_wire::frame::FrameDecoder;
use ottla_wire::header::RequestHeader;
use ottla_wire::{AnyRequest, ErrorCode, decode_request};

use crate::split::Input;

/// Outputs between two inputs: more of them is a producer that does not come to rest.
const MOST_OUTPUTS: usize = 20_000;
/// Steps of time in which a producer that was told to close within a second has to be closed.
const MOST_STEPS: usize = 2_000;
const CODES: [i16; 20] = [
    0, 0, -1, 2, 3, 6, 7, 10, 19, 29, 31, 35, 45, 46, 47, 59, 74, 87, 90, 100,
];

struct Socket {
    open: bool,
    unwritten: usize,
    frames: FrameDecoder,
    requests: VecDeque<(RequestHeader, AnyRequest)>,
}

struct World {
    producer: Producer,
    now: Instant,
    wait: Option<Instant>,
    sockets: BTreeMap<ConnId, Socket>,
    seals: VecDeque<SealJob>,
    accepted: BTreeSet<RecordId>,
    resolved: BTreeSet<RecordId>,
    suspended: bool,
    closed: bool,
    new_broker: bool,
    leader: i32,
    next_offset: i64,
}

/// The first bytes choose the options, each of the others an operation and what belongs to it.
pub(crate) fn operations(input: &[u8]) {
    let mut input = Input(input);
    let config = config(input.byte(), input.byte());
    let mut producer = Producer::new(config, 1);
    if input.byte() & 1 == 1 {
        producer.set_trace(Instant::ZERO, Level::Record);
    }
    let mut world = World {
        producer,
        now: Instant::ZERO,
        wait: None,
        sockets: BTreeMap::new(),
        seals: VecDeque::new(),
        accepted: BTreeSet::new(),
        resolved: BTreeSet::new(),
        suspended: false,
        closed: false,
        new_broker: input.byte() & 1 == 1,
        leader: 1,
        next_offset: 0,
    };
    while !input.is_empty() && !world.closed {
        world.operation(&mut input);
        world.drain();
    }
    world.end();
}

fn config(first: u8, second: u8) -> Config {
    let idempotent = first & 1 == 0;
    let choose = |bits: u8, values: &[&'static str]| values[usize::from(bits) % values.len()];
    let options = [
        ("bootstrap.servers", "b1:9092,b2:9092"),
        ("enable.idempotence", if idempotent { "true" } else { "false" }),
        (
            "acks",
            if idempotent {
                "all"
            } else {
                choose(first >> 1, &["all", "1", "0"])
            },
        ),
        ("linger.ms", choose(first >> 3, &["0", "5"])),
        ("batch.size", choose(first >> 4, &["16384", "1", "120"])),
        ("compression.type", choose(first >> 6, &["none", "lz4"])),
        (
            "max.in.flight.requests.per.connection",
            choose(second, &["5", "1", "2"]),
        ),
        ("retries", choose(second >> 2, &["2147483647", "1"])),
        ("buffer.memory", choose(second >> 3, &["100000", "500"])),
        ("max.request.size", "100000"),
        ("request.timeout.ms", "300"),
        ("delivery.timeout.ms", "1000"),
        ("max.block.ms", "500"),
        ("retry.backoff.ms", choose(second >> 4, &["100", "0"])),
        (
            "partitioner.class",
            choose(second >> 5, &["", "RoundRobinPartitioner"]),
        ),
    ];
    Config::parse(options).expect("valid options")
}

impl World {
    fn operation(&mut self, input: &mut Input<'_>) {
        match input.below(16) {
            0..=3 => self.send(input),
            4 => self.advance(u64::from(input.byte())),
            5 => self.advance(u64::from(input.byte()) * 50),
            6 => self.connected(input),
            7 => self.answer(input, false),
            8 => self.answer(input, true),
            9 => self.end_connection(input),
            10 => self.raw(input),
            11 => self.written(input),
            12 => {
                self.producer.flush(self.now);
            }
            13 => self.sealed(),
            14 => self.freeze(),
            _ => self.rarely(input),
        }
    }

    fn rarely(&mut self, input: &mut Input<'_>) {
        match input.below(4) {
            0 => self.leader = 3 - self.leader,
            1 => self
                .producer
                .want(self.now, "u")
                .unwrap_or_else(|error| assert!(!error.to_string().is_empty())),
            2 if input.byte() > 200 => self
                .producer
                .close(self.now, Some(Duration::from_millis(input.byte().into()))),
            _ => assert!(self.producer.snapshot().memory_used <= self.producer.snapshot().memory_total),
        }
    }

    fn send(&mut self, input: &mut Input<'_>) {
        let shape = input.byte();
        let value = vec![b'v'; usize::from(input.byte()) * if shape & 1 == 0 { 1 } else { 40 }];
        let mut record = Record::to(if shape & 2 == 0 { "t" } else { "u" }).value(value);
        if shape & 4 != 0 {
            record = record.partition(i32::from(shape >> 5) - 1);
        }
        if shape & 8 != 0 {
            record = record.key(input.take(2).to_vec());
        }
        match self.producer.send(self.now, record) {
            Ok(id) => assert!(self.accepted.insert(id), "a number twice"),
            Err(SendError::Full { record } | SendError::Refused { record, .. }) => {
                assert!(record.value.is_some(), "a refused record is given back");
            }
        }
    }

    fn handle(&mut self, input: CoreInput) {
        self.drain();
        self.producer.handle(self.now, input);
        self.drain();
    }

    fn advance(&mut self, millis: u64) {
        self.drain();
        self.now += Duration::from_millis(millis);
        self.handle(CoreInput::Timeout);
    }

    fn conn(&self, input: &mut Input<'_>, wanted: impl Fn(&Socket) -> bool) -> Option<ConnId> {
        let conns: Vec<ConnId> = self
            .sockets
            .iter()
            .filter(|(_, socket)| wanted(socket))
            .map(|(conn, _)| *conn)
            .collect();
        (!conns.is_empty()).then(|| conns[input.below(conns.len())])
    }

    fn connected(&mut self, input: &mut Input<'_>) {
        self.drain();
        if let Some(conn) = self.conn(input, |socket| !socket.open) {
            if let Some(socket) = self.sockets.get_mut(&conn) {
                socket.open = true;
            }
            self.handle(CoreInput::Connected { conn });
        }
    }

    fn end_connection(&mut self, input: &mut Input<'_>) {
        self.drain();
        if let Some(conn) = self.conn(input, |_| true) {
            self.sockets.remove(&conn);
            let why = "it broke".to_owned();
            self.handle(CoreInput::Closed { conn, why });
        }
    }

    fn raw(&mut self, input: &mut Input<'_>) {
        self.drain();
        if let Some(conn) = self.conn(input, |socket| socket.open) {
            let len = input.below(64);
            let bytes = Bytes::copy_from_slice(input.take(len));
            self.handle(CoreInput::Received { conn, bytes });
        }
    }

    fn written(&mut self, input: &mut Input<'_>) {
        self.drain();
        if let Some(conn) = self.conn(input, |socket| socket.unwritten > 0) {
            let part = usize::from(input.byte());
            let Some(socket) = self.sockets.get_mut(&conn) else {
                return;
            };
            let count = if part == 0 {
                socket.unwritten
            } else {
                part.min(socket.unwritten)
            };
            socket.unwritten -= count;
            self.handle(CoreInput::Written { conn, count });
        }
    }

    fn sealed(&mut self) {
        self.drain();
        if let Some(job) = self.seals.pop_front() {
            self.handle(CoreInput::Sealed(job.run()));
        }
    }

    fn freeze(&mut self) {
        self.suspended = !self.suspended;
        self.handle(if self.suspended {
            CoreInput::Suspended
        } else {
            CoreInput::Resumed
        });
    }

    /// Answers the oldest request of a connection, in one piece or two.
    fn answer(&mut self, input: &mut Input<'_>, with_error: bool) {
        self.drain();
        let Some(conn) = self.conn(input, |socket| !socket.requests.is_empty()) else {
            return;
        };
        let request = self
            .sockets
            .get_mut(&conn)
            .and_then(|socket| socket.requests.pop_front());
        let Some((header, request)) = request else {
            return;
        };
        let code = if with_error {
            ErrorCode(CODES[input.below(CODES.len())])
        } else {
            ErrorCode::NONE
        };
        let Some(bytes) = self.encoded(&header, &request, code, input) else {
            return;
        };
        let cut = usize::from(input.byte()) % bytes.len();
        let behind = bytes.slice(cut..);
        self.handle(CoreInput::Received {
            conn,
            bytes: bytes.slice(..cut),
        });
        self.handle(CoreInput::Received { conn, bytes: behind });
    }

    fn drain(&mut self) {
        for _ in 0..MOST_OUTPUTS {
            match self.producer.poll(self.now) {
                Output::Dial { conn, .. } => {
                    let socket = Socket {
                        open: false,
                        unwritten: 0,
                        frames: FrameDecoder::new(1 << 20),
                        requests: VecDeque::new(),
                    };
                    assert!(
                        self.sockets.insert(conn, socket).is_none(),
                        "{conn:?} is dialled twice"
                    );
                }
                Output::Transmit { conn, chunks } => self.transmitted(conn, &chunks.into_bytes()),
                Output::Hangup { conn } => {
                    self.sockets.remove(&conn);
                }
                Output::Seal(job) => self.seals.push_back(job),
                Output::Done(completion) => {
                    for (id, _) in completion.results() {
                        assert!(self.accepted.contains(&id), "{id:?} was never accepted");
                        assert!(self.resolved.insert(id), "{id:?} has two results");
                    }
                    if !completion.is_ok() {
                        let count = completion.len();
                        assert_eq!(completion.records().len(), count, "failed records are given back");
                    }
                }
                Output::Closed => self.closed = true,
                Output::Wait { at, .. } => {
                    self.wait = at;
                    self.producer.drain_trace(&mut |_| ());
                    return;
                }
                Output::Login { .. } => panic!("no login is configured"),
                Output::Room | Output::Flushed(_) => {}
            }
        }
        panic!("the producer does not come to rest");
    }

    fn transmitted(&mut self, conn: ConnId, bytes: &Bytes) {
        let socket = self.sockets.get_mut(&conn).expect("written to what was dialled");
        assert!(socket.open, "written before it was open");
        socket.unwritten += bytes.len();
        socket.frames.push(bytes.clone());
        while let Some(frame) = socket.frames.next_frame().expect("frames") {
            let request = decode_request(&frame).expect("a request that a broker can read");
            socket.requests.push_back(request);
        }
    }

    fn end(mut self) {
        if self.suspended {
            self.freeze();
        }
        self.drain();
        self.producer.close(self.now, Some(Duration::from_secs(1)));
        self.drain();
        for _ in 0..MOST_STEPS {
            if self.closed {
                break;
            }
            self.sealed();
            let next = self.now + Duration::from_millis(100);
            self.now = self
                .wait
                .filter(|at| *at > self.now)
                .map_or(next, |at| at.min(next));
            self.handle(CoreInput::Timeout);
        }
        assert!(
            self.closed,
            "told to close within a second, it is still open at {:?}",
            self.now
        );
        assert_eq!(self.resolved, self.accepted, "each record has a result");
        assert_eq!((self.producer.outstanding(), self.producer.memory_used()), (0, 0));
    }
}
