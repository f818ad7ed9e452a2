//! Partitioners of the application before simulated brokers, and the notice of a hot partition.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::config::Config;
use ottla::partitioner::{OrRoundRobin, Partitioner, Partitions};
use ottla::serializer::{Integer, Json, Long, Nullable, Utf8};
use ottla::{Builder, HotPartition, KafkaError, Producer, Record};
use ottla_sim::tcp::Server;
use support::{cluster, create, read_all};

fn by_key_length(record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
    let length = record.key.as_ref()?.len();
    i32::try_from(length % topic.count as usize).ok()
}

async fn start(partitions: i32, settle: impl FnOnce(Builder) -> Builder) -> (Server, Producer) {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", partitions, 1).await;
    let builder = Producer::builder().bootstrap_servers(cluster.bootstrap());
    let producer = settle(builder).start().expect("valid");
    (cluster, producer)
}

async fn close(producer: Producer) {
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("all is delivered");
}

async fn place(producer: &Producer, record: Record<'_>) -> Result<i32, KafkaError> {
    producer
        .send(record)
        .await?
        .await
        .map(|metadata| metadata.partition)
}

#[tokio::test]
async fn it_chooses_for_records_that_name_no_partition() {
    let (_cluster, producer) =
        start(3, |builder| builder.partitioner(OrRoundRobin::new(by_key_length))).await;
    for (key, partition) in [("four", 1), ("eight888", 2), ("", 0), ("x", 1)] {
        let placed = place(&producer, Record::to("t").key(key)).await;
        assert_eq!(placed.expect("delivered"), partition, "{key}");
    }
    let own = place(&producer, Record::to("t").key("four").partition(2)).await;
    assert_eq!(
        own.expect("delivered"),
        2,
        "the record's own partition comes first"
    );
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(
            place(&producer, Record::to("t").value("no key"))
                .await
                .expect("delivered"),
        );
    }
    assert_eq!(turns, [0, 1, 2, 0]);
    close(producer).await;
}

#[tokio::test]
async fn without_an_answer_the_key_decides() {
    let (_cluster, producer) = start(3, |builder| {
        builder.partitioner(|_: &Record<'_>, _: Partitions<'_>| None)
    })
    .await;
    let placed = place(&producer, Record::to("t").key("kim"))
        .await
        .expect("delivered");
    assert_eq!(Some(placed), ottla::partitioner::partition_for_key(b"kim", 3));
    close(producer).await;
}

#[tokio::test]
async fn a_partition_that_does_not_exist_fails_that_record_only_and_gives_it_back() {
    let wrong = |record: &Record<'_>, topic: Partitions<'_>| match record.key.as_deref() {
        Some(b"high") => Some(topic.count),
        Some(b"low") => Some(-1),
        Some(b"panic") => panic!("an application's mistake"),
        _ => Some(0),
    };
    let (cluster, producer) = start(2, |builder| builder.partitioner(wrong)).await;
    // First while the topic is unknown, when the choice is made later, then at once.
    for known in [false, true] {
        for key in ["high", "low", "panic"] {
            let error = place(&producer, Record::to("t").key(key).value("v"))
                .await
                .expect_err(key);
            assert_eq!(error.code(), "INVALID_PARTITION", "{key}, known: {known}");
            assert_eq!(error.persisted(), ottla::Persisted::No);
            assert!(error.message().contains("the partitioner"), "{error}");
            let given_back = error.into_record().expect("given back");
            assert_eq!(given_back.key.as_deref(), Some(key.as_bytes()));
        }
        assert_eq!(
            place(&producer, Record::to("t").key("k"))
                .await
                .expect("delivered"),
            0
        );
    }
    close(producer).await;
    assert_eq!(read_all(&cluster, "t", 0).await.len(), 2);
}

#[derive(Clone, Default)]
struct Life(Arc<Mutex<Vec<String>>>);

impl Life {
    fn say(&self, what: impl Into<String>) {
        self.0.lock().expect("no panic").push(what.into());
    }
}

impl Partitioner for Life {
    fn configure(&mut self, config: &Config) {
        self.say(format!("linger {} ms", config.linger().as_millis()));
    }

    fn partition(&mut self, _record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        self.say(format!("{} partitions", topic.count));
        None
    }

    fn close(&mut self) {
        self.say("closed");
    }
}

#[tokio::test]
async fn it_is_configured_first_and_closed_last() {
    let life = Life::default();
    let own = life.clone();
    let (_cluster, producer) = start(2, |builder| builder.set("linger.ms", "7").partitioner(own)).await;
    producer.post(Record::to("t").value("v")).expect("there is room");
    close(producer).await;
    let said = life.0.lock().expect("no panic").clone();
    assert_eq!(said, ["linger 7 ms", "2 partitions", "closed"]);
}

