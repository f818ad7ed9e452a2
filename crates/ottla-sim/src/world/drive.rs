//! The driving loop: what the producer wants is done, what happened is told, and everybody who watches hears of it.

use ottla_broker::Observed;
use ottla_core::{Address, Completion, ConnId, Input, Instant, Output};

use super::{Command, World};
use crate::{cluster, oracle::Position};

impl World {
    /// Lets everything happen that needs no time.
    pub(super) fn settle(&mut self) {
        loop {
            self.poll_cluster();
            if !self.frozen {
                self.poll_producer();
            }
            self.watch();
            if let Some((conn, count)) = self.network.take_written() {
                let conn = ConnId(conn);
                self.inputs.push_back(Input::Written { conn, count });
            }
            if self.frozen {
                break;
            }
            if let Some(input) = self.inputs.pop_front() {
                self.producer.handle(Instant::from_micros(self.now), input);
            } else if !std::mem::take(&mut self.room) || !self.unpark() {
                break;
            }
        }
        self.report();
    }

    /// Hands over the parked records while the producer takes them. `true` if it took one.
    fn unpark(&mut self) -> bool {
        let before = self.parked.len();
        while let Some(record) = self.parked.pop_front() {
            if let Err(ottla_core::SendError::Full { record }) = self.accept(record) {
                self.parked.push_front(record);
                break;
            }
        }
        self.parked.len() < before
    }

    fn poll_cluster(&mut self) {
        loop {
            match self.cluster.poll(self.now) {
                cluster::Output::Send { conn, bytes } => self.network.answer(self.now, conn, bytes),
                cluster::Output::Close { conn, why } => self.network.closed(self.now, conn, why),
                cluster::Output::Wait { .. } => break,
            }
        }
    }

    fn poll_producer(&mut self) {
        let now = Instant::from_micros(self.now);
        loop {
            match self.producer.poll(now) {
                Output::Dial { conn, address, .. } => self.dial(conn, &address),
                Output::Transmit { conn, chunks } => self.network.transmit(self.now, conn.0, chunks),
                Output::Hangup { conn } => self.network.hang_up(self.now, conn.0),
                Output::Seal(job) => self.producer.handle(now, Input::Sealed(job.run())),
                Output::Done(completion) => self.done(&completion),
                Output::Room => self.room = true,
                // No simulated broker asks for a login.
                Output::Flushed(_) | Output::Login { .. } => {}
                Output::Closed => self.closed = true,
                Output::Wait { at, .. } => {
                    self.producer_at = at.map(Instant::as_micros);
                    break;
                }
            }
        }
    }

    fn dial(&mut self, conn: ConnId, address: &Address) {
        let known = match address {
            Address::Tcp { host, port } => self.network.dial(self.now, conn.0, host, *port),
            Address::Bridge { .. } => false,
        };
        if !known {
            let why = format!("nothing in this world has the address {address}");
            self.inputs.push_back(Input::Closed { conn, why });
        }
    }

    fn done(&mut self, completion: &Completion) {
        if crate::FULL {
            self.checkers.doubled(self.producer.metrics().maybe_duplicated);
        }
        let under_way = self.under_way();
        for (id, result) in completion.results() {
            match &result {
                Ok(metadata) => self.oracle.told_ok(id, metadata.offset, &under_way),
                Err(error) => self.oracle.told_failed(id, error.persisted),
            }
            self.checkers.resolved(self.now, id, &result, &self.oracle);
        }
    }

    /// How far the client had written on each connection whose bytes brokers have not dealt with.
    fn under_way(&self) -> Vec<Position> {
        let pipes = self.network.pipes.iter().map(|(conn, pipe)| (*conn, pipe.sent));
        pipes.filter(|position| !self.is_over(position)).collect()
    }

    fn is_over(&self, (conn, sent): &Position) -> bool {
        let Some(pipe) = self.network.pipes.get(conn) else {
            return true;
        };
        let Some(server) = pipe.server else { return true };
        pipe.arrived.saturating_sub(self.cluster.unread(server) as u64) >= *sent
    }

    /// Collects what the producer and the cluster have to say.
    fn watch(&mut self) {
        while let Some(event) = self.cluster.take_event() {
            let network = &self.network;
            let conn = |what: &Observed| match what {
                Observed::Appended { conn, .. } | Observed::Refused { conn, .. } => {
                    network.client_conn(*conn)
                }
                _ => None,
            };
            self.trace.cluster(self.now, &event, conn);
            self.checkers.watch(&event);
            self.oracle.note(&self.cluster, &event);
        }
        if self.trace.is_on() {
            let trace = &mut self.trace;
            self.producer.drain_trace(&mut |envelope| trace.client(envelope));
            for frame in self.network.take_frames() {
                self.trace.frame(self.now, &frame);
            }
        }
    }

    /// Tells the trace what the oracle found.
    fn report(&mut self) {
        let mut oracle = std::mem::take(&mut self.oracle);
        oracle.settle(|position| self.is_over(position));
        self.oracle = oracle;
        for (record, verdict) in self.oracle.take_verdicts() {
            self.trace.verdict(self.now, record, verdict);
        }
        let ledger = self.oracle.ledger();
        if ledger != self.told {
            self.told = ledger;
            self.trace.ledger(self.now, ledger);
        }
    }

    /// Does what the application or its process does.
    pub(super) fn apply(&mut self, command: Command) -> bool {
        let now = Instant::from_micros(self.now);
        if self.frozen && command.is_by_application() {
            self.deferred.push_back(command);
            return true;
        }
        match command {
            Command::Publish(record) => return self.publish_now(record),
            Command::Flush => _ = self.producer.flush(now),
            Command::Close(within) => self.producer.close(now, within),
            Command::Suspended if !self.frozen => {
                self.producer.handle(now, Input::Suspended);
                self.frozen = true;
            }
            Command::Resumed if self.frozen => {
                self.frozen = false;
                self.producer.handle(now, Input::Resumed);
                while let Some(command) = self.deferred.pop_front() {
                    self.apply(command);
                }
            }
            _ => return false,
        }
        true
    }
}
