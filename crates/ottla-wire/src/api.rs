//! The APIs that this crate speaks, and the versions of each.

use core::fmt;
use core::ops::RangeInclusive;

macro_rules! apis {
    ($(
        $(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])?
        $name:ident = $key:literal, versions $versions:expr, flexible $flexible:expr;
    )*) => {
        /// An API of the protocol that this crate implements.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum ApiKey {
            $( $(#[doc = $doc])* $(#[cfg($cfg)])? $name = $key, )*
        }

        impl ApiKey {
            /// All of them, by ascending key.
            pub const ALL: &'static [ApiKey] = &[$( $(#[cfg($cfg)])? Self::$name, )*];

            /// The API with that key on the wire, if this crate implements it.
            pub fn from_i16(key: i16) -> Option<Self> {
                match key {
                    $( $(#[cfg($cfg)])? $key => Some(Self::$name), )*
                    _ => None,
                }
            }

            /// Kafka's name of the API.
            pub fn name(self) -> &'static str {
                match self {
                    $( $(#[cfg($cfg)])? Self::$name => stringify!($name), )*
                }
            }

            /// The versions that this crate implements, of requests and responses.
            pub fn versions(self) -> RangeInclusive<i16> {
                match self {
                    $( $(#[cfg($cfg)])? Self::$name => $versions, )*
                }
            }

            /// The first flexible version (KIP-482), `None` if the API has none.
            pub fn flexible_since(self) -> Option<i16> {
                match self {
                    $( $(#[cfg($cfg)])? Self::$name => $flexible, )*
                }
            }
        }
    };
}

apis! {
    /// Appends record batches to partitions.
    Produce = 0, versions 3..=13, flexible Some(9);
    /// Reads record batches from partitions.
    Fetch = 1, versions 4..=18, flexible Some(12);
    /// Finds offsets by timestamp, also the first and the last.
    ListOffsets = 2, versions 1..=11, flexible Some(6);
    /// Describes brokers, topics and partitions.
    Metadata = 3, versions 0..=13, flexible Some(9);
    /// Finds the broker that coordinates a group or a transaction.
    FindCoordinator = 10, versions 0..=6, flexible Some(3);
    /// Names a SASL mechanism.
    SaslHandshake = 17, versions 0..=1, flexible None;
    /// Lists the APIs and versions that a broker speaks.
    ApiVersions = 18, versions 0..=4, flexible Some(3);
    /// Creates topics.
    CreateTopics = 19, versions 2..=7, flexible Some(5);
    /// Deletes topics.
    DeleteTopics = 20, versions 1..=6, flexible Some(4);
    /// Hands out a producer id and epoch.
    InitProducerId = 22, versions 0..=5, flexible Some(2);
    /// Tells configurations.
    #[cfg(feature = "admin")]
    DescribeConfigs = 32, versions 1..=4, flexible Some(4);
    /// Carries the messages of a SASL mechanism.
    SaslAuthenticate = 36, versions 0..=2, flexible Some(2);
    /// Gives topics more partitions.
    #[cfg(feature = "admin")]
    CreatePartitions = 37, versions 0..=3, flexible Some(2);
    /// Changes configurations.
    #[cfg(feature = "admin")]
    IncrementalAlterConfigs = 44, versions 0..=1, flexible Some(1);
    /// Describes topics, a part of them at a time.
    #[cfg(feature = "admin")]
    DescribeTopicPartitions = 75, versions 0..=0, flexible Some(0);
}

impl ApiKey {
    /// The key on the wire.
    pub fn key(self) -> i16 {
        self as i16
    }

    /// Whether that version is flexible.
    pub fn is_flexible(self, version: i16) -> bool {
        self.flexible_since().is_some_and(|first| version >= first)
    }

    /// Version of the header before a request: 2 (with tagged fields) for flexible versions, otherwise 1.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// Version of the header before a response: 1 (with tagged fields) for flexible versions, otherwise 0.
    /// ApiVersions always answers with 0, since a client must understand the answer to a version that the broker
    /// does not know (KIP-511).
    pub fn response_header_version(self, version: i16) -> i16 {
        if self != Self::ApiVersions && self.is_flexible(version) {
            1
        } else {
            0
        }
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Kafka's name of any API, also of those that this crate does not speak; for lists of what a broker offers.
pub fn api_name(key: i16) -> Option<&'static str> {
    NAMES
        .binary_search_by_key(&key, |(key, _)| *key)
        .ok()
        .map(|at| NAMES[at].1)
}

const NAMES: &[(i16, &str)] = &[
    (0, "Produce"),
    (1, "Fetch"),
    (2, "ListOffsets"),
    (3, "Metadata"),
    (8, "OffsetCommit"),
    (9, "OffsetFetch"),
    (10, "FindCoordinator"),
    (11, "JoinGroup"),
    (12, "Heartbeat"),
    (13, "LeaveGroup"),
    (14, "SyncGroup"),
    (15, "DescribeGroups"),
    (16, "ListGroups"),
    (17, "SaslHandshake"),
    (18, "ApiVersions"),
    (19, "CreateTopics"),
    (20, "DeleteTopics"),
    (21, "DeleteRecords"),
    (22, "InitProducerId"),
    (23, "OffsetForLeaderEpoch"),
    (24, "AddPartitionsToTxn"),
    (25, "AddOffsetsToTxn"),
    (26, "EndTxn"),
    (27, "WriteTxnMarkers"),
    (28, "TxnOffsetCommit"),
    (29, "DescribeAcls"),
    (30, "CreateAcls"),
    (31, "DeleteAcls"),
    (32, "DescribeConfigs"),
    (33, "AlterConfigs"),
    (34, "AlterReplicaLogDirs"),
    (35, "DescribeLogDirs"),
    (36, "SaslAuthenticate"),
    (37, "CreatePartitions"),
    (38, "CreateDelegationToken"),
    (39, "RenewDelegationToken"),
    (40, "ExpireDelegationToken"),
    (41, "DescribeDelegationToken"),
    (42, "DeleteGroups"),
    (43, "ElectLeaders"),
    (44, "IncrementalAlterConfigs"),
    (45, "AlterPartitionReassignments"),
    (46, "ListPartitionReassignments"),
    (47, "OffsetDelete"),
    (48, "DescribeClientQuotas"),
    (49, "AlterClientQuotas"),
    (50, "DescribeUserScramCredentials"),
    (51, "AlterUserScramCredentials"),
    (52, "Vote"),
    (53, "BeginQuorumEpoch"),
    (54, "EndQuorumEpoch"),
    (55, "DescribeQuorum"),
    (56, "AlterPartition"),
    (57, "UpdateFeatures"),
    (58, "Envelope"),
    (59, "FetchSnapshot"),
    (60, "DescribeCluster"),
    (61, "DescribeProducers"),
    (62, "BrokerRegistration"),
    (63, "BrokerHeartbeat"),
    (64, "UnregisterBroker"),
    (65, "DescribeTransactions"),
    (66, "ListTransactions"),
    (67, "AllocateProducerIds"),
    (68, "ConsumerGroupHeartbeat"),
    (69, "ConsumerGroupDescribe"),
    (70, "ControllerRegistration"),
    (71, "GetTelemetrySubscriptions"),
    (72, "PushTelemetry"),
    (73, "AssignReplicasToDirs"),
    (74, "ListConfigResources"),
    (75, "DescribeTopicPartitions"),
    (76, "ShareGroupHeartbeat"),
    (77, "ShareGroupDescribe"),
    (78, "ShareFetch"),
    (79, "ShareAcknowledge"),
    (80, "AddRaftVoter"),
    (81, "RemoveRaftVoter"),
    (82, "UpdateRaftVoter"),
    (83, "InitializeShareGroupState"),
    (84, "ReadShareGroupState"),
    (85, "WriteShareGroupState"),
    (86, "DeleteShareGroupState"),
    (87, "ReadShareGroupStateSummary"),
    (88, "StreamsGroupHeartbeat"),
    (89, "StreamsGroupDescribe"),
    (90, "DescribeShareGroupOffsets"),
    (91, "AlterShareGroupOffsets"),
    (92, "DeleteShareGroupOffsets"),
];
