//! Batches over time: a row each, a column a slice of time.

use std::io::{self, Write};

use super::story::{Batch, End, Story};

/// Columns of a row.
const WIDTH: u64 = 60;

/// What a batch does in a slice of time.
const FILLS: char = '░';
const WAITS: char = '·';
const FLIES: char = '█';

/// The span that is drawn.
struct Scale {
    from: u64,
    /// Microseconds of a column.
    column: u64,
}

impl Scale {
    fn of(batches: &[(u64, &Batch)], end: u64) -> Self {
        let from = batches
            .iter()
            .filter_map(|(_, batch)| batch.opened)
            .min()
            .unwrap_or(0);
        let last = |batch: &Batch| batch.end.as_ref().map_or(end, |(t, _)| *t);
        let to = batches.iter().map(|(_, batch)| last(batch)).max().unwrap_or(end);
        let span = to.saturating_sub(from).max(1);
        Self {
            from,
            column: span.div_ceil(WIDTH).max(1),
        }
    }

    fn column(&self, t: u64) -> usize {
        let column = t.saturating_sub(self.from) / self.column;
        usize::try_from(column.min(WIDTH - 1)).unwrap_or(0)
    }
}

/// Draws the batches, in their order.
pub(super) fn draw(
    story: &Story,
    batches: &[(u64, &Batch)],
    end: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    if batches.is_empty() {
        return writeln!(out, "no batch");
    }
    let scale = Scale::of(batches, end);
    writeln!(
        out,
        "one row is a batch, one column {} ms from {} ms on: {FILLS} fills, {WAITS} waits, {FLIES} in flight, \
         + acknowledged, x failed, / split",
        super::view::millis(scale.column),
        super::view::millis(scale.from)
    )?;
    let name = |batch: &Batch| story.partition(batch.topic, Some(batch.partition));
    let width = batches
        .iter()
        .map(|(_, batch)| name(batch).len())
        .max()
        .unwrap_or(0);
    for (id, batch) in batches {
        writeln!(
            out,
            "{:<width$} {id:>7}  {}",
            name(batch),
            row(batch, &scale, end).trim_end()
        )?;
    }
    Ok(())
}

fn row(batch: &Batch, scale: &Scale, end: u64) -> String {
    let mut cells = vec![' '; usize::try_from(WIDTH).unwrap_or(0)];
    let begun = batch.opened.unwrap_or(scale.from);
    let over = batch.end.as_ref().map_or(end, |(t, _)| *t);
    let mut fill = |from: u64, to: u64, what: char| {
        if from <= to {
            cells[scale.column(from)..=scale.column(to)].fill(what);
        }
    };
    let closed = batch.closed.map_or(over, |(t, _)| t);
    fill(begun, closed, FILLS);
    fill(closed, over, WAITS);
    if let Some((sent, ..)) = batch.sent.first() {
        fill(*sent, over, FLIES);
    }
    // A retry waits until it is sent again; how long the failed try took is in --show requests.
    if let Some((_, what)) = &batch.end {
        cells[scale.column(over)] = match what {
            End::Acked { .. } => '+',
            End::Failed { .. } => 'x',
            End::Split { .. } => '/',
        };
    }
    cells.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_fills_waits_and_flies_in_turn() {
        let batch = Batch {
            opened: Some(0),
            closed: Some((20_000, ottla_trace::event::CloseReason::Full)),
            sent: vec![(40_000, 1, (1, 1))],
            end: Some((59_000, End::Acked { offset: 0 })),
            ..Batch::default()
        };
        let scale = Scale {
            from: 0,
            column: 1_000,
        };
        let expected = format!("{}{}{}+", "░".repeat(20), "·".repeat(20), "█".repeat(19));
        assert_eq!(row(&batch, &scale, 59_000), expected);
    }
}
