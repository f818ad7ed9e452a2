//! Interceptors before simulated brokers: in order, once for each record, and before anybody else hears of its fate.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::interceptor::{Acknowledgement, Interceptor, MaximumSize, Provenance, Refused, RequireKey};
use ottla::{Builder, ErrorKind, Producer, Record};
use support::{cluster, create, read_all};

/// What all interceptors and callbacks of a test saw, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn say(log: &Log, line: String) {
    log.lock().expect("nothing panics under this lock").push(line);
}

fn lines(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().expect("nothing panics under this lock"))
}

/// Writes down what it sees, under its name, and adds a header of that name.
struct Witness(&'static str, Log);

impl Interceptor for Witness {
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        say(
            &self.1,
            format!("{} sees {}", self.0, text(record.value.as_deref())),
        );
        record.headers.push(ottla::Header {
            key: self.0.into(),
            value: None,
        });
        Ok(())
    }

    fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
        let (name, meta) = (self.0, of.metadata);
        let headers: Vec<&str> = of.headers.iter().map(|header| &*header.key).collect();
        let fate = of.error.map_or("ok", |error| error.code());
        let line = format!(
            "{name} hears {fate} {}-{}@{} {headers:?}",
            meta.topic, meta.partition, meta.offset
        );
        say(&self.1, line);
    }

    fn close(&self) {
        say(&self.1, format!("{} closes", self.0));
    }
}

/// Panics whenever it is called.
struct Broken;

impl Interceptor for Broken {
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        panic!("cannot even look at {:?}", record.topic);
    }

    fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
        panic!("cannot even look at {:?}", of.metadata.topic);
    }

    fn close(&self) {
        panic!("cannot even close");
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or("null".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn builder(cluster: &ottla_sim::tcp::Server) -> Builder {
    Producer::builder().bootstrap_servers(cluster.bootstrap())
}

async fn close(producer: Producer) {
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("all is delivered");
}

#[tokio::test]
async fn each_sees_the_record_and_then_its_fate_in_order_and_before_the_sender() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let log = Log::default();
    let producer = builder(&cluster)
        .interceptor(Witness("a", log.clone()))
        .interceptor(Broken)
        .interceptor(Witness("b", log.clone()))
        .start()
        .expect("valid");
    let callback = {
        let log = log.clone();
        move |result: ottla::DeliveryResult| say(&log, format!("the sender hears {}", result.is_ok()))
    };
    producer
        .send_with(Record::to("t").value("1").header("own", ""), callback)
        .await
        .expect("there is room");
    producer.flush().await.expect("it is delivered");
    let expected = [
        "a sees 1",
        "b sees 1",
        r#"a hears ok t-0@0 ["own", "a", "b"]"#,
        r#"b hears ok t-0@0 ["own", "a", "b"]"#,
        "the sender hears true",
    ];
    assert_eq!(lines(&log), expected);

    producer.post(Record::to("t").value("2")).expect("there is room");
    close(producer).await;
    let expected = [
        "a sees 2",
        "b sees 2",
        r#"a hears ok t-0@1 ["a", "b"]"#,
        r#"b hears ok t-0@1 ["a", "b"]"#,
        "a closes",
        "b closes",
    ];
    assert_eq!(
        lines(&log),
        expected,
        "a record that nobody waits for is told of, too"
    );
    let stored = read_all(&cluster, "t", 0).await;
    let headers: Vec<_> = stored[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        headers,
        ["own", "a", "b"],
        "the log has what the interceptors made of it"
    );
}

#[tokio::test]
async fn a_delivery_is_ready_only_after_the_interceptors() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let log = Log::default();
    let producer = builder(&cluster)
        .interceptor(Witness("a", log.clone()))
        .start()
        .expect("valid");
    for _ in 0..50 {
        let delivery = producer
            .send(Record::to("t").value("v"))
            .await
            .expect("there is room");
        delivery.await.expect("it is delivered");
        assert_eq!(lines(&log).len(), 2, "seen and heard of");
    }
    close(producer).await;
}

