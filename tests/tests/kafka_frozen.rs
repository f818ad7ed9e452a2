//! A real Kafka that is frozen (SIGSTOP) under a producer with little memory.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ottla::{ErrorKind, KafkaError, Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::ledger::{Found, Told, compare, record};
use ottla_tests::log;
use ottla_tests::meter::metric;
use tokio::time::timeout;

const TOPIC: &str = "frozen";
const KEYS: usize = 7;
const PADDING: usize = 1_000;
const MEMORY: usize = 1 << 20;
const MAX_BLOCK: Duration = Duration::from_millis(700);
/// Whoever waits for room this long waits for ever.
const LIMIT: Duration = Duration::from_secs(60);
/// Who wait for room side by side.
const WAITING: usize = 8;

type All = Arc<Mutex<Vec<Told>>>;

/// Sends record `number`, and keeps a place for its fate if it is accepted.
async fn send(producer: &Producer, told: &All, number: usize) -> Result<(), KafkaError> {
    let (key, value) = record(number, KEYS, PADDING);
    let fate = Arc::clone(told);
    let sending = producer.send_with(Record::to(TOPIC).key(key).value(value), move |result| {
        fate.lock().expect("no holder of this lock panics")[number] = match result {
            Ok(metadata) => Told::Acked(metadata.partition, metadata.offset),
            Err(error) => Told::Failed(error.to_string()),
        };
    });
    timeout(LIMIT, sending).await.expect("the wait for room ends")
}

fn is_full(error: &KafkaError) {
    assert_eq!(
        (error.code(), error.kind()),
        ("BUFFER_EXHAUSTED", ErrorKind::Timeout),
        "{error}"
    );
    assert!(error.record().is_some(), "the record is given back");
}

/// Sends until there is no room for one more; returns how many were accepted, and how long the last one had waited.
async fn fill(producer: &Producer, told: &All, first: usize) -> (usize, Duration) {
    for number in first.. {
        let start = Instant::now();
        if let Err(error) = send(producer, told, number).await {
            is_full(&error);
            return (number - first, start.elapsed());
        }
        assert!(
            (number - first) * PADDING <= MEMORY,
            "more than there is room for"
        );
    }
    unreachable!("the range has no end")
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout, reason = "the figures belong into the log of the run")]
async fn a_full_producer_refuses_after_max_block_and_has_all_its_memory_back_after_the_thaw() {
    // The controller is in the same process: when both wake up it must not think that the broker has died.
    let kafka = Kafka::options()
        .config("broker.session.timeout.ms", "600000")
        .start();
    kafka.tools().create_topic(TOPIC, 2, &[]);
    let producer = Producer::builder()
        .bootstrap_servers(kafka.bootstrap())
        .set("buffer.memory", MEMORY.to_string())
        .set("max.block.ms", MAX_BLOCK.as_millis().to_string())
        .start()
        .expect("a good configuration");
    let told: All = Arc::new(Mutex::new(vec![Told::Nothing; 2 * MEMORY / PADDING]));
    send(&producer, &told, 0).await.expect("room");
    producer.flush().await.expect("the producer runs");
    let total = metric(&producer, "buffer-total-bytes");
    assert_eq!(total, MEMORY as f64);
    assert_eq!(metric(&producer, "buffer-available-bytes"), total);

    kafka.node(1).pause();
    let (accepted, waited) = fill(&producer, &told, 1).await;
    assert!(waited >= MAX_BLOCK, "refused after {waited:?}");
    assert!(accepted * PADDING > MEMORY / 2, "only {accepted} records fit in");
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..WAITING {
        let (producer, told) = (producer.clone(), Arc::clone(&told));
        waiting.spawn(async move { send(&producer, &told, 1 + accepted + number).await });
    }
    let refused = waiting.join_all().await;
    for outcome in &refused {
        is_full(outcome.as_ref().expect_err("there is no room"));
    }
    let free = metric(&producer, "buffer-available-bytes");
    assert_eq!(metric(&producer, "buffer-exhausted-total"), (1 + WAITING) as f64);

    kafka.node(1).resume();
    timeout(LIMIT, producer.flush())
        .await
        .expect("a thawed broker answers")
        .expect("the producer runs");
    println!(
        "frozen: {accepted} records of {PADDING} bytes accepted, {free} of {total} bytes free then; refused after \
         {waited:?} of {MAX_BLOCK:?}; {} bytes free after the thaw",
        metric(&producer, "buffer-available-bytes")
    );
    assert_eq!(metric(&producer, "buffer-available-bytes"), total);
    send(&producer, &told, 1 + accepted).await.expect("room again");
    producer.close(LIMIT).await.expect("nothing is left");

    let mut told = std::mem::take(&mut *told.lock().expect("no holder of this lock panics"));
    told.truncate(2 + accepted);
    assert!(
        told.iter().all(|told| matches!(told, Told::Acked(..))),
        "{told:?}"
    );
    let logs = log::values(kafka.bootstrap(), TOPIC, 2).await;
    assert_eq!(compare(&told, &logs), Found::default());
    assert_eq!(logs.iter().flatten().count(), told.len());
}
