//! What can be seen of a producer: its trace, notices, counters and partitions.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::trace::{Event, Level};
use ottla::{ErrorKind, Producer, Record};
use support::{cluster, create, read_all};

#[tokio::test]
async fn the_trace_tells_the_life_of_each_record() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let events = events.clone();
        move |envelope| events.lock().expect("no panic in the sink").push(envelope)
    };
    let producer = Producer::builder()
        .bootstrap_servers(cluster.bootstrap())
        .trace(Level::Record, sink)
        .start()
        .expect("a valid configuration");
    for number in 0..100 {
        producer
            .post(Record::to("t").value(number.to_string()))
            .expect("there is room");
    }
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("everything is delivered");

    assert_eq!(read_all(&cluster, "t", 0).await.len(), 100);

    let events = events.lock().expect("no panic in the sink");
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].t <= pair[1].t && pair[0].seq + 1 == pair[1].seq),
        "nothing is lost"
    );
    assert!(
        matches!(
            &events[0].event,
            Event::Started {
                epoch_ms: Some(1_600_000_000_000..),
                ..
            }
        ),
        "{:?}",
        events[0]
    );
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|envelope| wanted(&envelope.event)).count();
    assert_eq!(count(|event| matches!(event, Event::Accepted { .. })), 100);
    assert_eq!(count(|event| matches!(event, Event::Appended { .. })), 100);
    assert!(count(|event| matches!(event, Event::Acked { .. })) > 0);
    assert!(
        matches!(events.last().map(|last| &last.event), Some(Event::Closed)),
        "the end is in it"
    );
}

#[tokio::test]
async fn counters_and_memory() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    let producer = Producer::builder()
        .bootstrap_servers(cluster.bootstrap())
        .set("linger.ms", "60000")
        .start()
        .expect("a valid configuration");
    assert_eq!(
        producer.notices().len(),
        1,
        "a single address is worth a notice: {:?}",
        producer.notices()
    );
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    assert_eq!(producer.outstanding(), 1);
    assert!(producer.memory_used() > 0);
    producer.flush().await.expect("the driver lives");
    assert_eq!(delivery.await.expect("delivered").offset, 0);
    assert_eq!((producer.outstanding(), producer.memory_used()), (0, 0));
    assert_eq!(producer.metrics().record_acks, 1);
}

#[tokio::test]
async fn partitions_of_a_topic() {
    let cluster = cluster(1, |settings| settings.auto_create_topics = false).await;
    create(&cluster, "t", 4, 1).await;
    let producer = Producer::builder()
        .bootstrap_servers(cluster.bootstrap())
        .set("max.block.ms", "300")
        .start()
        .expect("a valid configuration");
    let partitions = producer.partitions_for("t").await.expect("the topic exists");
    assert_eq!(
        partitions.iter().map(|found| found.partition).collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    assert!(partitions.iter().all(|found| found.leader == Some(1)));
    let error = producer
        .partitions_for("missing")
        .await
        .expect_err("it does not exist");
    assert_eq!(
        (error.code(), error.kind()),
        ("MAX_BLOCK_TIMEOUT", ErrorKind::Timeout)
    );
    let error = producer
        .partitions_for("no topic")
        .await
        .expect_err("it cannot exist");
    assert_eq!(error.kind(), ErrorKind::Record);
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("nothing was sent");
    assert_eq!(
        producer.partitions_for("t").await.expect_err("closed").kind(),
        ErrorKind::Closed
    );
}
