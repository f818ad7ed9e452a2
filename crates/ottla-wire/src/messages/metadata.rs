//! Metadata: brokers, topics, partitions and their leaders.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::primitives::Uuid;
use crate::schema::{messages, schema};

schema! {
    /// Asks for brokers and topics.
    pub struct MetadataRequest {
        /// The topics of interest. `None` means all, an empty list none; in version 0, which has no null, an empty
        /// list means all.
        topics: Option<Vec<MetadataRequestTopic>> [0.., null 1..] = Some(Vec::new());
        /// Whether the broker may create topics that do not exist, if its configuration allows.
        allow_auto_topic_creation: bool [4..] = true;
        /// Whether to say what the client may do with the cluster.
        include_cluster_authorized_operations: bool [8..=10];
        /// Whether to say what the client may do with each topic.
        include_topic_authorized_operations: bool [8..];
    }

    /// One topic of interest, by name or (version 12 and later) by id.
    pub struct MetadataRequestTopic {
        /// The id, zero to go by the name.
        topic_id: Uuid [10.., ignorable];
        /// The name, `None` to go by the id.
        name: Option<String> [0.., null 10..];
    }

    /// Brokers and topics.
    pub struct MetadataResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [3.., ignorable];
        /// The brokers that are alive.
        brokers: Vec<MetadataResponseBroker> [0..];
        /// The cluster.
        cluster_id: Option<String> [2.., null 2.., ignorable] = None;
        /// The node that controls the cluster; -1 if unknown.
        controller_id: i32 [1.., ignorable] = -1;
        /// The topics.
        topics: Vec<MetadataResponseTopic> [0..];
        /// What the client may do with the cluster, one bit per operation; `i32::MIN` if it did not ask.
        cluster_authorized_operations: i32 [8..=10] = i32::MIN;
        /// What went wrong as a whole: `REBOOTSTRAP_REQUIRED` (KIP-1102) or nothing.
        error_code: ErrorCode [13.., ignorable];
    }

    /// A broker.
    pub struct MetadataResponseBroker {
        /// Its node id.
        node_id: i32 [0..];
        /// Its host name.
        host: String [0..];
        /// Its port.
        port: i32 [0..];
        /// Its rack, if it has one.
        rack: Option<String> [1.., null 1.., ignorable] = None;
    }

    /// A topic.
    pub struct MetadataResponseTopic {
        /// What went wrong with this topic, if anything.
        error_code: ErrorCode [0..];
        /// Its name; `None` if it was asked for by an id that nobody knows.
        name: Option<String> [0.., null 12..];
        /// Its id, zero if it was asked for by a name that nobody knows.
        topic_id: Uuid [10.., ignorable];
        /// Whether it belongs to Kafka itself.
        is_internal: bool [1.., ignorable];
        /// Its partitions.
        partitions: Vec<MetadataResponsePartition> [0..];
        /// What the client may do with it, one bit per operation; `i32::MIN` if it did not ask.
        topic_authorized_operations: i32 [8..] = i32::MIN;
    }

    /// A partition.
    pub struct MetadataResponsePartition {
        /// What went wrong with this partition, if anything.
        error_code: ErrorCode [0..];
        /// Its number.
        partition_index: i32 [0..];
        /// The node that leads it; -1 for none.
        leader_id: i32 [0..];
        /// Grows with every change of the leader; -1 if unknown.
        leader_epoch: i32 [7.., ignorable] = -1;
        /// The nodes that hold it.
        replica_nodes: Vec<i32> [0..];
        /// The nodes that are in sync.
        isr_nodes: Vec<i32> [0..];
        /// The nodes that hold it and are down.
        offline_replicas: Vec<i32> [5.., ignorable];
    }
}

messages! {
    MetadataRequest: Metadata;
    MetadataResponse: Metadata;
}
