//! A partitioner of one's own: by the length of the key, and one partition after the other for records without a key.
//!
//! ```sh
//! cargo run -p ottla --example key_length -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::time::Duration;

use ottla::partitioner::{OrRoundRobin, Partitioner, Partitions};
use ottla::{Producer, Record};

/// Keys of one length share a partition. The bytes count, as with Kafka's own partitioner: `ä` is two of them.
struct KeyLength;

impl Partitioner for KeyLength {
    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        let length = record.key.as_ref()?.len();
        i32::try_from(length % topic.count as usize).ok()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());

    let producer = Producer::builder()
        .bootstrap_servers(servers)
        .partitioner(OrRoundRobin::new(KeyLength))
        .on_hot_partition(|hot| println!("note: {hot}"))
        .start()?;
    let topic = topic.as_str();
    for key in [Some("a"), Some("bb"), Some("ccc"), Some("ä"), None, None] {
        let value = format!("from {}", key.unwrap_or("nobody"));
        let record = Record::to(topic).value(&value);
        let record = match key {
            Some(key) => record.key(key),
            None => record,
        };
        let placed = producer.send(record).await?.await?;
        println!("{}: partition {}", key.unwrap_or("no key"), placed.partition);
    }
    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
