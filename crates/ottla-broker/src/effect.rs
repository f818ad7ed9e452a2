//! What a broker wants done, and what it talks about with other brokers and with the controller.

use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::{batch::RecordBatch, error_code::ErrorCode};

use crate::{ConnId, NodeId, TopicId};

/// What a broker wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write to a client.
    Send {
        /// The connection.
        conn: ConnId,
        /// An answer with its length prefix.
        bytes: Bytes,
    },
    /// Close a client's connection.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why, in words for a log.
        why: String,
    },
    /// Ask another broker for records.
    Fetch(ReplicaFetch),
    /// Answer another broker.
    FetchAnswer(ReplicaAnswer),
    /// Ask the controller.
    Controller(ControllerRequest),
}

/// A follower's fetch: one for all partitions that it follows on that leader, as Kafka's fetcher threads send it.
#[derive(Clone, Debug)]
pub struct ReplicaFetch {
    /// Who asks.
    pub follower: NodeId,
    /// Who is asked.
    pub leader: NodeId,
    /// From where on.
    pub positions: Vec<FetchPosition>,
}

/// Where a follower's copy of one partition ends.
#[derive(Clone, Copy, Debug)]
pub struct FetchPosition {
    /// Topic.
    pub topic: TopicId,
    /// Partition.
    pub partition: i32,
    /// The leader epoch that the follower follows.
    pub leader_epoch: i32,
    /// Its log end offset.
    pub offset: i64,
    /// The epoch of its last record (KIP-595: lets the leader notice that the logs diverge).
    pub last_epoch: Option<i32>,
}

/// The answer to a [`ReplicaFetch`].
#[derive(Clone, Debug)]
pub struct ReplicaAnswer {
    /// Who answers.
    pub leader: NodeId,
    /// Who asked.
    pub follower: NodeId,
    /// Per partition; the position repeats the question.
    pub parts: Vec<(FetchPosition, Replicated)>,
}

/// What a leader tells a follower about one partition.
#[derive(Clone, Debug)]
pub enum Replicated {
    /// The records that follow, possibly none.
    Records {
        /// Whole batches.
        batches: Vec<RecordBatch>,
        /// The leader's high watermark.
        high_watermark: i64,
        /// The leader's log start offset.
        log_start: i64,
    },
    /// The follower's last records are not the leader's: those of `epoch` end at `end`.
    Diverged {
        /// The largest common epoch.
        epoch: i32,
        /// Where the leader's records of it end.
        end: i64,
    },
    /// The leader's log begins after the follower's ends.
    TooOld {
        /// Where the leader's log begins.
        log_start: i64,
    },
    /// The leader cannot say.
    Error(ErrorCode),
}

/// A topic to be created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Number of partitions; -1 for the cluster's default.
    pub partitions: i32,
    /// Replicas per partition; -1 for the cluster's default.
    pub replication_factor: i16,
    /// Replicas per partition, chosen by the caller; overrides both numbers.
    pub assignments: Vec<(i32, Vec<NodeId>)>,
    /// Topic configurations, name and value.
    pub configs: Vec<(String, String)>,
}

/// Names of configurations with their new values; `None` for the default.
pub type ConfigChanges = Vec<(String, Option<String>)>;

/// A topic that is to have more partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MorePartitions {
    /// Its name.
    pub name: String,
    /// How many it shall have in all.
    pub count: i32,
    /// Replicas of each new one, if the controller is not to choose them.
    pub assignments: Option<Vec<Vec<NodeId>>>,
}

/// What a broker asks the controller for.
#[derive(Clone, Debug)]
pub enum ControllerRequest {
    /// Create topics.
    CreateTopics {
        /// Comes back with the answer; `None` when a client's mention of the topic is the reason.
        token: Option<u64>,
        /// The topics.
        topics: Vec<NewTopic>,
        /// Only say whether it would work.
        validate_only: bool,
    },
    /// Delete topics.
    DeleteTopics {
        /// Comes back with the answer.
        token: Option<u64>,
        /// Names.
        names: Vec<String>,
    },
    /// Give a topic more partitions (`CreatePartitions`).
    CreatePartitions {
        /// Comes back with the answer.
        token: Option<u64>,
        /// Topics with the number of partitions that they shall have.
        topics: Vec<MorePartitions>,
        /// Only say whether it would work.
        validate_only: bool,
    },
    /// Change configurations of topics (`IncrementalAlterConfigs`).
    AlterTopicConfigs {
        /// Comes back with the answer.
        token: Option<u64>,
        /// Per topic the names with their new values; `None` for the default.
        topics: Vec<(String, ConfigChanges)>,
        /// Only say whether it would work.
        validate_only: bool,
    },
    /// Change the in-sync replicas of a partition (`AlterPartition`).
    AlterIsr {
        /// Topic.
        topic: TopicId,
        /// Partition.
        partition: i32,
        /// The leader's epoch.
        leader_epoch: i32,
        /// The state that the change applies to.
        partition_epoch: i32,
        /// The new ISR.
        isr: Vec<NodeId>,
    },
}

/// The controller's word to one broker.
#[derive(Clone, Debug)]
pub enum ControllerAnswer {
    /// Topics were created or deleted, or not.
    Topics {
        /// Of the request.
        token: Option<u64>,
        /// One per topic, in the order of the request.
        results: Vec<TopicOutcome>,
    },
    /// The ISR is not changed; what is right comes with the next image.
    IsrRefused {
        /// Topic.
        topic: TopicId,
        /// Partition.
        partition: i32,
    },
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicOutcome {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: TopicId,
    /// `NONE` if it was done.
    pub error: ErrorCode,
    /// What is wrong, for people.
    pub message: Option<String>,
    /// Number of partitions.
    pub partitions: i32,
    /// Replicas per partition.
    pub replication_factor: i16,
}

/// What happened inside a broker, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// What.
    pub what: Observed,
}

/// The kinds of [`Observation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The leader appended a client's batch.
    Appended {
        /// Offset of the first record.
        base_offset: i64,
        /// Number of records.
        count: u32,
        /// The client's connection.
        conn: ConnId,
        /// The client's request.
        correlation: i32,
        /// Producer id, or -1.
        producer_id: i64,
        /// Sequence of the first record, or -1.
        sequence: i32,
    },
    /// The leader refused a client's batch; or, with `NONE`, recognised it and appended nothing.
    Refused {
        /// Why.
        error: ErrorCode,
        /// The client's connection.
        conn: ConnId,
        /// The client's request.
        correlation: i32,
    },
    /// A client sent a batch again that is one of its last five in the log, and the leader did not recognise it: a
    /// restarted process remembers one, and one whose producers have expired none.
    Forgotten,
    /// A follower's log grew.
    Replicated {
        /// Its new end.
        log_end: i64,
    },
    /// The high watermark moved on this replica.
    HighWatermark {
        /// To this offset.
        offset: i64,
    },
    /// A replica cut its log.
    Truncated {
        /// Its new end.
        log_end: i64,
    },
}
