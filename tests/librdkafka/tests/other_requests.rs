//! Error codes in answers to what a producer asks before it sends: InitProducerId, Metadata, ApiVersions.

use ottla::{ErrorKind, Persisted};
use ottla_librdkafka::{Api, Failure, Mock, Sender};

fn failure(name: &str, kind: ErrorKind) -> Failure {
    Failure {
        name: name.to_owned(),
        kind,
        in_log: Persisted::No,
    }
}

/// Subclasses of Kafka's `RetriableException` that a coordinator gives.
#[tokio::test]
async fn a_producer_id_is_asked_for_until_it_is_given() {
    for code in [7, 13, 14, 15, 16, 51] {
        let mock = Mock::new(1);
        mock.answer(Api::InitProducerId, &[code; 3]);
        let sender = Sender::new(&mock, &[]);
        assert_eq!(sender.send(&["a", "b"]).await, [Ok(0), Ok(1)], "{code}");
        assert_eq!(sender.epoch(), 0, "{code}");
        assert_eq!(
            sender.counters().record_retries,
            0,
            "{code}: nothing is sent before the id is there"
        );
        assert_eq!(mock.log(), ["a", "b"], "{code}");
    }
}

#[tokio::test]
async fn a_producer_id_that_is_refused_ends_the_producer() {
    for (code, name) in [
        (-1, "UNKNOWN_SERVER_ERROR"),
        (35, "UNSUPPORTED_VERSION"),
        (42, "INVALID_REQUEST"),
        (53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
        (90, "PRODUCER_FENCED"),
    ] {
        let mock = Mock::new(1);
        mock.answer(Api::InitProducerId, &[code]);
        let sender = Sender::new(&mock, &[]);
        let expected = failure(name, ErrorKind::Fatal);
        assert_eq!(
            sender.send(&["a", "b"]).await,
            [Err(expected.clone()), Err(expected.clone())]
        );
        assert_eq!(sender.refusal(), Some(expected));
        assert_eq!(mock.log(), [""; 0]);
    }
}

/// KIP-360 and Kafka 4.0: what waits fails, and the producer can be used again when the right was granted.
#[tokio::test]
async fn the_right_to_be_idempotent_can_be_granted_later() {
    let mock = Mock::new(1);
    mock.answer(Api::InitProducerId, &[31]);
    let sender = Sender::new(&mock, &[]);
    let expected = failure("CLUSTER_AUTHORIZATION_FAILED", ErrorKind::Authorization);
    assert_eq!(sender.send(&["a"]).await, [Err(expected)]);
    assert_eq!(sender.send(&["b"]).await, [Ok(0)]);
    assert_eq!(mock.log(), ["b"]);
}

#[tokio::test]
async fn a_topic_without_leader_or_replicas_is_waited_for() {
    for code in [3, 5, 7, 38] {
        let mock = Mock::new(1);
        mock.topic_error(code);
        let sender = Sender::new(&mock, &[("max.block.ms", "20000")]);
        let sent = sender.post(&["a"]);
        sender.until(|counters| counters.requests >= 6).await;
        mock.topic_error(0);
        assert_eq!(sender.results(sent).await, [Ok(0)], "{code}");
        assert_eq!(mock.log(), ["a"], "{code}");
    }
}

#[tokio::test]
async fn a_topic_that_stays_unknown_uses_up_max_block() {
    for (code, name) in [
        (3, "UNKNOWN_TOPIC_OR_PARTITION"),
        (5, "LEADER_NOT_AVAILABLE"),
        (38, "INVALID_REPLICATION_FACTOR"),
    ] {
        let mock = Mock::new(1);
        mock.topic_error(code);
        // Long enough for the first answer; the timeout bears the name of what the cluster said.
        let sender = Sender::new(&mock, &[("max.block.ms", "1000")]);
        let expected = failure(name, ErrorKind::Timeout);
        assert_eq!(sender.send(&["a"]).await, [Err(expected)]);
        mock.topic_error(0);
    }
}

#[tokio::test]
async fn a_topic_that_is_forbidden_or_impossible_fails_at_once() {
    for (code, name, kind) in [
        (17, "INVALID_TOPIC_EXCEPTION", ErrorKind::Broker),
        (29, "TOPIC_AUTHORIZATION_FAILED", ErrorKind::Authorization),
    ] {
        let mock = Mock::new(1);
        mock.topic_error(code);
        let sender = Sender::new(&mock, &[("max.block.ms", "600000")]);
        assert_eq!(sender.send(&["a"]).await, [Err(failure(name, kind))]);
        mock.topic_error(0);
        assert_eq!(
            sender.send(&["b"]).await,
            [Ok(0)],
            "{name}: the next record asks anew"
        );
        assert_eq!(mock.log(), ["b"]);
    }
}

/// The mock knows ApiVersions up to 2 and says so in Kafka's way, which costs one more request.
#[tokio::test]
async fn versions_are_asked_for_again_in_the_brokers_words() {
    let mock = Mock::new(1);
    let sender = Sender::new(&mock, &[]);
    assert_eq!(sender.send(&["a"]).await, [Ok(0)]);
    assert_eq!(sender.counters().connections_lost, 0);
}
