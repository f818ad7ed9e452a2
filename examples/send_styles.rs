//! Three ways to send: forget, await each, be called back.
//!
//! ```sh
//! cargo run -p ottla --example send_styles -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::time::Duration;

use ottla::{Producer, Record};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());

    let producer = Producer::builder()
        .bootstrap_servers(servers)
        .set("client.id", "send-styles")
        .start()?;
    for notice in producer.notices() {
        println!("note: {notice}");
    }

    // Forget: no waiting and no result. When the memory is full the record comes back.
    for number in 0..10 {
        let value = format!("forgotten {number}");
        if let Err(error) = producer.post(Record::to(topic.as_str()).value(&value)) {
            println!("not sent: {error}");
        }
    }

    // Await: once for room, once for the result. Awaiting results together is what fills batches.
    let mut deliveries = Vec::new();
    for number in 0..10 {
        let (key, value) = (format!("customer-{}", number % 3), format!("awaited {number}"));
        deliveries.push(
            producer
                .send(Record::to(topic.as_str()).key(&key).value(&value))
                .await?,
        );
    }
    for delivery in deliveries {
        let metadata = delivery.await?;
        println!(
            "{}-{} at offset {}",
            metadata.topic, metadata.partition, metadata.offset
        );
    }

    // Be called back, in the order of sending within a partition.
    for number in 0..10 {
        let value = format!("called back {number}");
        let report = move |result: ottla::DeliveryResult| match result {
            Ok(metadata) => println!("{number} is at offset {}", metadata.offset),
            Err(error) => println!("{number} failed: {error}, persisted: {:?}", error.persisted()),
        };
        producer
            .send_with(Record::to(topic.as_str()).value(&value), report)
            .await?;
    }
    producer.flush().await?;

    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
