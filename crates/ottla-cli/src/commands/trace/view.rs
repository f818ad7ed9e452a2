//! `ottla trace view`: what a trace tells, in a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ottla_trace::{Envelope, Event, Level, Source, jsonl};
use serde_json::Value;

use super::story::{Batch, End, Record, Request, Story};
use super::{read, tables, timeline};
use crate::exit::{Failure, Outcome, written};

/// What is shown of a trace, and of what in it.
#[derive(Args, Debug)]
#[command(
    after_help = "Times are milliseconds since the trace began. A filter shows what has to do with it: --record 3 its batch and the requests that carried it, too. Records are in traces of --trace-level record.

Examples:
  ottla trace view run.jsonl
  ottla trace view run.jsonl --show batches --partition orders-0
  ottla trace view run.jsonl --show events --record 3
  ottla trace view run.jsonl --show requests --from 500 --to 900"
)]
pub(super) struct ViewArgs {
    /// The file.
    file: PathBuf,
    /// What is shown.
    #[arg(long, value_enum, default_value = "summary")]
    show: Show,
    /// Only what has to do with this record.
    #[arg(long, value_name = "N")]
    record: Option<u64>,
    /// Only what has to do with this batch.
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    /// Only what has to do with this partition, TOPIC-N, or with this topic.
    #[arg(long, value_name = "TOPIC-N")]
    partition: Option<String>,
    /// Only what happened from this time on.
    #[arg(long, value_name = "MS")]
    from: Option<f64>,
    /// Only what happened until this time.
    #[arg(long, value_name = "MS")]
    to: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Show {
    /// Counts, faults, and the batches over time.
    Summary,
    /// A record a line.
    Records,
    /// A batch a line.
    Batches,
    /// A request a line.
    Requests,
    /// Every event a line.
    Events,
}

/// What the filters leave.
struct Chosen<'a> {
    records: Vec<(u64, &'a Record)>,
    batches: Vec<(u64, &'a Batch)>,
    requests: Vec<((u32, i32), &'a Request)>,
    /// Whether a filter names a record, a batch or a partition.
    narrow: bool,
}

/// Shows what is asked for.
pub(super) fn run(args: &ViewArgs, out: &mut impl Write) -> Outcome {
    let (header, envelopes) = read(&args.file)?;
    if header.level != Level::Record && (args.record.is_some() || args.show == Show::Records) {
        return Err(Failure::Usage(format!(
            "{}: there are no records in a trace of level {}; write it with --trace-level record",
            args.file.display(),
            word(&format!("{:?}", header.level))
        )));
    }
    let story = Story::of(&envelopes);
    let chosen = Chosen::new(args, &story)?;
    let end = envelopes.last().map_or(0, |envelope| envelope.t);
    written(match args.show {
        Show::Summary => summary(args, &header, &envelopes, &story, &chosen, out)
            .and_then(|()| timeline::draw(&story, &chosen.batches, end, out)),
        Show::Records => tables::records(&story, &chosen.records, out),
        Show::Batches => tables::batches(&story, &chosen.batches, out),
        Show::Requests => tables::requests(&chosen.requests, out),
        Show::Events => events(args, &envelopes, &story, &chosen, out),
    })
}

impl ViewArgs {
    fn in_time(&self, from: u64, to: u64) -> bool {
        let ms = |micros: u64| micros as f64 / 1e3;
        self.from.is_none_or(|least| ms(to) >= least) && self.to.is_none_or(|most| ms(from) <= most)
    }
}

impl ViewArgs {
    /// Whether a partition is the one that is asked for, or of the topic that is.
    fn here(&self, story: &Story, topic: u32, partition: Option<i32>) -> bool {
        self.partition
            .as_ref()
            .is_none_or(|wanted| story.topic(topic) == wanted || story.partition(topic, partition) == *wanted)
    }
}

impl<'a> Chosen<'a> {
    fn new(args: &ViewArgs, story: &'a Story) -> Result<Self, Failure> {
        let missing = |what: &str, n: u64| {
            Failure::Usage(format!("{}: there is no {what} {n} in it", args.file.display()))
        };
        if let Some(n) = args.record.filter(|n| !story.records.contains_key(n)) {
            return Err(missing("record", n));
        }
        if let Some(n) = args.batch.filter(|n| !story.batches.contains_key(n)) {
            return Err(missing("batch", n));
        }
        let of_record = args.record.and_then(|n| story.records[&n].batch);
        let here = |topic: u32, partition: Option<i32>| args.here(story, topic, partition);
        let over = |t: Option<u64>| t.unwrap_or(u64::MAX);
        let batch = |(n, it): &(u64, &Batch)| {
            args.batch.is_none_or(|wanted| *n == wanted)
                && (args.record.is_none() || of_record.is_some_and(|(batch, _)| *n == batch))
                && here(it.topic, Some(it.partition))
                && args.in_time(it.opened.unwrap_or(0), over(it.end.as_ref().map(|(t, _)| *t)))
        };
        let batches: Vec<_> = story
            .batches
            .iter()
            .map(|(n, it)| (*n, it))
            .filter(batch)
            .collect();
        let kept: BTreeSet<u64> = batches.iter().map(|(n, _)| *n).collect();
        let record = |(n, it): &(u64, &Record)| {
            args.record.is_none_or(|wanted| *n == wanted)
                && (args.batch.is_none() || it.batch.is_some_and(|(batch, _)| kept.contains(&batch)))
                && here(it.topic, it.partition)
                && args.in_time(it.accepted, over(it.end(story).1))
        };
        let narrow = args.record.is_some() || args.batch.is_some() || args.partition.is_some();
        let request = |(_, it): &((u32, i32), &Request)| {
            (!narrow || it.batches.iter().any(|batch| kept.contains(batch)))
                && args.in_time(it.queued, over(it.answered.map(|(t, _)| t)))
        };
        let chosen = Self {
            records: story
                .records
                .iter()
                .map(|(n, it)| (*n, it))
                .filter(record)
                .collect(),
            requests: story
                .requests
                .iter()
                .map(|(place, it)| (*place, it))
                .filter(request)
                .collect(),
            batches,
            narrow,
        };
        if let Some(wanted) = args
            .partition
            .as_ref()
            .filter(|_| chosen.batches.is_empty() && chosen.records.is_empty())
        {
            return Err(Failure::Usage(format!(
                "{}: nothing went to {wanted}; a partition is written TOPIC-N, such as orders-0",
                args.file.display()
            )));
        }
        Ok(chosen)
    }
}

fn summary(
    args: &ViewArgs,
    header: &jsonl::Header,
    envelopes: &[Envelope],
    story: &Story,
    chosen: &Chosen<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let end = envelopes.last().map_or(0, |envelope| envelope.t);
    let whole = if jsonl::is_whole(envelopes) {
        ""
    } else {
        ", the end is missing"
    };
    writeln!(
        out,
        "{}: {} events in {} ms, written by {}, level {}{whole}",
        args.file.display(),
        envelopes.len(),
        millis(end),
        header.writer,
        word(&format!("{:?}", header.level))
    )?;
    if header.level == Level::Record {
        let failed = |it: &&(u64, &Record)| it.1.end(story).0.starts_with("failed");
        let odd = |it: &&(u64, &Record)| it.1.verdict.is_some();
        let (all, failed, odd) = (
            chosen.records.len(),
            chosen.records.iter().filter(failed).count(),
            chosen.records.iter().filter(odd).count(),
        );
        writeln!(
            out,
            "records: {all}, {failed} failed, {odd} lost, twice or out of order (--show records)"
        )?;
    }
    let ended = |wanted: fn(&End) -> bool| {
        let ends = chosen.batches.iter().filter_map(|(_, batch)| batch.end.as_ref());
        ends.filter(|(_, end)| wanted(end)).count()
    };
    let again = chosen
        .batches
        .iter()
        .filter(|(_, batch)| batch.sent.len() > 1)
        .count();
    writeln!(
        out,
        "batches: {}, {} acknowledged, {} failed, {again} sent more than once (--show batches)",
        chosen.batches.len(),
        ended(|end| matches!(end, End::Acked { .. })),
        ended(|end| matches!(end, End::Failed { .. })),
    )?;
    let mut apis: BTreeMap<&str, (usize, Vec<u64>)> = BTreeMap::new();
    for (_, request) in &chosen.requests {
        let (count, took) = apis.entry(&request.api).or_default();
        *count += 1;
        took.extend(request.answered.map(|(t, _)| t.saturating_sub(request.queued)));
    }
    for (api, (count, mut took)) in apis {
        took.sort_unstable();
        let median = took.get(took.len() / 2).copied().map_or("-".to_owned(), millis);
        let longest = took.last().copied().map_or("-".to_owned(), millis);
        writeln!(
            out,
            "{api}: {count} requests, {} answered, median {median} ms, longest {longest} ms (--show requests)",
            took.len()
        )?;
    }
    for (t, what) in &story.faults {
        writeln!(out, "{:>12} ms  {what}", millis(*t))?;
    }
    Ok(())
}

fn events(
    args: &ViewArgs,
    envelopes: &[Envelope],
    story: &Story,
    chosen: &Chosen<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let records: BTreeSet<u64> = chosen.records.iter().map(|(n, _)| *n).collect();
    let batches: BTreeSet<u64> = chosen.batches.iter().map(|(n, _)| *n).collect();
    let requests: BTreeSet<(u32, i32)> = chosen.requests.iter().map(|(place, _)| *place).collect();
    for envelope in envelopes {
        if matches!(envelope.event, Event::Define(_) | Event::Snapshot(_))
            || !args.in_time(envelope.t, envelope.t)
        {
            continue;
        }
        let fields = fields(envelope);
        let number = |name: &str| fields.get(name).and_then(Value::as_u64);
        let place = number("conn").zip(fields.get("correlation").and_then(Value::as_i64));
        let place = place.and_then(|(conn, id)| Some((u32::try_from(conn).ok()?, i32::try_from(id).ok()?)));
        let of_partition = number("topic").zip(fields.get("partition").and_then(Value::as_i64));
        let of_partition = of_partition.is_some_and(|(topic, partition)| {
            let topic = u32::try_from(topic).unwrap_or(u32::MAX);
            args.partition.is_some() && args.here(story, topic, i32::try_from(partition).ok())
        });
        let about = match number("record") {
            Some(record) => records.contains(&record),
            None => {
                number("batch").is_some_and(|n| batches.contains(&n))
                    || place.is_some_and(|place| requests.contains(&place))
                    || of_partition
            }
        };
        if chosen.narrow && !about {
            continue;
        }
        let source = match envelope.source {
            Source::Client => "client".to_owned(),
            Source::World => "world".to_owned(),
            Source::Broker(node) => format!("broker {node}"),
        };
        write!(
            out,
            "{:>12} ms  {source:<9} {}",
            millis(envelope.t),
            envelope.event.name()
        )?;
        for (name, value) in &fields {
            write!(out, " {name}={}", shown(story, name, value))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The event's fields, as its JSON has them.
fn fields(envelope: &Envelope) -> serde_json::Map<String, Value> {
    let line = jsonl::envelope_line(envelope);
    let value: Value = serde_json::from_str(&line).unwrap_or_default();
    match value["event"].as_object().and_then(|event| event.values().next()) {
        Some(Value::Object(fields)) => fields.clone(),
        _ => serde_json::Map::new(),
    }
}

/// A value for people: names in place of numbers, text without quotes when it is one word.
fn shown(story: &Story, name: &str, value: &Value) -> String {
    let interned = value.as_u64().and_then(|id| u32::try_from(id).ok());
    match (name, value, interned) {
        ("topic", _, Some(id)) => story.topic(id).to_owned(),
        ("key", _, Some(id)) => story.key(Some(id)).to_owned(),
        (_, Value::String(text), _) if !text.contains(char::is_whitespace) => text.clone(),
        (_, Value::Null, _) => "-".to_owned(),
        _ => value.to_string(),
    }
}

/// Microseconds as milliseconds with three digits.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

/// A name of Rust's in the spelling of the trace: `NoLinger` is `no_linger`.
pub(super) fn word(name: &str) -> String {
    let mut word = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            word.push('_');
        }
        word.extend(c.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ottla_sim::Scenario;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ViewArgs,
    }

    /// What is printed of the trace of a leader that dies with records that only it had.
    fn shown(level: Level, words: &str) -> Result<String, String> {
        let mut scenario = Scenario::named("broker-dies").expect("a preset");
        scenario = scenario.with("acks", 1).with("enable.idempotence", false);
        scenario.setup.trace = level;
        let mut world = scenario.run().expect("a good configuration");
        let mut text = jsonl::Header::new("test", level).line();
        for envelope in world.drain_trace() {
            text += &jsonl::envelope_line(&envelope);
        }
        let name = format!("ottla-trace-view-{}-{}.jsonl", std::process::id(), words.len());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, text).expect("a temporary file");
        let words = ["x", file.to_str().expect("text")]
            .into_iter()
            .chain(words.split_whitespace());
        let parsed = Line::try_parse_from(words).map_err(|error| error.to_string());
        let mut out = Vec::new();
        let outcome = parsed.and_then(|line| run(&line.args, &mut out).map_err(|it| it.message().to_owned()));
        std::fs::remove_file(&file).expect("it was written");
        outcome.map(|()| String::from_utf8(out).expect("text"))
    }

    #[test]
    fn a_summary_counts_and_draws_every_batch() {
        let text = shown(Level::Record, "").expect("a good trace");
        assert!(
            text.contains("records: 24, 0 failed, 2 lost, twice or out of order"),
            "{text}"
        );
        assert!(text.contains("84.500 ms  kill broker 3"), "{text}");
        let rows = text
            .lines()
            .filter(|line| line.starts_with("orders-") && line.ends_with('+'))
            .count();
        assert!(
            text.contains(&format!("batches: {rows}, {rows} acknowledged")),
            "{text}"
        );
    }

    #[test]
    fn a_lost_record_says_so_and_where_it_was() {
        let text = shown(Level::Record, "--show records --partition orders-2").expect("a good trace");
        assert_eq!(text.matches("LOST, it had offset").count(), 2, "{text}");
        assert!(
            text.lines().skip(1).all(|line| line.contains(" orders-2 ")),
            "{text}"
        );
    }

    #[test]
    fn a_filter_shows_what_has_to_do_with_it() {
        let events = shown(Level::Record, "--show events --record 3").expect("a good trace");
        for expected in [
            "accepted ",
            " key=kim ",
            "batch_closed ",
            "log_appended ",
            "acked ",
            " topic=orders",
        ] {
            assert!(events.contains(expected), "no {expected:?} in {events}");
        }
        assert!(!events.contains("record=4"), "{events}");
        let one = shown(Level::Record, "--show batches --batch 0").expect("a good trace");
        assert_eq!(one.lines().count(), 2, "{one}");
        let requests = shown(Level::Record, "--show requests --batch 0").expect("a good trace");
        assert_eq!(requests.lines().count(), 2, "{requests}");
        assert!(requests.contains("Produce"), "{requests}");
        let early = shown(Level::Record, "--show events --to 60").expect("a good trace");
        assert!(!early.contains("batch_closed"), "{early}");
        let replicated = shown(Level::Record, "--show events --partition orders-0").expect("a good trace");
        assert!(
            replicated.contains("high_watermark") && !replicated.contains("partition=1"),
            "{replicated}"
        );
    }

    #[test]
    fn what_is_not_there_is_said() {
        let no_records = shown(Level::Batch, "--show records").expect_err("level batch");
        assert!(no_records.contains("--trace-level record"), "{no_records}");
        let batches = shown(Level::Batch, "--show batches").expect("batches are there");
        assert!(batches.contains("orders-1"), "{batches}");
        for (words, why) in [
            ("--record 999", "there is no record 999"),
            ("--batch 999", "there is no batch 999"),
            ("--partition orders-9", "nothing went to orders-9"),
        ] {
            let error = shown(Level::Record, words).expect_err(words);
            assert!(error.contains(why), "{error}");
        }
    }
}
