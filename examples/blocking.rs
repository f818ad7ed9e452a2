//! A program without async: threads that wait, over a producer that works in the background.
//!
//! ```sh
//! cargo run -p ottla --example blocking -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::time::Duration;

use ottla::{KafkaError, Producer, Record, RecordMetadata};
use tokio::runtime::{Builder, Runtime};

/// Sends a record and waits until it is acknowledged. Records that other threads send meanwhile share its batch.
fn send(runtime: &Runtime, producer: &Producer, record: Record<'_>) -> Result<RecordMetadata, KafkaError> {
    runtime.block_on(async { producer.send(record).await?.await })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());

    // One thread of its own, for sockets and timers.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let producer = {
        let _guard = runtime.enter();
        Producer::builder().bootstrap_servers(servers).start()?
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = ["kim", "lee", "max"]
            .into_iter()
            .map(|key| {
                let (runtime, producer, topic) = (&runtime, &producer, topic.as_str());
                scope.spawn(move || {
                    for number in 0..10 {
                        let value = format!("value {number}");
                        let sent = send(runtime, producer, Record::to(topic).key(key).value(&value))?;
                        println!(
                            "{key} {number}: partition {}, offset {}",
                            sent.partition, sent.offset
                        );
                    }
                    Ok(())
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("nothing above panics"))
    })
    .map_err(|error: KafkaError| error)?;
    runtime.block_on(producer.close(Duration::from_secs(10)))?;
    Ok(())
}
