//! What Kafka's Java producer does about each error code of a Produce answer: the class hierarchy of its
//! `common.errors` (a subclass of `RetriableException` is sent again), and the cases of `Sender.completeBatch`,
//! `Sender.canRetry` and `TransactionManager.handleFailedBatch`. Nothing here is taken from ottla's own table.

use ottla::{ErrorKind, Persisted};

/// What becomes of a batch that is answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent again with the same sequence.
    Retried,
    /// Failed; an idempotent producer goes on under its next epoch.
    Failed(ErrorKind),
    /// Failed, with all that waits. Later records are refused, or (`true`) tried again: a right can be granted.
    Fatal(ErrorKind, bool),
}

use Fate::{Failed, Fatal, Retried};
use Persisted::{No, Possibly};

/// A code, Kafka's name for it, the batch's fate, and whether the batch may be in the log when this is the last word.
pub type Row = (i16, &'static str, Fate, Persisted);

/// All codes that end or repeat a batch as a whole. The others have tests of their own: 10 splits, 45 and 59 ask for an
/// epoch, 46 is a success.
pub const ROWS: &[Row] = &[
    (-1, "UNKNOWN_SERVER_ERROR", Failed(ErrorKind::Broker), Possibly),
    (2, "CORRUPT_MESSAGE", Retried, No),
    (3, "UNKNOWN_TOPIC_OR_PARTITION", Retried, No),
    (5, "LEADER_NOT_AVAILABLE", Retried, No),
    // A leader that is deposed while its followers fetch the batch says so, too; the same with a failing disk.
    (6, "NOT_LEADER_OR_FOLLOWER", Retried, Possibly),
    (7, "REQUEST_TIMED_OUT", Retried, Possibly),
    (13, "NETWORK_EXCEPTION", Retried, Possibly),
    (17, "INVALID_TOPIC_EXCEPTION", Failed(ErrorKind::Broker), No),
    (18, "RECORD_LIST_TOO_LARGE", Failed(ErrorKind::Record), No),
    (19, "NOT_ENOUGH_REPLICAS", Retried, No),
    (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", Retried, Possibly),
    (21, "INVALID_REQUIRED_ACKS", Failed(ErrorKind::Broker), No),
    (
        29,
        "TOPIC_AUTHORIZATION_FAILED",
        Failed(ErrorKind::Authorization),
        No,
    ),
    (
        31,
        "CLUSTER_AUTHORIZATION_FAILED",
        Fatal(ErrorKind::Authorization, true),
        No,
    ),
    (32, "INVALID_TIMESTAMP", Failed(ErrorKind::Broker), No),
    (35, "UNSUPPORTED_VERSION", Fatal(ErrorKind::Fatal, false), No),
    (42, "INVALID_REQUEST", Failed(ErrorKind::Broker), No),
    (
        43,
        "UNSUPPORTED_FOR_MESSAGE_FORMAT",
        Failed(ErrorKind::Broker),
        No,
    ),
    (44, "POLICY_VIOLATION", Failed(ErrorKind::Broker), No),
    (47, "INVALID_PRODUCER_EPOCH", Failed(ErrorKind::Broker), No),
    (48, "INVALID_TXN_STATE", Failed(ErrorKind::Broker), No),
    (
        49,
        "INVALID_PRODUCER_ID_MAPPING",
        Fatal(ErrorKind::Fatal, false),
        No,
    ),
    (51, "CONCURRENT_TRANSACTIONS", Retried, No),
    (
        53,
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        Fatal(ErrorKind::Fatal, false),
        No,
    ),
    (55, "OPERATION_NOT_ATTEMPTED", Failed(ErrorKind::Broker), No),
    (56, "KAFKA_STORAGE_ERROR", Retried, Possibly),
    (74, "FENCED_LEADER_EPOCH", Retried, No),
    (75, "UNKNOWN_LEADER_EPOCH", Retried, No),
    (76, "UNSUPPORTED_COMPRESSION_TYPE", Failed(ErrorKind::Broker), No),
    (87, "INVALID_RECORD", Failed(ErrorKind::Broker), No),
    (89, "THROTTLING_QUOTA_EXCEEDED", Retried, No),
    (90, "PRODUCER_FENCED", Fatal(ErrorKind::Fatal, false), No),
    (100, "UNKNOWN_TOPIC_ID", Retried, No),
];

/// Codes that the documentation lists and [`ROWS`] does not.
pub const ELSEWHERE: &[(i16, &str)] = &[
    (10, "split: a test of its own"),
    (14, "only answers to InitProducerId bear it: a test of its own"),
    (15, "only answers to InitProducerId bear it: a test of its own"),
    (16, "only answers to InitProducerId bear it: a test of its own"),
    (33, "an answer to SaslHandshake, which the mock does not take"),
    (
        34,
        "an answer to requests before a login, which the mock does not ask for",
    ),
    (38, "only Metadata bears it, of a topic: a test of its own"),
    (45, "a sequence that is missing: a test of its own"),
    (46, "a success: a test of its own"),
    (59, "a forgotten producer: a test of its own"),
    (103, "librdkafka's list of codes does not have it"),
    (120, "librdkafka's list of codes does not have it"),
    (129, "Metadata bears it from version 13 on; the mock ends at 12"),
];
