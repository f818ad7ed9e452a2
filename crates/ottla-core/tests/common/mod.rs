//! A scripted cluster around one producer. It answers what every test needs answered (versions, metadata, producer
//! id) and leaves Produce requests to the test.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

mod broker;
mod pending;

#[allow(unused_imports, reason = "each test file uses a part")]
pub use pending::{Pending, encode, respond, short, text};

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use ottla_core::trace::{Envelope, Event, Level};
use ottla_core::{
    Address, Builtin, Completion, Config, ConnId, DeliveryError, Extensions, Input, Instant, Output,
    Producer, Record, RecordId, RecordMetadata, Timer, Timestamp,
};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::init_producer_id::InitProducerIdRequest;
use ottla_wire::messages::metadata::MetadataRequest;
use ottla_wire::messages::produce::PartitionProduceResponse;
use ottla_wire::messages::sasl::{SaslAuthenticateResponse, SaslHandshakeResponse};
use ottla_wire::primitives::Uuid;
use ottla_wire::{AnyRequest, decode_request};

pub type Outcome = Result<RecordMetadata, DeliveryError>;

pub const TOPIC: &str = "clicks";

struct Socket {
    node: Option<i32>,
    address: Address,
    frames: FrameDecoder,
    unwritten: usize,
    open: bool,
    /// Answers in the order of their requests; `None` is not there yet.
    answers: VecDeque<(i32, Option<Bytes>)>,
}

/// One topic of the scripted cluster: leader and leader epoch by partition.
pub type Leaders = Vec<(i32, i32)>;

pub struct Bench<X: Extensions = Builtin> {
    pub producer: Producer<X>,
    pub now: Instant,
    pub wait: (Option<Instant>, Timer),
    /// Nodes by id; each advertises `b{id}:9092`.
    pub nodes: Vec<i32>,
    pub topics: BTreeMap<String, Result<Leaders, ErrorCode>>,
    /// Topic ids that metadata tells; a topic without one has none.
    pub ids: BTreeMap<String, Uuid>,
    /// Milliseconds for which metadata answers ask for silence, and the error at their top.
    pub metadata_throttle: i32,
    /// The same for answers to Produce.
    pub produce_throttle: i32,
    pub metadata_error: ErrorCode,
    pub versions: Vec<(ApiKey, i16, i16)>,
    /// Whether connections open, bytes count as written, and service requests are answered by themselves.
    pub opens: bool,
    pub writes: bool,
    pub answers: bool,
    /// Answers arrive in pieces of this size.
    pub pieces: Option<usize>,
    pub producer_id: i64,
    pub init_errors: VecDeque<ErrorCode>,
    pub next_init: i16,
    pub dialled: Vec<(ConnId, Option<i32>, Address)>,
    pub hung_up: Vec<ConnId>,
    pub requests: Vec<(ConnId, ApiKey, i16)>,
    pub metadata_requests: Vec<MetadataRequest>,
    pub init_requests: Vec<InitProducerIdRequest>,
    pub pending: VecDeque<Pending>,
    pub done: Vec<(RecordId, Outcome)>,
    pub completions: Vec<Completion>,
    pub rooms: usize,
    pub flushed: Vec<u64>,
    /// Connections over which a login is wanted.
    pub logins: Vec<ConnId>,
    /// What brokers answer to SaslHandshake, and in turn to SaslAuthenticate; nothing when there is no answer left.
    pub handshake: SaslHandshakeResponse,
    pub sasl_answers: VecDeque<SaslAuthenticateResponse>,
    /// Mechanisms and messages of logins, as brokers got them.
    pub said: Vec<Vec<u8>>,
    pub closed: bool,
    pub written_bytes: Vec<u8>,
    pub trace: Vec<Envelope>,
    sockets: BTreeMap<ConnId, Socket>,
}

impl Bench {
    /// One node that leads the partitions of [`TOPIC`], and a producer with these options.
    pub fn new(partitions: usize, options: &[(&str, &str)]) -> Self {
        Self::with_level(partitions, options, Level::Off)
    }

    pub fn with_level(partitions: usize, options: &[(&str, &str)], level: Level) -> Self {
        Self::with_extensions(partitions, options, level, Builtin)
    }

