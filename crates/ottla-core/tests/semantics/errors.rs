//! Every error code that a Produce answer can bear, one after the other, and what the producer does: Kafka's table, not
//! ours.

use ottla_core::{DeliveryErrorKind, Record, SendError};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;

use crate::common::{Bench, Outcome, TOPIC};

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Sent again; `true`: metadata is asked for, too.
    Retried(bool),
    /// Failed, and the next batch goes out.
    Failed,
    /// Failed, and so is all that follows.
    Fatal,
}

use Fate::{Failed, Fatal, Retried};

/// The classes of Kafka's `common/errors`; codes with rows of their own are tested there (10, 45, 46, 59).
const CODES: &[(i16, &str, Fate)] = &[
    (-1, "UNKNOWN_SERVER_ERROR", Failed),
    (2, "CORRUPT_MESSAGE", Retried(false)),
    (3, "UNKNOWN_TOPIC_OR_PARTITION", Retried(true)),
    (5, "LEADER_NOT_AVAILABLE", Retried(true)),
    (6, "NOT_LEADER_OR_FOLLOWER", Retried(true)),
    (7, "REQUEST_TIMED_OUT", Retried(false)),
    (13, "NETWORK_EXCEPTION", Retried(true)),
    (17, "INVALID_TOPIC_EXCEPTION", Failed),
    (18, "RECORD_LIST_TOO_LARGE", Failed),
    (19, "NOT_ENOUGH_REPLICAS", Retried(false)),
    (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", Retried(false)),
    (21, "INVALID_REQUIRED_ACKS", Failed),
    (29, "TOPIC_AUTHORIZATION_FAILED", Failed),
    // Fails everything; the right may be granted, so the producer asks again.
    (31, "CLUSTER_AUTHORIZATION_FAILED", Failed),
    (32, "INVALID_TIMESTAMP", Failed),
    (35, "UNSUPPORTED_VERSION", Fatal),
    (43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", Failed),
    (47, "INVALID_PRODUCER_EPOCH", Failed),
    (48, "INVALID_TXN_STATE", Failed),
    (49, "INVALID_PRODUCER_ID_MAPPING", Fatal),
    (51, "CONCURRENT_TRANSACTIONS", Retried(false)),
    (53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", Fatal),
    (56, "KAFKA_STORAGE_ERROR", Retried(true)),
    (74, "FENCED_LEADER_EPOCH", Retried(true)),
    (76, "UNSUPPORTED_COMPRESSION_TYPE", Failed),
    (87, "INVALID_RECORD", Failed),
    (89, "THROTTLING_QUOTA_EXCEEDED", Retried(false)),
    (90, "PRODUCER_FENCED", Fatal),
    (100, "UNKNOWN_TOPIC_ID", Retried(true)),
    (103, "INCONSISTENT_TOPIC_ID", Retried(true)),
    (120, "TRANSACTION_ABORTABLE", Failed),
    (9999, "UNKNOWN_ERROR_CODE", Failed),
];

/// A batch is refused with this code once; the one behind it is taken.
fn fate(code: i16, name: &str, idempotence: &str) -> Fate {
    let options = [("linger.ms", "0"), ("enable.idempotence", idempotence)];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode(code), -1);
    let asked = bench.requests.iter().any(|(_, api, _)| *api == ApiKey::Metadata);
    bench.advance_ms(200);
    if bench.done.is_empty() {
        assert_eq!(bench.take().values(), ["a"], "{name} is neither told nor retried");
        return Retried(asked);
    }
    let error = bench.done[0].1.clone().expect_err("not stored");
    assert_eq!(error.code, name);
    assert!(!error.message.is_empty() && error.to_string().lines().count() == 1);
    match bench.producer.send(bench.now, Record::to(TOPIC).value("b")) {
        Ok(_) => {
            bench.answer_after_ms(500);
            assert_eq!(bench.results()[1], "0@100", "{name}: the producer goes on");
            Failed
        }
        Err(SendError::Refused { why, .. }) => {
            assert_eq!(why.code(), name);
            Fatal
        }
        Err(full) => panic!("{full}"),
    }
}

#[test]
fn every_code_is_treated_as_kafkas_client_treats_it() {
    for (code, name, expected) in CODES {
        assert_eq!(fate(*code, name, "true"), *expected, "{code} {name}");
    }
}

#[test]
fn the_kind_of_an_error_says_whose_turn_it_is() {
    for (code, kind) in [
        (
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            DeliveryErrorKind::Authorization,
        ),
        (
            ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
            DeliveryErrorKind::Authorization,
        ),
        (ErrorCode::MESSAGE_TOO_LARGE, DeliveryErrorKind::TooLarge),
        (ErrorCode::RECORD_LIST_TOO_LARGE, DeliveryErrorKind::TooLarge),
        (ErrorCode::REQUEST_TIMED_OUT, DeliveryErrorKind::Timeout),
        (ErrorCode::PRODUCER_FENCED, DeliveryErrorKind::Fatal),
        (ErrorCode::INVALID_RECORD, DeliveryErrorKind::Broker),
    ] {
        let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("retries", "0")]);
        bench.send_to(0, "a");
        bench.run();
        let request = bench.take();
        bench.reply(&request, code, -1);
        let error = bench.done[0].1.clone().expect_err("refused");
        assert_eq!(error.kind, kind, "{error}");
    }
}

/// Without a producer id there is nothing that could be fenced: only the batch fails.
#[test]
fn without_idempotence_no_answer_ends_the_producer() {
    for (code, name, expected) in CODES {
        let expected = match expected {
            Retried(asks) => Retried(*asks),
            _ => Failed,
        };
        assert_eq!(fate(*code, name, "false"), expected, "{code} {name}");
    }
}

/// What was in flight behind it is told its fate at once; the answers that come later are of no use, and in particular
/// keep nobody busy: an epoch that no identity is left for was asked for again and again, for ever.
#[test]
fn batches_in_flight_behind_a_fatal_answer_fail_and_the_producer_comes_to_rest() {
    for (code, name) in [
        (31, "CLUSTER_AUTHORIZATION_FAILED"),
        (35, "UNSUPPORTED_VERSION"),
        (90, "PRODUCER_FENCED"),
    ] {
        let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("batch.size", "1")]);
        for value in ["a", "b", "c"] {
            bench.send_to(0, value);
        }
        bench.run();
        let requests = [bench.take(), bench.take(), bench.take()];
        bench.reply(&requests[0], ErrorCode(code), -1);
        for request in &requests[1..] {
            bench.reply(request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        }
        assert_eq!(
            bench.results(),
            [
                format!("{name} No"),
                format!("{name} Possibly"),
                format!("{name} Possibly")
            ]
        );
        let names_place = |(_, result): &(_, Outcome)| {
            let error = result.as_ref().expect_err("it failed");
            error.message.contains(&format!("{TOPIC}-0"))
        };
        let named: Vec<bool> = bench.done.iter().map(names_place).collect();
        assert_eq!(named, [true, false, false], "the one that was answered for");
        bench.advance_ms(1000);
        assert!(bench.pending.is_empty(), "{name}: nothing is sent again");
    }
}
