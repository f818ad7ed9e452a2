//! Simulated TCP between the client and the brokers: ordered bytes that take their time, arrive in any pieces, and are
//! gone with their connection.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_broker::{ConnId as ServerConn, Endpoint, Micros, NodeId};
use ottla_sorted::{SortedMap, SortedSet};

use super::{Network as Parameters, Pieces, Span, stream::FrameScanner};
use crate::{Rng, queue::Queue};

/// A connection, by the client's number.
pub(super) type Conn = u32;

/// Something under way.
#[derive(Clone, Debug)]
pub(super) enum Transit {
    /// The client asks to connect.
    Syn(Conn),
    /// The broker accepted.
    Opened(Conn),
    /// Bytes for the broker.
    Up(Conn, Bytes),
    /// Bytes for the client.
    Down(Conn, Bytes),
    /// The client has closed.
    FinUp(Conn),
    /// The broker has closed, or never accepted.
    FinDown(Conn, String),
}

/// The end of a request or an answer that was put on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameSent {
    pub(super) conn: Conn,
    pub(super) correlation: i32,
    pub(super) answer: bool,
    pub(super) node: NodeId,
    pub(super) arrives: Micros,
}

#[derive(Clone, Debug)]
struct Line {
    /// When the last byte put on it has left.
    free_at: Micros,
    /// When it arrives.
    arrives: Micros,
    scanner: FrameScanner,
}

#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) node: NodeId,
    pub(super) server: Option<ServerConn>,
    up: Line,
    down: Line,
    /// What the client wrote and its kernel did not take yet.
    backlog: VecDeque<Bytes>,
    /// What the kernels hold that the broker has not read.
    in_window: usize,
    /// How much of it is at the machine of a stopped broker.
    held: usize,
    /// Bytes that the client handed over, and that have arrived.
    pub(super) sent: u64,
    pub(super) arrived: u64,
    /// The client wants to hear nothing more.
    hung_up: bool,
}

/// All connections.
#[derive(Clone, Debug)]
pub(super) struct Network {
    parameters: Parameters,
    rng: Rng,
    endpoints: SortedMap<NodeId, Endpoint>,
    pub(super) pipes: SortedMap<Conn, Pipe>,
    by_server: SortedMap<ServerConn, Conn>,
    queue: Queue<Transit>,
    frozen: SortedMap<NodeId, VecDeque<Transit>>,
    extra: SortedMap<NodeId, Micros>,
    /// Bytes that the client's kernel took, for the client to hear.
    written: VecDeque<(Conn, usize)>,
    /// Frames that were put on their way, for the trace.
    frames: Vec<FrameSent>,
    scan: bool,
}

impl Network {
    pub(super) fn new(
        parameters: Parameters,
        rng: Rng,
        endpoints: SortedMap<NodeId, Endpoint>,
        scan: bool,
    ) -> Self {
        Self {
            parameters,
            rng,
            endpoints,
            pipes: SortedMap::new(),
            by_server: SortedMap::new(),
            queue: Queue::default(),
            frozen: SortedMap::new(),
            extra: SortedMap::new(),
            written: VecDeque::new(),
            frames: Vec::new(),
            scan,
        }
    }

    pub(super) fn next_at(&self) -> Option<Micros> {
        self.queue.next_at()
    }

    pub(super) fn take_written(&mut self) -> Option<(Conn, usize)> {
        self.written.pop_front()
    }

    pub(super) fn take_frames(&mut self) -> Vec<FrameSent> {
        std::mem::take(&mut self.frames)
    }

    /// What arrives now.
    pub(super) fn pop(&mut self, now: Micros) -> Option<Transit> {
        while let Some(transit) = self.queue.pop(now) {
            let Some(pipe) = self.pipes.get(&transit.conn()) else {
                continue;
            };
            if let Some(stalled) = self.frozen.get_mut(&pipe.node) {
                stalled.push_back(transit);
                continue;
            }
            return Some(transit);
        }
        None
    }

    /// The client dials. `false` if nothing has that address.
    pub(super) fn dial(&mut self, now: Micros, conn: Conn, host: &str, port: u16) -> bool {
        let known = self
            .endpoints
            .iter()
            .find(|(_, endpoint)| endpoint.host == host && endpoint.port == port);
        let Some((&node, _)) = known else { return false };
        let line = |scanner| Line {
            free_at: now,
            arrives: now,
            scanner,
        };
        let pipe = Pipe {
            node,
            server: None,
            up: line(FrameScanner::of_requests()),
            down: line(FrameScanner::of_answers()),
            backlog: VecDeque::new(),
            in_window: 0,
            held: 0,
            sent: 0,
            arrived: 0,
            hung_up: false,
        };
        self.pipes.insert(conn, pipe);
        self.up(now, conn, Transit::Syn(conn), 0);
        true
    }

