//! One event onto the state.

use ottla_trace::{Envelope, Event, Source, event::Define};

use super::{Broker, State};

impl State {
    /// The state after `envelope`.
    pub fn fold(&mut self, envelope: &Envelope) {
        let t = envelope.t;
        self.t = self.t.max(t);
        self.events += 1;
        // `send` takes no simulated time: what is inside it leaves it with the instant, if not before.
        if t > self.t_entering {
            self.entering = None;
        }
        let node = match envelope.source {
            Source::Broker(node) => Some(node),
            Source::Client | Source::World => None,
        };
        self.observed |= envelope.source != Source::Client;
        match &envelope.event {
            Event::Define(define) => self.define(define),
            Event::Snapshot(snapshot) => self.fold_snapshot(t, snapshot),
            Event::Lost { count } => {
                self.lost_events = self.lost_events.saturating_add(*count);
                self.detach();
            }
            Event::Started {
                client_id, config, ..
            } => {
                self.set_attached();
                self.client_id.clone_from(client_id);
                self.config = config.iter().cloned().collect();
            }
            Event::ProducerId { producer_id, epoch }
            | Event::EpochBumped {
                producer_id, epoch, ..
            } => {
                self.identity = Some((*producer_id, *epoch));
            }
            Event::Memory { used, total } => self.memory = (*used, *total),
            Event::Full => self.full += 1,
            Event::Closing | Event::Closed => self.closing = true,
            Event::FlushStarted { .. } | Event::Flushed { .. } => {}
            event => {
                let done = self.fold_record(t, event)
                    || self.fold_batch(t, event)
                    || self.fold_wire(t, event)
                    || self.fold_cluster(t, node, event);
                debug_assert!(done, "an event that no part of the fold takes: {event:?}");
            }
        }
    }

    fn define(&mut self, define: &Define) {
        match define {
            Define::Topic { id, name } => {
                self.topics.insert(*id, name.clone());
            }
            Define::Key { id, text } => {
                self.keys.insert(*id, text.clone());
            }
            Define::Node { id, host, port } => {
                self.broker(*id).address = Some((host.clone(), *port));
            }
        }
    }

    /// The broker with this id, which begins to exist when it is first named.
    pub(super) fn broker(&mut self, id: i32) -> &mut Broker {
        self.brokers.entry(id).or_insert(Broker {
            id,
            address: None,
            state: None,
            since: 0,
            fenced_at: None,
        })
    }
}
