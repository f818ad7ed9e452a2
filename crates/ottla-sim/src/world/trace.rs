//! One trace out of three kinds of sources: the client, each broker, the world.
//!
//! Topics have one number for all of them. The world gives the numbers; the client, which numbers by itself, is
//! renumbered. Envelopes come in the order in which things happened.

use std::sync::Arc;

use ottla_broker::{ErrorCode, Micros, NodeId, Observation, Observed};
use ottla_sorted::SortedMap;
use ottla_trace::{
    Envelope, Event, Level, Source,
    event::{Define, Ledger, TopicIx, Verdict},
};

use super::network::FrameSent;
use crate::ClusterEvent;

/// The world's half of the trace, and the merging of all.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    level: Level,
    envelopes: Vec<Envelope>,
    world_seq: u64,
    broker_seq: SortedMap<NodeId, u64>,
    topics: SortedMap<Arc<str>, TopicIx>,
    /// The world's number for each of the client's.
    client_topics: SortedMap<TopicIx, TopicIx>,
}

impl Trace {
    pub(super) fn new(level: Level) -> Self {
        Self {
            level,
            envelopes: Vec::new(),
            world_seq: 0,
            broker_seq: SortedMap::new(),
            topics: SortedMap::new(),
            client_topics: SortedMap::new(),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.level != Level::Off
    }

    pub(super) fn take(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.envelopes)
    }

    pub(super) fn len(&self) -> usize {
        self.envelopes.len()
    }

    /// An event of the client.
    pub(super) fn client(&mut self, mut envelope: Envelope) {
        let t = envelope.t;
        if let Event::Define(Define::Topic { id, name }) = &envelope.event {
            let (theirs, name) = (*id, Arc::from(name.as_str()));
            let ours = self.topic(t, &name);
            self.client_topics.insert(theirs, ours);
        }
        if let Event::Snapshot(snapshot) = &envelope.event {
            for (theirs, name) in snapshot.topics.clone() {
                let ours = self.topic(t, &Arc::from(name.as_str()));
                self.client_topics.insert(theirs, ours);
            }
        }
        let topics = &self.client_topics;
        envelope
            .event
            .for_each_topic_mut(|topic| *topic = topics.get(topic).copied().unwrap_or(*topic));
        self.envelopes.push(envelope);
    }

    /// An event of the cluster. `conn` gives the client's number of a connection.
    pub(super) fn cluster(
        &mut self,
        t: Micros,
        event: &ClusterEvent,
        conn: impl Fn(&Observed) -> Option<u32>,
    ) {
        if !self.is_on() {
            return;
        }
        match event {
            ClusterEvent::Broker(node, observation) => {
                let topic = self.topic(t, &observation.topic);
                match broker_event(topic, observation, conn(&observation.what)) {
                    Some(event) => self.broker(t, *node, event),
                    None => self.fault(t, format!("broker {node} does not remember a batch that it has")),
                }
            }
            ClusterEvent::Deleted(topic) => self.fault(t, format!("topic {topic} is deleted")),
            ClusterEvent::State(node, state, session_until) => self.world(
                t,
                Event::BrokerState {
                    node: *node,
                    state: *state,
                    fenced_at: *session_until,
                },
            ),
            ClusterEvent::Partition(name, index, partition) => {
                let topic = self.topic(t, name);
                let event = Event::Leader {
                    topic,
                    partition: *index,
                    leader: partition.leader.unwrap_or(-1),
                    epoch: partition.leader_epoch,
                    replicas: partition.replicas.clone(),
                    isr: partition.isr.clone(),
                };
                self.world(t, event);
            }
        }
    }

    pub(super) fn node(&mut self, t: Micros, id: NodeId, host: &str, port: u16) {
        self.world(
            t,
            Event::Define(Define::Node {
                id,
                host: host.to_owned(),
                port: port.into(),
            }),
        );
    }

    pub(super) fn frame(&mut self, t: Micros, sent: &FrameSent) {
        let FrameSent {
            conn,
            correlation,
            answer,
            node,
            arrives,
        } = *sent;
        self.world(
            t,
            Event::InFlight {
                conn,
                correlation,
                answer,
                node,
                arrives,
            },
        );
    }

    pub(super) fn fault(&mut self, t: Micros, what: String) {
        self.world(t, Event::Fault { what });
    }

    pub(super) fn ledger(&mut self, t: Micros, ledger: Ledger) {
        self.world(t, Event::Ledger(ledger));
    }

    pub(super) fn verdict(&mut self, t: Micros, record: u64, verdict: Verdict) {
        if self.level == Level::Record {
            self.world(t, Event::Verdict { record, verdict });
        }
    }

    /// The number of a topic, defined when it is new.
    fn topic(&mut self, t: Micros, name: &Arc<str>) -> TopicIx {
        if let Some(known) = self.topics.get(name) {
            return *known;
        }
        let id = self.topics.len() as TopicIx;
        self.topics.insert(name.clone(), id);
        self.world(
            t,
            Event::Define(Define::Topic {
                id,
                name: name.to_string(),
            }),
        );
        id
    }

    fn world(&mut self, t: Micros, event: Event) {
        if self.is_on() {
            let seq = self.world_seq;
            self.world_seq += 1;
            self.envelopes.push(Envelope {
                t,
                seq,
                source: Source::World,
                event,
            });
        }
    }

    fn broker(&mut self, t: Micros, node: NodeId, event: Event) {
        let next = self.broker_seq.entry(node).or_default();
        let seq = *next;
        *next += 1;
        self.envelopes.push(Envelope {
            t,
            seq,
            source: Source::Broker(node),
            event,
        });
    }
}

fn broker_event(topic: TopicIx, observation: &Observation, conn: Option<u32>) -> Option<Event> {
    let partition = observation.partition;
    Some(match observation.what {
        Observed::Forgotten => return None,
        Observed::Appended {
            base_offset,
            count,
            correlation,
            producer_id,
            sequence,
            ..
        } => Event::LogAppended {
            topic,
            partition,
            base_offset,
            count,
            conn,
            correlation,
            producer_id,
            sequence,
        },
        Observed::Refused {
            error, correlation, ..
        } => {
            let error = if error == ErrorCode::NONE {
                "NONE".to_owned()
            } else {
                error.name().to_owned()
            };
            Event::LogRefused {
                topic,
                partition,
                error,
                conn,
                correlation,
            }
        }
        Observed::Replicated { log_end } => Event::Replicated {
            topic,
            partition,
            log_end,
        },
        Observed::HighWatermark { offset } => Event::HighWatermark {
            topic,
            partition,
            offset,
        },
        Observed::Truncated { log_end } => Event::Truncated {
            topic,
            partition,
            log_end,
        },
    })
}