#[tokio::test]
async fn whoever_checks_records_gives_them_back_and_all_hear_of_it() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let log = Log::default();
    let producer = builder(&cluster)
        .interceptor(Witness("a", log.clone()))
        .interceptor(RequireKey)
        .interceptor(MaximumSize::bytes(20))
        .interceptor(Provenance::new("shop"))
        .interceptor(Witness("b", log.clone()))
        .start()
        .expect("valid");
    let refused = producer
        .send(Record::to("t").value("no key"))
        .await
        .expect_err("refused");
    assert_eq!(
        (refused.code(), refused.kind()),
        ("INVALID_RECORD", ErrorKind::Record)
    );
    assert!(refused.message().contains("RequireKey"), "{refused}");
    assert_eq!(
        text(refused.record().and_then(|record| record.value.as_deref())),
        "no key"
    );
    let expected = [
        "a sees no key",
        r#"a hears INVALID_RECORD t--1@-1 ["a"]"#,
        r#"b hears INVALID_RECORD t--1@-1 ["a"]"#,
    ];
    assert_eq!(
        lines(&log),
        expected,
        "those behind it do not see it, but hear of it"
    );

    let large = Record::to("t")
        .key("k")
        .value("more than twenty bytes")
        .partition(0);
    let refused = producer.try_send(large).expect_err("refused");
    assert_eq!(refused.code(), "RECORD_TOO_LARGE");
    assert_eq!(lines(&log)[1], r#"a hears RECORD_TOO_LARGE t-0@-1 ["a"]"#);

    producer
        .post(Record::to("t").key("").value("fits"))
        .expect("passes");
    close(producer).await;
    let stored = read_all(&cluster, "t", 0).await;
    let [record] = &stored[..] else {
        panic!("one record: {stored:?}")
    };
    assert_eq!(
        record.headers[1],
        ("provenance".to_owned(), Some(b"shop".to_vec()))
    );
}

#[tokio::test]
async fn failures_of_every_kind_are_told() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let log = Log::default();
    let producer = builder(&cluster)
        .set("max.block.ms", "200")
        .interceptor(Witness("a", log.clone()))
        .start()
        .expect("valid");
    // Never in a batch: the topic has no such partition.
    let delivery = producer
        .send(Record::to("t").value("1").partition(7))
        .await
        .expect("accepted");
    let failure = delivery.await.expect_err("no such partition");
    assert_eq!(
        lines(&log)[1],
        format!(r#"a hears {} t-7@-1 ["a"]"#, failure.code())
    );
    // Not accepted: the name is wrong.
    let refused = producer
        .send(Record::to("no topic").value("2"))
        .await
        .expect_err("refused");
    assert_eq!(
        lines(&log)[1],
        format!(r#"a hears {} no topic--1@-1 ["a"]"#, refused.code())
    );
    close(producer.clone()).await;
    lines(&log);
    producer.post(Record::to("t").value("3")).expect_err("closed");
    assert_eq!(lines(&log), ["a sees 3", r#"a hears CLOSED t--1@-1 ["a"]"#]);
}

#[tokio::test]
async fn a_record_that_waits_for_room_is_seen_once() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let log = Log::default();
    let producer = builder(&cluster)
        .set("buffer.memory", "1000")
        .set("batch.size", "500")
        .interceptor(Witness("a", log.clone()))
        .start()
        .expect("valid");
    let sends: Vec<_> = (0..10)
        .map(|_| {
            let producer = producer.clone();
            tokio::spawn(async move { producer.send(Record::to("t").value(vec![b'v'; 600])).await?.await })
        })
        .collect();
    for send in sends {
        send.await.expect("no panic").expect("delivered in the end");
    }
    assert!(producer.metrics().buffer_exhausted > 0, "some had to wait");
    let stored = read_all(&cluster, "t", 0).await;
    assert_eq!(stored.len(), 10);
    assert!(
        stored.iter().all(|record| record.headers.len() == 1),
        "{stored:?}"
    );
    let seen = lines(&log);
    let count = |what: &str| seen.iter().filter(|line| line.contains(what)).count();
    assert_eq!((count(" sees "), count(" hears ok ")), (10, 10));
}

#[tokio::test]
async fn a_sender_that_stops_waiting_is_told_of() {
    // Nobody listens there, so the first record keeps all the memory.
    let log = Log::default();
    let producer = Producer::builder()
        .bootstrap_servers("127.0.0.1:1")
        .set("buffer.memory", "1000")
        .interceptor(Witness("a", log.clone()))
        .start()
        .expect("valid");
    producer
        .post(Record::to("t").value(vec![b'v'; 800]))
        .expect("there is room");
    lines(&log);
    {
        let mut send = std::pin::pin!(producer.send(Record::to("t").value(vec![b'v'; 800])));
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(send.as_mut().poll(cx).is_pending())).await;
        assert!(polled, "there is no room");
        assert_eq!(lines(&log).len(), 1, "seen");
    }
    assert_eq!(lines(&log), [r#"a hears BUFFER_EXHAUSTED t--1@-1 ["a"]"#]);
}
