//! What cannot be sent, what comes too late, and what the caller gets back.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::future::Future;
use std::net::TcpListener;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use ottla::{Delivery, ErrorKind, Persisted, Producer, Record, StartError};
use support::{create, read_all};

fn producer(bootstrap: &str, options: &[(&str, &str)]) -> Producer {
    let builder = Producer::builder()
        .bootstrap_servers(bootstrap)
        .set_all(options.iter().copied());
    builder.start().expect("a valid configuration, within a runtime")
}

fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener
        .local_addr()
        .expect("a bound listener has an address")
        .to_string()
}

#[test]
fn start_needs_a_runtime_and_a_valid_configuration() {
    let error = Producer::builder()
        .bootstrap_servers("b:9092")
        .start()
        .expect_err("no runtime here");
    assert!(matches!(error, StartError::NoRuntime), "{error}");
    assert_eq!(error.code(), "NO_RUNTIME");
    let error = Producer::builder()
        .set("acks", "2")
        .set("lingerms", "1")
        .check()
        .expect_err("three mistakes");
    let StartError::Config(errors) = &error else {
        panic!("{error}")
    };
    assert_eq!(error.code(), "INVALID_CONFIG");
    assert_eq!(errors.len(), 3);
    assert_eq!(error.to_string().lines().count(), 3);
}

#[tokio::test]
async fn a_record_that_can_never_be_sent_comes_back() {
    let producer = producer(&nobody(), &[("max.request.size", "1000")]);
    let refused = |record: Record<'static>| {
        let error = producer.try_send(record.clone()).expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Record, "{error}");
        assert_eq!(error.persisted(), Persisted::No);
        assert_eq!(error.record().map(|record| &record.value), Some(&record.value));
        error
    };
    let error = refused(Record::to("my topic").value("v"));
    assert_eq!(error.code(), "INVALID_TOPIC_EXCEPTION");
    assert!(
        error.message().contains("my topic") && error.message().contains("' '"),
        "{error}"
    );
    let error = refused(Record::to("t").value(vec![0; 2000]));
    assert_eq!(error.code(), "RECORD_TOO_LARGE");
    assert!(error.message().contains("max.request.size"), "{error}");
    assert_eq!(
        refused(Record::to("t").value("v").partition(-1)).code(),
        "INVALID_PARTITION"
    );
    assert_eq!(
        refused(Record::to("t").value("v").at(ottla::Timestamp(-5))).code(),
        "INVALID_TIMESTAMP"
    );
}

#[tokio::test]
async fn nobody_at_the_bootstrap_address() {
    let address = nobody();
    let producer = producer(&address, &[("max.block.ms", "300")]);
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    let error = delivery.await.expect_err("nobody is there");
    assert_eq!(
        (error.code(), error.kind()),
        ("NO_BROKER", ErrorKind::Timeout),
        "{error}"
    );
    assert_eq!(error.persisted(), Persisted::No);
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(
        error.message().contains(&address),
        "it names who did not answer: {error}"
    );
    let record = error.into_record().expect("the record is given back");
    assert_eq!(record.value.as_deref(), Some(&b"v"[..]));
}

#[tokio::test]
async fn an_unknown_topic() {
    let cluster = support::cluster(1, |settings| settings.auto_create_topics = false).await;
    let producer = producer(&cluster.bootstrap(), &[("max.block.ms", "300")]);
    let error = producer
        .send(Record::to("missing").value("v"))
        .await
        .expect("room")
        .await
        .expect_err("unknown");
    assert_eq!(
        (error.code(), error.kind()),
        ("UNKNOWN_TOPIC_OR_PARTITION", ErrorKind::Timeout),
        "{error}"
    );
    assert!(
        error.message().contains("missing") && error.message().contains("300 ms"),
        "{error}"
    );
    assert!(error.into_record().is_some());
}

#[tokio::test]
async fn after_close_nothing_is_taken() {
    let cluster = support::cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let producer = producer(&cluster.bootstrap(), &[("linger.ms", "60000")]);
    let delivery = producer
        .try_send(Record::to("t").value("v"))
        .expect("there is room");
    producer.close(Duration::from_secs(5)).await.expect("delivered");
    assert_eq!(delivery.await.expect("close does not linger").offset, 0);
    let error = producer.try_send(Record::to("t").value("w")).expect_err("closed");
    assert_eq!((error.code(), error.kind()), ("CLOSED", ErrorKind::Closed));
    assert_eq!(
        error.into_record().and_then(|record| record.value).as_deref(),
        Some(&b"w"[..])
    );
    assert!(producer.send(Record::to("t").value("w")).await.is_err());
    producer
        .close(Duration::ZERO)
        .await
        .expect("closing twice is no error");
    producer.flush().await.expect("nothing is left to flush");
}

#[tokio::test]
async fn close_gives_up_what_cannot_be_delivered() {
    let producer = producer(&nobody(), &[]);
    let delivery = producer
        .try_send(Record::to("t").value("v"))
        .expect("there is room");
    let error = producer
        .close(Duration::from_millis(50))
        .await
        .expect_err("one record is given up");
    assert!(error.message().contains('1'), "{error}");
    let error = delivery.await.expect_err("given up");
    assert_eq!((error.code(), error.persisted()), ("CLOSED", Persisted::No));
}

