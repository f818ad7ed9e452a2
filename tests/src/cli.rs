//! The program `ottla` and what it writes.

use std::path::Path;

use ottla_trace::{Envelope, jsonl};

use crate::places::program;
use crate::run::Run;

/// `ottla` with these arguments.
pub fn ottla(args: &[&str]) -> Run {
    Run::new(program("ottla")).args(args)
}

/// `ottla console-producer` to a topic; the records are its input.
pub fn console_producer(bootstrap: &str, topic: &str) -> Run {
    ottla(&[
        "console-producer",
        "--bootstrap-server",
        bootstrap,
        "--topic",
        topic,
    ])
}

/// The events of a trace file, after `ottla trace check` found it good.
///
/// # Panics
/// When it does not.
#[track_caller]
pub fn trace_events(file: &Path) -> Vec<Envelope> {
    let checked = ottla(&["trace", "check"]).args([file]).ok();
    assert!(checked.text().contains("good"), "{checked}");
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    jsonl::read(&text).expect("it was just checked").1
}