    /// A producer whose connections are ready and whose topic is known: it has delivered one record per partition.
    pub fn warm(partitions: usize, options: &[(&str, &str)]) -> Self {
        let mut bench = Self::new(partitions, options);
        bench.warm_up(partitions);
        bench
    }

    /// As [`Bench::warm`], for `acks=0`: nothing is answered.
    pub fn warm_unanswered(options: &[(&str, &str)]) -> Self {
        let mut bench = Self::new(1, options);
        bench.send_to(0, "warm");
        bench.run();
        assert_eq!(bench.done.len(), 1);
        bench.done.clear();
        bench.completions.clear();
        bench.pending.clear();
        bench
    }
}

impl<X: Extensions> Bench<X> {
    /// As [`Bench::with_level`], with an application's own decisions.
    pub fn with_extensions(partitions: usize, options: &[(&str, &str)], level: Level, extensions: X) -> Self {
        let defaults = [("bootstrap.servers", "boot:9092"), ("client.id", "test")];
        let given = defaults
            .iter()
            .filter(|(name, _)| !options.iter().any(|(other, _)| other == name))
            .chain(options);
        let config = Config::parse(given.copied()).unwrap_or_else(|errors| panic!("{errors:?}"));
        let mut producer = Producer::with_extensions(config, 1, extensions);
        producer.set_trace(Instant::ZERO, level);
        Self {
            producer,
            now: Instant::ZERO,
            wait: (None, Timer::Idle),
            nodes: vec![1],
            topics: BTreeMap::from([(TOPIC.to_owned(), Ok(vec![(1, 0); partitions]))]),
            ids: BTreeMap::new(),
            metadata_throttle: 0,
            produce_throttle: 0,
            metadata_error: ErrorCode::NONE,
            versions: vec![
                (ApiKey::Produce, 0, 13),
                (ApiKey::Metadata, 0, 13),
                (ApiKey::InitProducerId, 0, 5),
                (ApiKey::ApiVersions, 0, 4),
            ],
            opens: true,
            writes: true,
            answers: true,
            pieces: None,
            producer_id: 7000,
            init_errors: VecDeque::new(),
            next_init: 0,
            dialled: Vec::new(),
            hung_up: Vec::new(),
            requests: Vec::new(),
            metadata_requests: Vec::new(),
            init_requests: Vec::new(),
            pending: VecDeque::new(),
            done: Vec::new(),
            completions: Vec::new(),
            rooms: 0,
            flushed: Vec::new(),
            logins: Vec::new(),
            handshake: SaslHandshakeResponse::default(),
            sasl_answers: VecDeque::new(),
            said: Vec::new(),
            closed: false,
            written_bytes: Vec::new(),
            trace: Vec::new(),
            sockets: BTreeMap::new(),
        }
    }

    /// Delivers one record per partition.
    pub fn warm_up(&mut self, partitions: usize) {
        self.warm_up_with(partitions, partitions);
    }

    /// As [`Bench::warm_up`], together with what was sent before: so many results in all.
    pub fn warm_up_with(&mut self, partitions: usize, results: usize) {
        for partition in 0..partitions {
            self.send_to(partition as i32, "warm");
        }
        self.producer.flush(self.now);
        self.run();
        self.answer_all();
        assert_eq!(self.done.len(), results, "{:?}", self.done);
        self.done.clear();
        self.completions.clear();
        self.flushed.clear();
        self.requests.clear();
        self.metadata_requests.clear();
        self.dialled.clear();
        self.hung_up.clear();
    }

    pub fn send(&mut self, record: Record<'_>) -> RecordId {
        let record = match record.timestamp {
            Some(_) => record,
            None => record.at(Timestamp(1_700_000_000_000)),
        };
        self.producer.send(self.now, record).expect("accepted")
    }

    pub fn send_to(&mut self, partition: i32, value: &str) -> RecordId {
        self.send(Record::to(TOPIC).partition(partition).value(value))
    }

