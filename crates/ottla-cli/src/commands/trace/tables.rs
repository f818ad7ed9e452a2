//! Records, batches and requests as tables.

use std::io::{self, Write};

use ottla_trace::event::Verdict;

use super::story::{Batch, Record, Request, Story};
use super::view::millis;

/// Rows under a heading, each column as wide as its widest cell.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(heading: &[&str]) -> Self {
        let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
        Self { rows: vec![heading] }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let pad = width - cell.chars().count();
                line.push_str(cell);
                line.push_str(&" ".repeat(pad + 2));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn at(t: Option<u64>) -> String {
    t.map_or("-".to_owned(), millis)
}

/// A record a row.
pub(super) fn records(story: &Story, records: &[(u64, &Record)], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(&[
        "record",
        "partition",
        "key",
        "bytes",
        "accepted ms",
        "batch",
        "done ms",
        "outcome",
        "in truth",
    ]);
    for (id, record) in records {
        let (outcome, done) = record.end(story);
        table.rows.push(vec![
            id.to_string(),
            story.partition(record.topic, record.partition),
            story.key(record.key).to_owned(),
            record.bytes.to_string(),
            millis(record.accepted),
            record
                .batch
                .map_or("-".to_owned(), |(batch, index)| format!("{batch}[{index}]")),
            at(done),
            outcome,
            record.verdict.as_ref().map_or(String::new(), verdict),
        ]);
    }
    table.print(out)
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Lost { offset } => format!("LOST, it had offset {offset}"),
        Verdict::Duplicate { offset } => format!("TWICE, again at offset {offset}"),
        Verdict::OutOfOrder { offset } => format!("OUT OF ORDER at offset {offset}"),
    }
}

/// A batch a row.
pub(super) fn batches(story: &Story, batches: &[(u64, &Batch)], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(&[
        "batch",
        "partition",
        "records",
        "bytes",
        "sealed",
        "sequence",
        "opened ms",
        "closed ms",
        "because",
        "sent ms",
        "tries",
        "done ms",
        "outcome",
    ]);
    for (id, batch) in batches {
        let closed = batch.closed.as_ref();
        table.rows.push(vec![
            id.to_string(),
            story.partition(batch.topic, Some(batch.partition)),
            batch.records.to_string(),
            batch.raw_bytes.to_string(),
            batch.bytes.map_or("-".to_owned(), |bytes| bytes.to_string()),
            batch
                .sequence
                .map_or("-".to_owned(), |sequence| sequence.to_string()),
            at(batch.opened),
            at(closed.map(|(t, _)| *t)),
            closed.map_or("-".to_owned(), |(_, because)| {
                super::view::word(&format!("{because:?}"))
            }),
            at(batch.sent.first().map(|(t, ..)| *t)),
            batch.sent.len().to_string(),
            at(batch.end.as_ref().map(|(t, _)| *t)),
            batch
                .end
                .as_ref()
                .map_or("under way".to_owned(), |(_, end)| end.to_string()),
        ]);
    }
    table.print(out)
}

/// A request a row.
pub(super) fn requests(requests: &[((u32, i32), &Request)], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(&[
        "conn",
        "id",
        "broker",
        "api",
        "bytes",
        "batches",
        "queued ms",
        "written ms",
        "answered ms",
        "took ms",
        "throttle ms",
    ]);
    for ((conn, correlation), request) in requests {
        let batches: Vec<_> = request.batches.iter().map(ToString::to_string).collect();
        let answered = request.answered;
        let took = answered.map(|(t, _)| t.saturating_sub(request.queued));
        table.rows.push(vec![
            conn.to_string(),
            correlation.to_string(),
            request.node.map_or("-".to_owned(), |node| node.to_string()),
            format!("{} {}", request.api, request.version),
            request.bytes.to_string(),
            if batches.is_empty() {
                "-".to_owned()
            } else {
                batches.join(",")
            },
            millis(request.queued),
            at(request.written),
            answered.map_or("never".to_owned(), |(t, _)| millis(t)),
            at(took),
            answered.map_or("-".to_owned(), |(_, ms)| ms.to_string()),
        ]);
    }
    table.print(out)
}
