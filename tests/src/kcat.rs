//! kcat: a client that is neither ours nor Java's.

use crate::run::{Finished, Run};

/// kcat with a bootstrap address and nothing else.
pub fn kcat(bootstrap: &str) -> Run {
    Run::new("kcat").args(["-b", bootstrap])
}

/// Reads one partition from its beginning to its end.
///
/// # Panics
/// When kcat is missing or fails.
#[track_caller]
pub fn consume(bootstrap: &str, topic: &str, partition: i32, args: &[&str]) -> Finished {
    let partition = partition.to_string();
    kcat(bootstrap)
        .args(["-C", "-q", "-e", "-o", "beginning", "-t", topic, "-p", &partition])
        .args(args)
        .ok()
}

/// Produces the lines of `input`, one record each.
///
/// # Panics
/// When kcat is missing or fails.
#[track_caller]
pub fn produce(bootstrap: &str, topic: &str, args: &[&str], input: impl Into<Vec<u8>>) -> Finished {
    kcat(bootstrap)
        .args(["-P", "-t", topic])
        .args(args)
        .input(input)
        .ok()
}