    /// Polls until `Wait`, playing network and broker, until nothing happens any more at this moment.
    pub fn run(&mut self) {
        let mut inputs = VecDeque::new();
        loop {
            self.poll(&mut inputs);
            let Some(input) = inputs.pop_front() else {
                break;
            };
            self.producer.handle(self.now, input);
        }
        let trace = &mut self.trace;
        self.producer.drain_trace(&mut |envelope| trace.push(envelope));
    }

    /// Hands in one input and runs.
    pub fn handle(&mut self, input: Input) {
        self.poll_only();
        self.producer.handle(self.now, input);
        self.run();
    }

    /// Polls until `Wait` without letting anything arrive.
    pub fn poll_only(&mut self) {
        let mut inputs = VecDeque::new();
        self.poll(&mut inputs);
        for input in inputs {
            self.producer.handle(self.now, input);
            self.poll(&mut VecDeque::new());
        }
    }

    fn poll(&mut self, inputs: &mut VecDeque<Input>) {
        loop {
            match self.producer.poll(self.now) {
                Output::Dial { conn, node, address } => {
                    self.dialled.push((conn, node, address.clone()));
                    let frames = FrameDecoder::new(64 << 20);
                    let open = self.opens;
                    self.sockets.insert(
                        conn,
                        Socket {
                            node,
                            address,
                            frames,
                            unwritten: 0,
                            open,
                            answers: VecDeque::new(),
                        },
                    );
                    if self.opens {
                        inputs.push_back(Input::Connected { conn });
                    }
                }
                Output::Transmit { conn, chunks } => self.transmitted(conn, &chunks.into_bytes(), inputs),
                Output::Hangup { conn } => {
                    self.sockets.remove(&conn);
                    self.pending.retain(|pending| pending.conn != conn);
                    self.hung_up.push(conn);
                }
                Output::Seal(job) => self.producer.handle(self.now, Input::Sealed(job.run())),
                Output::Done(completion) => {
                    self.done.extend(completion.results());
                    self.completions.push(completion);
                }
                Output::Room => self.rooms += 1,
                Output::Login { conn } => self.logins.push(conn),
                Output::Flushed(flush) => self.flushed.push(flush.0),
                Output::Closed => self.closed = true,
                Output::Wait { at, why } => {
                    self.wait = (at, why);
                    return;
                }
            }
        }
    }

    fn transmitted(&mut self, conn: ConnId, bytes: &Bytes, inputs: &mut VecDeque<Input>) {
        self.written_bytes.extend_from_slice(bytes);
        let Some(socket) = self.sockets.get_mut(&conn) else {
            panic!("transmit on {conn:?}, which is not open");
        };
        assert!(socket.open, "transmit before Connected");
        socket.unwritten += bytes.len();
        socket.frames.push(bytes.clone());
        if self.writes {
            inputs.push_back(Input::Written {
                conn,
                count: bytes.len(),
            });
            socket.unwritten = 0;
        }
        while let Some(frame) = self
            .sockets
            .get_mut(&conn)
            .and_then(|s| s.frames.next_frame().expect("frames"))
        {
            let (header, request) = decode_request(&frame).expect("a request that a broker can read");
            self.requests.push((conn, request.api(), header.api_version));
            let (correlation, is_answered) = (header.correlation_id, !self.is_unanswered(&request));
            let answer = self.serve(conn, header, request);
            if is_answered && let Some(socket) = self.sockets.get_mut(&conn) {
                socket.answers.push_back((correlation, answer));
            }
            inputs.extend(self.due_answers(conn));
        }
    }

    fn is_unanswered(&self, request: &AnyRequest) -> bool {
        matches!(request, AnyRequest::Produce(request) if request.acks == 0)
    }

    /// Answers whose turn has come: a broker answers in order.
    fn due_answers(&mut self, conn: ConnId) -> Vec<Input> {
        let mut due = Vec::new();
        if let Some(socket) = self.sockets.get_mut(&conn) {
            while let Some((_, Some(bytes))) = socket.answers.front() {
                let size = self.pieces.unwrap_or(bytes.len());
                let pieces = bytes.chunks(size).map(Bytes::copy_from_slice);
                due.extend(pieces.map(|bytes| Input::Received { conn, bytes }));
                socket.answers.pop_front();
            }
        }
        due
    }