#[tokio::test]
async fn a_hot_partition_is_noticed() {
    let found = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let found = found.clone();
        move |hot: &HotPartition| found.lock().expect("no panic").push(hot.clone())
    };
    let (_cluster, producer) = start(3, |builder| builder.on_hot_partition(listener)).await;
    // Without keys a partition may be preferred for a while, which says nothing.
    for _ in 0..12_000 {
        producer.send(Record::to("t")).await.expect("there is room");
    }
    producer.flush().await.expect("delivered");
    assert_eq!(found.lock().expect("no panic").len(), 0);
    for _ in 0..12_000 {
        producer
            .send(Record::to("t").key("everybody"))
            .await
            .expect("there is room");
    }
    close(producer).await;
    let found = found.lock().expect("no panic");
    let [hot] = &found[..] else {
        panic!("one notice: {found:?}")
    };
    assert_eq!(
        Some(hot.partition),
        ottla::partitioner::partition_for_key(b"everybody", 3)
    );
    assert_eq!((hot.records, hot.partitions), (hot.of, 3));
}

#[tokio::test]
async fn a_topic_with_serializers_writes_their_bytes() {
    let (cluster, producer) = start(1, |builder| builder.set("value.serializer", "LongSerializer")).await;
    let visits = producer.topic("t").key(Integer).value(Nullable(Long));
    visits.send(&7, &Some(-1)).await.expect("there is room");
    visits.post(&7, &None).expect("there is room");
    let chat = producer.topic("t").key(Utf8).value(Json::<Vec<&str>>::new());
    chat.try_send("kim", &vec!["hi"]).expect("there is room");
    let configured = producer.topic("t").configured();
    configured.post("text", "258").expect("there is room");
    let error = configured.post("text", "much").expect_err("no number");
    assert_eq!(error.code(), "SERIALIZATION");
    assert!(error.message().contains("\"much\""), "{error}");
    close(producer).await;
    let stored = read_all(&cluster, "t", 0).await;
    let stored: Vec<_> = stored
        .into_iter()
        .map(|record| (record.key, record.value))
        .collect();
    let bytes = |bytes: &[u8]| Some(bytes.to_vec());
    let expected = [
        (bytes(&[0, 0, 0, 7]), bytes(&[0xff; 8])),
        (bytes(&[0, 0, 0, 7]), None),
        (bytes(b"kim"), bytes(br#"["hi"]"#)),
        (bytes(b"text"), bytes(&[0, 0, 0, 0, 0, 0, 1, 2])),
    ];
    assert_eq!(stored, expected);
}

#[test]
fn options_come_from_a_file_and_the_last_value_holds() {
    let dir = std::env::temp_dir().join(format!("ottla-options-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a temporary directory");
    let file = dir.join("producer.properties");
    std::fs::write(&file, "bootstrap.servers=b1:9092\nlinger.ms=20\nacks=all\n").expect("written");
    let config = Producer::builder()
        .properties_file(&file)
        .expect("it is there")
        .set("linger.ms", "7")
        .check()
        .expect("valid");
    assert_eq!(
        (config.linger().as_millis(), config.bootstrap_servers().len()),
        (7, 1)
    );

    std::fs::write(&file, "bootstrap.servers=b1:9092\nlingr.ms=20\n").expect("written");
    let error = Producer::builder()
        .properties_file(&file)
        .expect("it is there")
        .check();
    let error = error.expect_err("no such option").to_string();
    assert_eq!(error, "unknown option lingr.ms: did you mean linger.ms?");
    std::fs::remove_dir_all(&dir).expect("removed");
    let missing = Producer::builder()
        .properties_file(&file)
        .expect_err("it is gone");
    assert_eq!(missing.code(), "NO_CONFIG_FILE");
    assert!(missing.to_string().contains("producer.properties"), "{missing}");
}

#[test]
fn variables_of_another_program_are_not_options() {
    // Cargo sets this one for every test.
    let error = Producer::builder().environment_with("CARGO_PKG_").check();
    let error = error.expect_err("CARGO_PKG_VERSION is no option").to_string();
    assert!(error.contains("unknown option version"), "{error}");
    let none = Producer::builder()
        .environment()
        .bootstrap_servers("b1:9092")
        .check();
    assert_eq!(
        none.expect("nothing begins with OTTLA_PRODUCER_")
            .linger()
            .as_millis(),
        5
    );
}
