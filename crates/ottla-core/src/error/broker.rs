//! The broker's error codes as they concern a producer: one table, from which the documentation is generated.

use ottla_trace::event::Persisted;

/// What the producer does about a code in a Produce answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The batch counts as delivered, its offset is unknown (`DUPLICATE_SEQUENCE_NUMBER`).
    Succeed,
    /// Send the batch again after a backoff.
    Retry,
    /// Send it again; at once, when the answer or newer metadata names another leader (KIP-951).
    RetryAtLeader,
    /// Split the batch and send the parts; a batch of one record fails.
    Split,
    /// The broker expected another sequence (`OUT_OF_ORDER_SEQUENCE_NUMBER`): retry, or bump the epoch when the batch was next.
    ResolveSequence,
    /// The broker forgot the producer id (`UNKNOWN_PRODUCER_ID`): bump the epoch and retry.
    ResolveProducer,
    /// Fail the batch; later batches of an idempotent producer get a new epoch.
    Fail,
    /// Fail the batch and everything after it: the producer cannot go on.
    Fatal,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokerError {
    /// The code on the wire.
    pub code: i16,
    /// Kafka's name.
    pub name: &'static str,
    /// Whether Kafka's class of it is retriable.
    pub retriable: bool,
    /// Whether it calls for new metadata.
    pub refresh_metadata: bool,
    /// Whether the batch may be in the log when this is the last word about it.
    pub persisted: Persisted,
    /// What the producer does.
    pub action: Action,
    /// What it means and what to do, one line.
    pub advice: &'static str,
}

use Action::{Fail, Fatal, ResolveProducer, ResolveSequence, Retry, RetryAtLeader, Split, Succeed};
use Persisted::{No, Possibly, Yes};

const REFRESH: bool = true;
const KEEP: bool = false;

// Retriability is the class hierarchy of Kafka's common/errors. Persisted is stricter than other clients': an error
// that a leader also gives while a batch that it appended waits for its followers says `Possibly`.
macro_rules! rows {
    ($($code:literal $name:ident $retriable:literal $refresh:ident $persisted:ident $action:ident $advice:literal;)*) => {
        &[$(BrokerError {
            code: $code,
            name: stringify!($name),
            retriable: $retriable,
            refresh_metadata: $refresh,
            persisted: $persisted,
            action: $action,
            advice: $advice,
        }),*]
    };
}

const TABLE: &[BrokerError] = rows! {
    -1 UNKNOWN_SERVER_ERROR false KEEP Possibly Fail "the broker met an error that it does not name; look into its log";
    2 CORRUPT_MESSAGE true KEEP No Retry "the batch's checksum was wrong on arrival, or a compacted topic got a record without key";
    3 UNKNOWN_TOPIC_OR_PARTITION true REFRESH No RetryAtLeader "the broker does not have the partition; create the topic, or check its name";
    5 LEADER_NOT_AVAILABLE true REFRESH No RetryAtLeader "the partition has no leader at the moment";
    6 NOT_LEADER_OR_FOLLOWER true REFRESH Possibly RetryAtLeader "the partition's leader is another broker now";
    7 REQUEST_TIMED_OUT true KEEP Possibly Retry "replicas, or the broker itself, did not answer within request.timeout.ms";
    10 MESSAGE_TOO_LARGE false KEEP No Split "the batch is larger than the topic's max.message.bytes; lower batch.size, or raise the limit";
    13 NETWORK_EXCEPTION true REFRESH Possibly Retry "the connection broke before the answer came";
    14 COORDINATOR_LOAD_IN_PROGRESS true KEEP No Retry "the broker is still fetching producer ids from the controller";
    15 COORDINATOR_NOT_AVAILABLE true KEEP No Retry "the coordinator is not available yet";
    16 NOT_COORDINATOR true KEEP No Retry "another broker is the coordinator now";
    17 INVALID_TOPIC_EXCEPTION false KEEP No Fail "the topic cannot be written to; check its name";
    18 RECORD_LIST_TOO_LARGE false KEEP No Fail "the batch is larger than the broker's segment.bytes";
    19 NOT_ENOUGH_REPLICAS true KEEP No Retry "fewer replicas are in sync than min.insync.replicas asks for";
    20 NOT_ENOUGH_REPLICAS_AFTER_APPEND true KEEP Possibly Retry "the leader wrote the batch, then fewer replicas were in sync than min.insync.replicas asks for";
    21 INVALID_REQUIRED_ACKS false KEEP No Fail "the broker does not know this value of acks";
    29 TOPIC_AUTHORIZATION_FAILED false KEEP No Fail "writing to the topic is not permitted; ask for the Write right on it";
    31 CLUSTER_AUTHORIZATION_FAILED false KEEP No Fatal "the cluster does not permit an idempotent producer; ask for IdempotentWrite, or set enable.idempotence=false";
    32 INVALID_TIMESTAMP false KEEP No Fail "a record's timestamp is too far from the broker's clock (message.timestamp.before.max.ms, .after.max.ms)";
    33 UNSUPPORTED_SASL_MECHANISM false KEEP No Fatal "the broker does not accept this login";
    34 ILLEGAL_SASL_STATE false KEEP No Fatal "the broker wants a login first; its listener is not PLAINTEXT";
    35 UNSUPPORTED_VERSION false KEEP No Fatal "broker and producer have no version of the request in common; Kafka 2.1 or newer is needed";
    38 INVALID_REPLICATION_FACTOR true KEEP No Retry "too few brokers are up to create the topic";
    42 INVALID_REQUEST false KEEP No Fail "the broker could not make sense of the request; this is a bug";
    43 UNSUPPORTED_FOR_MESSAGE_FORMAT false KEEP No Fail "the topic's message format is too old; record batches of version 2 are needed";
    44 POLICY_VIOLATION false KEEP No Fail "a policy of the broker refuses it";
    45 OUT_OF_ORDER_SEQUENCE_NUMBER false KEEP No ResolveSequence "the broker expected another sequence number: a batch before this one is missing";
    46 DUPLICATE_SEQUENCE_NUMBER false KEEP Yes Succeed "the broker has the batch already";
    47 INVALID_PRODUCER_EPOCH false KEEP No Fail "a producer with the same id and a newer epoch wrote to the partition";
    48 INVALID_TXN_STATE false KEEP No Fail "the transaction is in another state";
    49 INVALID_PRODUCER_ID_MAPPING false KEEP No Fatal "the producer id belongs to another transactional.id";
    51 CONCURRENT_TRANSACTIONS true KEEP No Retry "the transaction before is not completed yet";
    53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED false KEEP No Fatal "the transactional.id is not permitted";
    55 OPERATION_NOT_ATTEMPTED false KEEP No Fail "another partition of the same request failed first";
    56 KAFKA_STORAGE_ERROR true REFRESH Possibly RetryAtLeader "the broker's disk failed";
    59 UNKNOWN_PRODUCER_ID false KEEP No ResolveProducer "the broker has forgotten this producer: its records were deleted or expired";
    74 FENCED_LEADER_EPOCH true REFRESH No RetryAtLeader "the partition's leader changed";
    75 UNKNOWN_LEADER_EPOCH true REFRESH No RetryAtLeader "the broker does not know of the newest leader yet";
    76 UNSUPPORTED_COMPRESSION_TYPE false KEEP No Fail "the broker does not know the codec of the batch; zstd needs Kafka 2.1";
    87 INVALID_RECORD false KEEP No Fail "the broker refuses a record, for example one without key in a compacted topic";
    89 THROTTLING_QUOTA_EXCEEDED true KEEP No Retry "the quota is used up";
    90 PRODUCER_FENCED false KEEP No Fatal "another producer took over this identity; close this one";
    100 UNKNOWN_TOPIC_ID true REFRESH No RetryAtLeader "the topic was deleted, and perhaps made again";
    103 INCONSISTENT_TOPIC_ID true REFRESH No RetryAtLeader "the topic was deleted and made again";
    120 TRANSACTION_ABORTABLE false KEEP No Fail "the transaction must be aborted";
    129 REBOOTSTRAP_REQUIRED false REFRESH No Fail "an answer to Metadata: the client begins again from bootstrap.servers, and no record fails";
};

