//! Code around every record: a header that says where it is from, a check that refuses, and a count of what came of it.
//!
//! ```sh
//! cargo run -p ottla --example provenance -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ottla::interceptor::{Acknowledgement, Interceptor, Provenance, RequireKey};
use ottla::{Producer, Record};

/// What became of the records.
#[derive(Default)]
struct Count {
    delivered: AtomicU32,
    failed: AtomicU32,
}

impl Interceptor for Count {
    // Called for every record, also for those that an interceptor refused.
    fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
        let counter = match of.error {
            None => &self.delivered,
            Some(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let topic = topic.as_str();

    let count = Arc::new(Count::default());
    let producer = Producer::builder()
        .bootstrap_servers(servers)
        .interceptor(RequireKey)
        .interceptor(Provenance::new("shop 1.2"))
        .interceptor(count.clone())
        .start()?;
    producer.post(Record::to(topic).key("kim").value("coffee"))?;
    producer.post(
        Record::to(topic)
            .key("lee")
            .value("tea")
            .header("provenance", "till 7"),
    )?;
    if let Err(refused) = producer.post(Record::to(topic).value("nobody ordered this")) {
        println!("refused: {}", refused.message());
    }
    producer.close(Duration::from_secs(10)).await?;
    let [delivered, failed] = [&count.delivered, &count.failed].map(|count| count.load(Ordering::Relaxed));
    println!("{delivered} delivered, {failed} failed");
    Ok(())
}