    /// The broker accepted, as its connection `server`.
    pub(super) fn opened(&mut self, now: Micros, conn: Conn, server: ServerConn) {
        if let Some(pipe) = self.pipes.get_mut(&conn) {
            pipe.server = Some(server);
            self.by_server.insert(server, conn);
            self.down(now, conn, Transit::Opened(conn), 0);
        }
    }

    /// The client writes.
    pub(super) fn transmit(&mut self, now: Micros, conn: Conn, chunks: impl IntoIterator<Item = Bytes>) {
        if let Some(pipe) = self.pipes.get_mut(&conn) {
            pipe.backlog
                .extend(chunks.into_iter().filter(|chunk| !chunk.is_empty()));
            self.pump(now, conn);
        }
    }

    /// The kernel takes what fits into its window.
    fn pump(&mut self, now: Micros, conn: Conn) {
        let window = self.parameters.window.max(1);
        loop {
            let Some(pipe) = self.pipes.get_mut(&conn) else {
                return;
            };
            let room = window.saturating_sub(pipe.in_window);
            let Some(chunk) = pipe.backlog.front_mut() else {
                return;
            };
            if room == 0 {
                return;
            }
            let most = match self.parameters.pieces {
                Pieces::Whole => room,
                Pieces::UpTo(most) => room.min(1 + self.rng.below(most.max(1) as u64) as usize),
            };
            let piece = chunk.split_to(chunk.len().min(most));
            if chunk.is_empty() {
                pipe.backlog.pop_front();
            }
            let len = piece.len();
            pipe.in_window += len;
            pipe.sent += len as u64;
            self.written.push_back((conn, len));
            self.up_bytes(now, conn, piece);
        }
    }

    fn up_bytes(&mut self, now: Micros, conn: Conn, piece: Bytes) {
        let ended = match self.pipes.get_mut(&conn) {
            Some(pipe) if self.scan => pipe.up.scanner.feed(&piece),
            _ => Vec::new(),
        };
        let len = piece.len();
        let arrives = self.up(now, conn, Transit::Up(conn, piece), len);
        self.note_frames(conn, &ended, false, arrives);
    }

    /// The broker writes.
    pub(super) fn answer(&mut self, now: Micros, server: ServerConn, mut bytes: Bytes) {
        let Some(&conn) = self.by_server.get(&server) else {
            return;
        };
        while !bytes.is_empty() {
            let most = match self.parameters.pieces {
                Pieces::Whole => bytes.len(),
                Pieces::UpTo(most) => 1 + self.rng.below(most.max(1) as u64) as usize,
            };
            let piece = bytes.split_to(bytes.len().min(most));
            let ended = match self.pipes.get_mut(&conn) {
                Some(pipe) if self.scan => pipe.down.scanner.feed(&piece),
                _ => Vec::new(),
            };
            let len = piece.len();
            let arrives = self.down(now, conn, Transit::Down(conn, piece), len);
            self.note_frames(conn, &ended, true, arrives);
        }
    }

    fn note_frames(&mut self, conn: Conn, ended: &[i32], answer: bool, arrives: Micros) {
        let Some(node) = self.pipes.get(&conn).map(|pipe| pipe.node) else {
            return;
        };
        let sent = ended.iter().map(|&correlation| FrameSent {
            conn,
            correlation,
            answer,
            node,
            arrives,
        });
        self.frames.extend(sent);
    }

    /// Bytes have arrived at the broker's machine; `read` says whether its process reads them.
    pub(super) fn arrived(&mut self, now: Micros, conn: Conn, len: usize, read: bool) {
        let Some(pipe) = self.pipes.get_mut(&conn) else {
            return;
        };
        pipe.arrived += len as u64;
        if read {
            pipe.in_window = pipe.in_window.saturating_sub(len);
            self.pump(now, conn);
        } else {
            pipe.held += len;
        }
    }

    /// A stopped broker goes on, and reads what was held for it.
    pub(super) fn drain_window(&mut self, now: Micros, node: NodeId) {
        let conns: Vec<Conn> = self.conns_to(node);
        for conn in conns {
            if let Some(pipe) = self.pipes.get_mut(&conn) {
                pipe.in_window = pipe.in_window.saturating_sub(std::mem::take(&mut pipe.held));
            }
            self.pump(now, conn);
        }
    }