    /// Opens a connection that was held back (`opens` was false).
    pub fn open(&mut self, conn: ConnId) {
        self.sockets.get_mut(&conn).expect("a dialled socket").open = true;
        self.handle(Input::Connected { conn });
    }

    /// Lets time pass, waking the producer whenever it asked for it.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        self.run();
        let mut wakes = 0;
        while let Some(at) = self.wait.0.filter(|at| *at <= end) {
            assert!(
                at > self.now || wakes == 0,
                "woken again and again at {at}: {:?}",
                self.wait
            );
            wakes = if at > self.now { 0 } else { wakes + 1 };
            self.now = self.now.max(at);
            self.producer.handle(self.now, Input::Timeout);
            self.run();
        }
        self.now = end;
    }

    pub fn advance_ms(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    /// The next Produce request; there must be one.
    pub fn take(&mut self) -> Pending {
        self.pending.pop_front().expect("a Produce request is waiting")
    }

    /// Answers each batch of a request with the same error (or none, at this offset).
    pub fn reply(&mut self, pending: &Pending, code: ErrorCode, base_offset: i64) {
        self.reply_with(pending, |_, _| PartitionProduceResponse {
            error_code: code,
            base_offset: if code.is_ok() { base_offset } else { -1 },
            ..Default::default()
        });
    }

    pub fn ok(&mut self, pending: &Pending, base_offset: i64) {
        self.reply(pending, ErrorCode::NONE, base_offset);
    }

    pub fn reply_with(&mut self, pending: &Pending, answer: impl Fn(&str, i32) -> PartitionProduceResponse) {
        let mut answer = respond(pending, answer);
        answer.throttle_time_ms = self.produce_throttle;
        let bytes = encode(&pending.header, &answer);
        let Some(socket) = self.sockets.get_mut(&pending.conn) else {
            return;
        };
        let mut slots = socket.answers.iter_mut();
        let slot = slots.find(|(correlation, _)| *correlation == pending.header.correlation_id);
        slot.expect("the request is not answered yet").1 = Some(bytes);
        for input in self.due_answers(pending.conn) {
            self.handle(input);
        }
    }

    pub fn receive(&mut self, conn: ConnId, bytes: Bytes) {
        self.handle(Input::Received { conn, bytes });
    }

    /// Answers everything that is or gets pending, until nothing is.
    pub fn answer_all(&mut self) {
        self.run();
        while let Some(pending) = self.pending.pop_front() {
            self.ok(&pending, 100);
        }
    }

    /// The newest connection that is open.
    pub fn conn(&self) -> ConnId {
        *self.sockets.keys().next_back().expect("a connection")
    }

    /// Lets time pass, then answers everything that is there.
    pub fn answer_after_ms(&mut self, millis: u64) {
        self.advance_ms(millis);
        self.answer_all();
    }

    /// Cuts every connection.
    pub fn cut_all(&mut self) {
        for conn in self.sockets.keys().copied().collect::<Vec<_>>() {
            self.cut(conn);
        }
    }

    /// Cuts a connection.
    pub fn cut(&mut self, conn: ConnId) {
        self.sockets.remove(&conn);
        self.pending.retain(|pending| pending.conn != conn);
        self.handle(Input::Closed {
            conn,
            why: "cut by the test".to_owned(),
        });
    }

    /// Reports bytes as written that were held back (`writes` is false).
    pub fn write(&mut self, conn: ConnId, count: usize) {
        let socket = self.sockets.get_mut(&conn).expect("an open socket");
        assert!(count <= socket.unwritten);
        socket.unwritten -= count;
        self.handle(Input::Written { conn, count });
    }

    pub fn unwritten(&self, conn: ConnId) -> usize {
        self.sockets[&conn].unwritten
    }

    /// The results so far, as short text.
    pub fn results(&self) -> Vec<String> {
        self.done.iter().map(|(_, outcome)| short(outcome)).collect()
    }

    pub fn events(&self, filter: impl Fn(&Event) -> bool) -> usize {
        self.trace
            .iter()
            .filter(|envelope| filter(&envelope.event))
            .count()
    }
}
