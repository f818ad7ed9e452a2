//! The small types that events are made of.

use crate::json::{json_enums, json_structs};
use alloc::{string::String, vec::Vec};

use super::{KeyIx, NodeId, TopicIx};

json_enums! {
    /// A name for a number.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Define {
        /// A topic.
        Topic {
            /// Number.
            id: TopicIx,
            /// Name.
            name: String,
        },
        /// A record key, as text (lossy, shortened to 64 characters).
        Key {
            /// Number.
            id: KeyIx,
            /// Text.
            text: String,
        },
        /// A broker.
        Node {
            /// Node id.
            id: NodeId,
            /// Host as advertised.
            host: String,
            /// Port as advertised.
            port: i32,
        },
    }

    /// Who chose the partition.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PartitionedBy {
        /// The record named it.
        Explicit,
        /// murmur2 of the key: `(hash & 0x7fffffff) % of`.
        KeyHash {
            /// The signed 32-bit hash.
            hash: i32,
        },
        /// Uniform sticky (KIP-794): no key, so the partition that is being filled.
        Sticky,
        /// `RoundRobinPartitioner`.
        RoundRobin,
        /// A partitioner of the application.
        Custom,
    }

    /// Why a batch takes no more records.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum CloseReason {
        /// The next record did not fit into `batch.size`.
        Full,
        /// `linger.ms` passed, and its broker took it then.
        Linger,
        /// `linger.ms` is 0, and its broker took it at once.
        NoLinger,
        /// `linger.ms` had passed before, and it waited longer: for a connection, an identity, or an answer.
        Held,
        /// Its broker was sent other batches anyway.
        NodeReady,
        /// Records waited for memory.
        Memory,
        /// `flush`.
        Flush,
        /// `close`.
        Close,
        /// It is part of a batch that was split.
        Split,
        /// `delivery.timeout.ms` ran out while it was open.
        Expired,
    }

    /// Whether a record is in the broker's log, as far as the client knows.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Persisted {
        /// It never left, or the broker said no.
        No,
        /// It was written and not answered.
        Possibly,
        /// The broker has it.
        Yes,
    }
}

json_structs! {
    /// One partition as the client believes it to be.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PartitionView {
        /// Topic.
        pub topic: TopicIx,
        /// Partition.
        pub partition: i32,
        /// Leader, -1 when there is none.
        pub leader: NodeId,
        /// Leader epoch, -1 when unknown.
        pub leader_epoch: i32,
        /// In-sync replicas.
        pub isr: Vec<NodeId>,
        /// All replicas.
        pub replicas: Vec<NodeId>,
    }
}

json_enums! {
    /// The state of a simulated broker process.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum BrokerState {
        /// Running, and known to the controller.
        Up,
        /// Killed; the controller has not noticed.
        Killed,
        /// Not reachable, its process stopped but alive.
        Paused,
        /// Dead or silent, and the controller has moved its leaderships away.
        Fenced,
        /// Starting again: catching up.
        Starting,
    }
}

json_structs! {
    /// What became of the records, counted by an oracle outside the producer.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Ledger {
        /// Accepted by `send`.
        pub sent: u64,
        /// The application was told that they are delivered.
        pub told_ok: u64,
        /// The application was told that they failed.
        pub failed: u64,
        /// Below the high watermark of the current leader, each counted once.
        pub in_log: u64,
        /// Told OK and not in the log.
        pub lost: u64,
        /// Extra copies in the log.
        pub duplicate: u64,
        /// Pairs of one partition that are in the log in the other order than they were sent in.
        pub out_of_order: u64,
        /// Written, not answered: nobody but the oracle knows.
        pub unknown: u64,
    }
}

json_enums! {
    /// An extraordinary fate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Verdict {
        /// Told OK, and no longer in the log; it had this offset.
        Lost {
            /// Offset.
            offset: i64,
        },
        /// In the log once more at this offset.
        Duplicate {
            /// Offset.
            offset: i64,
        },
        /// In the log before a record that was sent earlier.
        OutOfOrder {
            /// Offset.
            offset: i64,
        },
    }
}