/// Stands for codes that are newer than this table; nothing is known, so nothing is promised.
const UNLISTED: BrokerError = BrokerError {
    code: i16::MIN,
    name: "UNKNOWN_ERROR_CODE",
    retriable: false,
    refresh_metadata: false,
    persisted: Possibly,
    action: Fail,
    advice: "the broker answered with an error code that this version does not know",
};

/// All rows, by ascending code.
pub fn table() -> &'static [BrokerError] {
    TABLE
}

/// The row of a code other than 0. A code that is not in the table gets a row that fails the batch.
pub fn lookup(code: i16) -> &'static BrokerError {
    TABLE
        .binary_search_by_key(&code, |row| row.code)
        .map_or(&UNLISTED, |index| &TABLE[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_ascend_so_that_search_finds_them() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(TABLE.iter().all(|row| lookup(row.code) == row));
    }

    #[test]
    fn every_code_that_a_producer_can_meet_is_listed() {
        let needed = [
            -1, 2, 3, 5, 6, 7, 10, 13, 17, 18, 19, 20, 21, 29, 31, 32, 35, 43, 45, 46, 47, 48, 49, 51, 53,
            56, 59, 74, 76, 87, 89, 90, 100, 103, 120,
        ];
        for code in needed {
            assert_eq!(lookup(code).code, code);
        }
    }

    #[test]
    fn retriable_and_refreshing_codes_are_those_of_kafkas_class_hierarchy() {
        let codes = |wanted: fn(&BrokerError) -> bool| {
            TABLE
                .iter()
                .filter(|row| wanted(row))
                .map(|row| row.code)
                .collect::<alloc::vec::Vec<_>>()
        };
        assert_eq!(
            codes(|row| row.retriable),
            [
                2, 3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 38, 51, 56, 74, 75, 89, 100, 103
            ]
        );
        assert_eq!(
            codes(|row| row.refresh_metadata),
            [3, 5, 6, 13, 56, 74, 75, 100, 103, 129]
        );
        assert_eq!(codes(|row| row.persisted != No), [-1, 6, 7, 13, 20, 46, 56]);
        assert_eq!(codes(|row| row.action == Fatal), [31, 33, 34, 35, 49, 53, 90]);
        assert_eq!(codes(|row| row.action == Split), [10]);
        assert_eq!(codes(|row| row.action == Succeed), [46]);
    }

    #[test]
    fn retriable_rows_retry_and_others_do_not() {
        for row in TABLE.iter().filter(|row| row.code != 129) {
            assert_eq!(
                row.retriable,
                matches!(row.action, Retry | RetryAtLeader),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn an_unlisted_code_fails_the_batch_and_promises_nothing() {
        let row = lookup(9_999);
        assert_eq!(
            (row.action, row.persisted, row.retriable),
            (Fail, Possibly, false)
        );
    }
}
