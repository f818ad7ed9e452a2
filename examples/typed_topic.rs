//! A topic whose keys are text and whose values are JSON of one type; another, whose values are Kafka's Long. Options come
//! from the environment (`OTTLA_PRODUCER_LINGER_MS=20`).
//!
//! ```sh
//! cargo run -p ottla --example typed_topic -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::time::Duration;

use ottla::Producer;
use ottla::serializer::{Json, Long, Nullable, Utf8};

/// What is said.
#[derive(serde::Serialize)]
struct Chat<'a> {
    from: &'a str,
    text: &'a str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());

    let producer = Producer::builder()
        .set("client.id", "typed-topic")
        .environment()
        .bootstrap_servers(servers)
        .start()?;

    let chat = producer
        .topic(topic.as_str())
        .key(Utf8)
        .value(Json::<Chat<'_>>::new());
    let hello = Chat {
        from: "kim",
        text: "hi",
    };
    let said = chat.send("kim", &hello).await?.await?;
    println!("said at offset {}", said.offset);

    let visits = producer.topic(topic.as_str()).key(Utf8).value(Nullable(Long));
    visits.send("visits", &Some(7)).await?.await?;
    // None deletes the key in a compacted topic.
    visits.send("visits", &None).await?.await?;
    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
