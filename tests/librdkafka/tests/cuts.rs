//! Connections that end before the answer: nothing was appended, so each record is delivered once, in order.

use std::time::Duration;

use ottla::{ErrorKind, Persisted};
use ottla_librdkafka::{Api, Mock, Sender};

const NOT_IDEMPOTENT: (&str, &str) = ("enable.idempotence", "false");
const ONE_EACH: &[(&str, &str)] = &[("linger.ms", "0"), ("batch.size", "1")];

#[tokio::test]
async fn a_connection_that_ends_in_any_request_costs_no_record() {
    for api in [Api::ApiVersion, Api::InitProducerId, Api::Produce] {
        for times in [1, 4] {
            let mock = Mock::new(1);
            mock.cut(api, times);
            let sender = Sender::new(&mock, &[]);
            let told = sender.send(&["a", "b", "c"]).await;
            assert_eq!(told, [Ok(0), Ok(1), Ok(2)], "{api:?}");
            let counters = sender.counters();
            assert!(counters.connections_lost >= times as u64, "{api:?}: {counters:?}");
            let retries = if api == Api::Produce { 3 * times as u64 } else { 0 };
            assert_eq!(counters.record_retries, retries, "{api:?}");
            assert_eq!(counters.epoch_bumps, 0, "{api:?}");
            assert_eq!(mock.log(), ["a", "b", "c"], "{api:?}");
        }
    }
}

/// One request at a time: the mock still appends what came behind the request with which it ends a connection, and has
/// no sequence numbers to notice that it comes again.
#[tokio::test]
async fn batches_behind_one_whose_connection_ended_keep_their_order() {
    for times in [1, 3] {
        let mock = Mock::new(1);
        let one_at_a_time = [ONE_EACH, &[("max.in.flight.requests.per.connection", "1")]].concat();
        let sender = Sender::warm(&mock, &one_at_a_time).await;
        mock.cut(Api::Produce, times);
        let told = sender.send(&["a", "b", "c", "d", "e"]).await;
        assert_eq!(told, [Ok(1), Ok(2), Ok(3), Ok(4), Ok(5)]);
        assert_eq!(sender.counters().record_retries, times as u64);
        assert_eq!(sender.epoch(), 0);
        assert_eq!(mock.log(), ["warm", "a", "b", "c", "d", "e"]);
    }
}

#[tokio::test]
async fn cuts_and_refusals_alternate() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[]).await;
    for code in [6, 19, 20, 56, 7] {
        mock.cut(Api::Produce, 1);
        mock.answer(Api::Produce, &[code]);
    }
    assert_eq!(sender.send(&["a", "b"]).await, [Ok(1), Ok(2)]);
    assert_eq!(sender.counters().record_retries, 20);
    assert_eq!(mock.log(), ["warm", "a", "b"]);
}

#[tokio::test]
async fn retries_that_are_used_up_by_cuts_leave_doubt() {
    for idempotence in ["true", "false"] {
        let mock = Mock::new(1);
        let options = [("retries", "2"), ("enable.idempotence", idempotence)];
        let sender = Sender::warm(&mock, &options).await;
        mock.cut(Api::Produce, 3);
        let told = sender.send(&["a"]).await;
        let why = told[0].as_ref().expect_err("it is never taken");
        assert_eq!(
            (why.name.as_str(), why.kind, why.in_log),
            ("NETWORK_EXCEPTION", ErrorKind::Broker, Persisted::Possibly)
        );
        assert_eq!(sender.send(&["b"]).await, [Ok(1)]);
        assert_eq!(mock.log(), ["warm", "b"]);
    }
}

#[tokio::test]
async fn brokers_that_are_down_are_waited_for() {
    for options in [&[][..], &[NOT_IDEMPOTENT]] {
        let mock = Mock::new(3);
        let sender = Sender::warm(&mock, options).await;
        mock.down(-1);
        let sent = sender.post(&["a", "b"]);
        // The connection that broke, and attempts that nobody takes.
        sender.until(|counters| counters.connections_lost >= 5).await;
        mock.up(-1);
        assert_eq!(sender.results(sent).await, [Ok(1), Ok(2)]);
        assert_eq!(mock.log(), ["warm", "a", "b"]);
    }
}

#[tokio::test]
async fn a_dead_leaders_records_go_to_the_next_leader() {
    let mock = Mock::new(3);
    let sender = Sender::warm(&mock, ONE_EACH).await;
    mock.down(1);
    mock.lead(2);
    assert_eq!(sender.send(&["a", "b", "c"]).await, [Ok(1), Ok(2), Ok(3)]);
    assert_eq!(sender.epoch(), 0, "the sequence goes on at the new leader");
    assert_eq!(mock.log(), ["warm", "a", "b", "c"]);
}

/// The old leader refuses and names the new one (KIP-951), or only refuses: either way nobody loses a record.
#[tokio::test]
async fn a_deposed_leader_costs_one_attempt() {
    let mock = Mock::new(3);
    let sender = Sender::warm(&mock, &[]).await;
    mock.lead(3);
    assert_eq!(sender.send(&["a", "b"]).await, [Ok(1), Ok(2)]);
    assert_eq!(sender.counters().record_retries, 2);
    assert_eq!(mock.log(), ["warm", "a", "b"]);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_timeout_with_doubt() {
    let mock = Mock::new(1);
    let options = [
        ("linger.ms", "0"),
        ("request.timeout.ms", "50"),
        ("delivery.timeout.ms", "120"),
    ];
    let sender = Sender::warm(&mock, &options).await;
    mock.delay(1, Duration::from_secs(60));
    let told = sender.send(&["a"]).await;
    let why = told[0].as_ref().expect_err("nobody answers");
    assert_eq!((why.kind, why.in_log), (ErrorKind::Timeout, Persisted::Possibly));
    mock.delay(1, Duration::ZERO);
}
