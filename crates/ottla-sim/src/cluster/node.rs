//! One machine of the cluster: its disk, and the process that may run on it.

use bytes::Bytes;
use ottla_broker::{Broker, ConnId, Disk, Log, Micros, NodeId, ReplicaAnswer, ReplicaFetch, TopicId};

/// A machine.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) process: Process,
    /// When the process began; heartbeats are counted from here.
    pub(super) since: Micros,
    /// Goes up whenever the process ends, stops or goes on; what was planned for an earlier life is void.
    pub(super) life: u64,
    /// Goes up whenever a process ends: what it was about to send is gone.
    pub(super) process_no: u64,
    /// Goes up whenever heartbeats cease or come again; what was planned for an earlier silence is void.
    pub(super) silence: u64,
    /// Until when the controller holds the session of a process that is dead.
    pub(super) session_until: Micros,
    pub(super) fetch_delay: Micros,
    pub(super) controller_delay: Micros,
    /// How far its wall clock is ahead of the world's.
    pub(super) clock_ms: i64,
}

/// The broker process on a machine.
#[derive(Clone, Debug)]
pub(super) enum Process {
    /// It runs; it takes connections if `serving`.
    Running { broker: Box<Broker>, serving: bool },
    /// It is stopped (SIGSTOP). What arrives is held by the kernel.
    Paused {
        broker: Box<Broker>,
        serving: bool,
        inbox: Vec<Held>,
    },
    /// It begins, and has not registered yet.
    Starting { disk: Disk },
    /// There is none.
    Down { disk: Disk },
}

/// What a stopped process will find when it goes on.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Connect(ConnId),
    Bytes(ConnId, Bytes),
    Disconnect(ConnId),
    Fetch(ReplicaFetch),
    Answer(ReplicaAnswer),
    /// An answer that has not left yet.
    Departing(ReplicaAnswer),
    Unreachable(NodeId),
    FromController(ottla_broker::ControllerAnswer),
}

impl Node {
    pub(super) fn up(broker: Broker) -> Self {
        Self {
            process: Process::Running {
                broker: Box::new(broker),
                serving: true,
            },
            since: 0,
            life: 0,
            process_no: 0,
            silence: 0,
            session_until: 0,
            fetch_delay: 0,
            controller_delay: 0,
            clock_ms: 0,
        }
    }

    pub(super) fn running(&self) -> Option<&Broker> {
        if let Process::Running { broker, .. } = &self.process {
            Some(broker)
        } else {
            None
        }
    }

    pub(super) fn running_mut(&mut self) -> Option<&mut Broker> {
        if let Process::Running { broker, .. } = &mut self.process {
            Some(broker)
        } else {
            None
        }
    }
}

impl Process {
    pub(super) fn broker(&self) -> Option<&Broker> {
        match self {
            Self::Running { broker, .. } | Self::Paused { broker, .. } => Some(broker),
            Self::Starting { .. } | Self::Down { .. } => None,
        }
    }

    pub(super) fn broker_mut(&mut self) -> Option<&mut Broker> {
        match self {
            Self::Running { broker, .. } | Self::Paused { broker, .. } => Some(broker),
            Self::Starting { .. } | Self::Down { .. } => None,
        }
    }

    pub(super) fn log(&self, topic: &TopicId, partition: i32) -> Option<&Log> {
        match self {
            Self::Running { broker, .. } | Self::Paused { broker, .. } => broker.log(topic, partition),
            Self::Starting { disk } | Self::Down { disk } => disk.log(topic, partition),
        }
    }

    pub(super) fn unread(&self, conn: ConnId) -> usize {
        match self {
            Self::Running { broker, .. } => broker.unread(conn),
            Self::Paused { broker, inbox, .. } => {
                let held = inbox.iter().map(|held| match held {
                    Held::Bytes(to, bytes) if *to == conn => bytes.len(),
                    _ => 0,
                });
                broker.unread(conn) + held.sum::<usize>()
            }
            Self::Starting { .. } | Self::Down { .. } => 0,
        }
    }
}
