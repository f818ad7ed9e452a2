//! A Kafka for benches: one broker whose JVM optimises fully. Prints its address and its process id, and stops when
//! its standard input ends.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::io::Read;

use ottla_tests::kafka::Kafka;

fn main() {
    // A bench writes gigabytes that nobody reads: old segments go soon.
    let kafka = Kafka::options()
        .full_speed()
        .config("num.network.threads", "3")
        .config("num.io.threads", "8")
        .config("log.segment.bytes", "67108864")
        .config("log.retention.bytes", "134217728")
        .config("log.retention.check.interval.ms", "2000")
        .config("log.segment.delete.delay.ms", "1000")
        .start();
    println!("{} {}", kafka.bootstrap(), kafka.node(1).process().pid());
    // Whatever arrives: only the end counts, and an error is one.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
