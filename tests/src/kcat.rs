//! kcat: a client that is neither ours nor Java's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::run::{Finished, Run};

/// A record as kcat reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: i64,
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// Key and value as text.
    ///
    /// # Panics
    /// When one of them is null or not UTF-8.
    #[track_caller]
    pub fn text(&self) -> (&str, &str) {
        let of = |data| text(data).unwrap_or_else(|| panic!("no text in {self:?}"));
        (of(&self.key), of(&self.value))
    }
}

fn text(data: &Option<Vec<u8>>) -> Option<&str> {
    std::str::from_utf8(data.as_deref()?).ok()
}

/// Every record of a topic, byte for byte, by partition and offset.
///
/// # Panics
/// When kcat is missing or fails.
#[track_caller]
pub fn records(bootstrap: &str, topic: &str) -> Vec<Record> {
    let output = kcat(bootstrap)
        .args(["-C", "-q", "-e", "-o", "beginning", "-t", topic])
        .args(["-f", "%p %o %T %K %S\n%k%s"])
        .ok()
        .stdout;
    let mut rest = &output[..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a line of numbers");
        let line = String::from_utf8_lossy(&rest[..end]);
        let numbers: Vec<i64> = line
            .split(' ')
            .map(|word| word.parse().expect("a number"))
            .collect();
        let [partition, offset, timestamp, key, value] = numbers[..] else {
            panic!("five numbers, not {line}");
        };
        rest = &rest[end + 1..];
        let mut data = |length: i64| {
            let length = usize::try_from(length).ok()?;
            let (data, after) = rest.split_at(length);
            rest = after;
            Some(data.to_vec())
        };
        let (key, value) = (data(key), data(value));
        records.push(Record {
            partition,
            offset,
            timestamp,
            key,
            value,
        });
    }
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

/// The headers of every record of a topic that has some, by partition and offset: names and values in turns, as JSON.
///
/// # Panics
/// When kcat is missing or fails.
#[track_caller]
pub fn headers(bootstrap: &str, topic: &str) -> BTreeMap<(i64, i64), Vec<Value>> {
    let read = kcat(bootstrap)
        .args(["-C", "-q", "-e", "-J", "-o", "beginning", "-t", topic])
        .ok();
    let mut headers = BTreeMap::new();
    for line in read.lines() {
        let record: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if let Some(pairs) = record["headers"].as_array() {
            let place = (number(&record["partition"]), number(&record["offset"]));
            headers.insert(place, pairs.clone());
        }
    }
    headers
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number, not {value}"))
}

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