    /// The client closes.
    pub(super) fn hang_up(&mut self, now: Micros, conn: Conn) {
        if let Some(pipe) = self.pipes.get_mut(&conn) {
            pipe.hung_up = true;
            pipe.backlog.clear();
            self.up(now, conn, Transit::FinUp(conn), 0);
        }
    }

    /// The broker closes, or is dead.
    pub(super) fn closed(&mut self, now: Micros, server: ServerConn, why: String) {
        if let Some(conn) = self.by_server.remove(&server) {
            self.refuse(now, conn, why);
        }
    }

    /// Nothing listens, or nothing any more.
    pub(super) fn refuse(&mut self, now: Micros, conn: Conn, why: String) {
        if let Some(pipe) = self.pipes.get_mut(&conn) {
            pipe.server = None;
            self.down(now, conn, Transit::FinDown(conn, why), 0);
        }
    }

    /// Both ends lose the connection, with everything on it. Gives the broker's end.
    pub(super) fn cut(&mut self, conn: Conn) -> Option<ServerConn> {
        let pipe = self.pipes.remove(&conn)?;
        self.written.retain(|(of, _)| *of != conn);
        if let Some(server) = pipe.server {
            self.by_server.remove(&server);
        }
        pipe.server
    }

    pub(super) fn conns_to(&self, node: NodeId) -> Vec<Conn> {
        self.pipes
            .iter()
            .filter(|(_, pipe)| pipe.node == node)
            .map(|(conn, _)| *conn)
            .collect()
    }

    pub(super) fn client_conn(&self, server: ServerConn) -> Option<Conn> {
        self.by_server.get(&server).copied()
    }

    /// Whether the client still listens to this connection.
    pub(super) fn is_wanted(&self, conn: Conn) -> bool {
        self.pipes.get(&conn).is_some_and(|pipe| !pipe.hung_up)
    }

    pub(super) fn freeze(&mut self, node: NodeId) -> bool {
        self.endpoints.contains_key(&node) && self.frozen.insert(node, VecDeque::new()).is_none()
    }

    pub(super) fn thaw(&mut self, now: Micros, node: NodeId) -> bool {
        let Some(stalled) = self.frozen.remove(&node) else {
            return false;
        };
        stalled
            .into_iter()
            .for_each(|transit| self.queue.push(now, transit));
        true
    }

    pub(super) fn is_frozen(&self) -> SortedSet<NodeId> {
        self.frozen.keys().copied().collect()
    }

    pub(super) fn delay(&mut self, node: NodeId, extra: Micros) -> bool {
        self.extra.insert(node, extra);
        self.endpoints.contains_key(&node)
    }

    fn up(&mut self, now: Micros, conn: Conn, transit: Transit, len: usize) -> Micros {
        let span = self.parameters.to_broker;
        self.put(now, conn, transit, len, span)
    }

    fn down(&mut self, now: Micros, conn: Conn, transit: Transit, len: usize) -> Micros {
        let span = self.parameters.to_client;
        self.put(now, conn, transit, len, span)
    }

    /// Puts it on its line, behind what is there; gives the time of arrival.
    fn put(&mut self, now: Micros, conn: Conn, transit: Transit, len: usize, span: Span) -> Micros {
        let drawn = self.rng.between(span.least, span.most);
        let Some(pipe) = self.pipes.get_mut(&conn) else {
            return now;
        };
        let latency = drawn + self.extra.get(&pipe.node).copied().unwrap_or(0);
        let line = if transit.is_upwards() {
            &mut pipe.up
        } else {
            &mut pipe.down
        };
        let takes = self
            .parameters
            .bandwidth
            .map_or(0, |rate| len as u64 * 1_000_000 / rate.max(1));
        line.free_at = line.free_at.max(now) + takes;
        line.arrives = line.arrives.max(line.free_at + latency);
        let at = line.arrives;
        self.queue.push(at, transit);
        at
    }
}

impl Transit {
    pub(super) fn conn(&self) -> Conn {
        match self {
            Self::Syn(conn)
            | Self::Opened(conn)
            | Self::Up(conn, _)
            | Self::Down(conn, _)
            | Self::FinUp(conn)
            | Self::FinDown(conn, _) => *conn,
        }
    }

    fn is_upwards(&self) -> bool {
        matches!(self, Self::Syn(_) | Self::Up(..) | Self::FinUp(_))
    }
}