#[tokio::test]
async fn send_waits_for_room_in_turn() {
    let cluster = support::cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let options = [
        ("buffer.memory", "2000"),
        ("batch.size", "100"),
        ("linger.ms", "0"),
    ];
    let producer = producer(&cluster.bootstrap(), &options);
    let value = vec![7; 700];
    let mut deliveries = Vec::new();
    let mut waited = 0;
    for number in 0..50 {
        let key = number.to_string();
        let record = Record::to("t").key(&key).value(&value);
        let mut sending = pin!(producer.send(record));
        // Looked at once by hand, to see that some really have to wait.
        let delivery = match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(sent) => sent,
            std::task::Poll::Pending => {
                waited += 1;
                let full = producer
                    .try_send(Record::to("t").value("x"))
                    .expect_err("nobody overtakes");
                assert_eq!((full.code(), full.kind()), ("BUFFER_EXHAUSTED", ErrorKind::Full));
                sending.await
            }
        };
        deliveries.push(delivery.expect("room comes in time"));
    }
    assert!(waited > 10, "{waited}");
    for (offset, delivery) in (0..).zip(deliveries) {
        assert_eq!(delivery.await.expect("delivered").offset, offset);
    }
    producer.close(Duration::from_secs(5)).await.expect("delivered");
}

#[tokio::test]
async fn waiting_for_room_ends_after_max_block() {
    let options = [
        ("buffer.memory", "1500"),
        ("batch.size", "100"),
        ("max.block.ms", "200"),
    ];
    let producer = producer(&nobody(), &options);
    let first = producer
        .try_send(Record::to("t").value(vec![1; 1000]))
        .expect("there is room for one");
    let error = producer
        .send(Record::to("t").value(vec![2; 1000]))
        .await
        .expect_err("and for no other");
    assert_eq!(
        (error.code(), error.kind()),
        ("BUFFER_EXHAUSTED", ErrorKind::Timeout),
        "{error}"
    );
    assert_eq!(
        error.into_record().and_then(|record| record.value).as_deref(),
        Some(&[2; 1000][..])
    );
    assert!(first.await.is_err());
}

/// A producer whose memory is taken but for about 400 bytes, and will stay so.
fn almost_full(max_block: &str) -> (Producer, Delivery) {
    let options = [
        ("buffer.memory", "1500"),
        ("batch.size", "100"),
        ("max.block.ms", max_block),
    ];
    let producer = producer(&nobody(), &options);
    let first = producer
        .try_send(Record::to("t").value(vec![1; 1000]))
        .expect("there is room for one");
    (producer, first)
}

/// Looks at a future once.
fn is_pending(future: Pin<&mut impl Future>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.poll(&mut cx).is_pending()
}

#[tokio::test]
async fn an_attempt_that_found_no_room_holds_nobody_up() {
    let (producer, _first) = almost_full("60000");
    let large = || Record::to("t").value(vec![2; 1000]);
    let full = producer.try_send(large()).expect_err("no room for it");
    assert_eq!(full.kind(), ErrorKind::Full);
    producer
        .try_send(Record::to("t").value("s"))
        .expect("there is room for this one");
    producer.post(large()).expect_err("still no room");
    let sent = producer.send(Record::to("t").value("s")).await;
    let _delivery = sent.expect("there is room for this one too");
}

#[tokio::test]
async fn who_waits_for_room_no_longer_lets_the_next_try() {
    let (producer, _first) = almost_full("60000");
    let mut large = Box::pin(producer.send(Record::to("t").value(vec![2; 1000])));
    assert!(is_pending(large.as_mut()));
    let mut middle = Box::pin(producer.send(Record::to("t").value("m")));
    let mut small = pin!(producer.send(Record::to("t").value("s")));
    assert!(is_pending(middle.as_mut()) && is_pending(small.as_mut()));
    drop(middle);
    assert!(is_pending(small.as_mut()), "the large one is still first");
    producer
        .try_send(Record::to("t").value("s"))
        .expect_err("nobody overtakes");
    drop(large);
    let _delivery = small.await.expect("there was room for it all the time");
}

#[tokio::test]
async fn whose_time_is_over_lets_the_next_try() {
    let (producer, first) = almost_full("200");
    let large = producer.send(Record::to("t").value(vec![2; 1000]));
    let error = large.await.expect_err("no room for it in time");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let small = producer.try_send(Record::to("t").value("s"));
    small.expect("there is room for this one");
    assert!(first.await.is_err());
}

#[tokio::test]
async fn a_send_that_is_dropped_while_it_waits_is_not_sent() {
    let cluster = support::cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let options = [
        ("buffer.memory", "1500"),
        ("batch.size", "100"),
        ("linger.ms", "0"),
    ];
    let producer = producer(&cluster.bootstrap(), &options);
    let first = producer
        .try_send(Record::to("t").value(vec![1; 1000]))
        .expect("there is room for one");
    {
        let mut second = pin!(producer.send(Record::to("t").value(vec![2; 1000])));
        let polled = second.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let third = producer
        .send(Record::to("t").value(vec![3; 1000]))
        .await
        .expect("its turn comes");
    first.await.expect("delivered");
    third.await.expect("delivered");
    producer.close(Duration::from_secs(5)).await.expect("delivered");
    let stored = read_all(&cluster, "t", 0).await;
    let firsts: Vec<u8> = stored
        .iter()
        .filter_map(|record| record.value.as_ref()?.first().copied())
        .collect();
    assert_eq!(firsts, [1, 3]);
}

#[test]
fn a_runtime_that_ends_fails_what_is_left() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (producer, delivery) = runtime.block_on(async {
        let producer = producer(&nobody(), &[]);
        let delivery = producer
            .try_send(Record::to("t").value("v"))
            .expect("there is room");
        (producer, delivery)
    });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let error = other.block_on(delivery).expect_err("nobody drives the producer");
    assert_eq!((error.code(), error.persisted()), ("CLOSED", Persisted::Possibly));
    let error = producer
        .try_send(Record::to("t").value("w"))
        .expect_err("nobody drives the producer");
    assert_eq!((error.code(), error.persisted()), ("CLOSED", Persisted::No));
    assert!(other.block_on(producer.flush()).is_err());
}
