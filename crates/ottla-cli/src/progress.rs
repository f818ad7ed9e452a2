//! Progress on standard error: a line that is rewritten on a terminal; elsewhere lines, and only if they are asked for.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;

/// Whether progress is shown.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ProgressArgs {
    /// Show progress on standard error although it is no terminal, a line every five seconds and one at the end.
    #[arg(long, conflicts_with = "no_progress")]
    progress: bool,
    /// Show no progress, although standard error is a terminal.
    #[arg(long)]
    no_progress: bool,
}

impl ProgressArgs {
    /// Progress as the command line and the terminal have it.
    pub(crate) fn start(self) -> Progress<io::Stderr> {
        let style = match io::stderr().is_terminal() {
            _ if self.no_progress => None,
            true => Some(Style::Rewritten),
            false => self.progress.then_some(Style::Lines),
        };
        Progress::new(io::stderr(), style)
    }
}

/// A line on standard error on its own, although a line of progress may stand there.
pub(crate) fn say(line: &str) {
    let mut out = io::stderr();
    let clear = if out.is_terminal() { "\r\x1b[2K" } else { "" };
    // Standard error that is gone is no reason to stop a delivery.
    let _ = writeln!(out, "{clear}{line}");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// One line in place of the one before it.
    Rewritten,
    /// A log: line after line.
    Lines,
}

impl Style {
    fn every(self) -> Duration {
        match self {
            Self::Rewritten => Duration::from_millis(250),
            Self::Lines => Duration::from_secs(5),
        }
    }
}

/// How far long work is.
pub(crate) struct Progress<W> {
    out: W,
    style: Option<Style>,
    shown: bool,
    last: Option<Instant>,
}

impl Progress<io::Stderr> {
    /// Silence.
    pub(crate) fn none() -> Self {
        Self::new(io::stderr(), None)
    }
}

impl<W: Write> Progress<W> {
    fn new(out: W, style: Option<Style>) -> Self {
        Self {
            out,
            style,
            shown: false,
            last: None,
        }
    }

    /// Shows the text if it is time for it.
    pub(crate) fn update(&mut self, now: Instant, text: impl FnOnce() -> String) {
        let Some(style) = self.style else { return };
        // Work that is done at once needs no progress: the first wait begins with the first update.
        let last = *self.last.get_or_insert(now);
        if now.duration_since(last) < style.every() {
            return;
        }
        self.last = Some(now);
        // Standard error that is gone is no reason to stop a delivery.
        let _ = match style {
            Style::Rewritten => write!(self.out, "\r\x1b[2K{}", text()),
            Style::Lines => writeln!(self.out, "{}", text()),
        };
        let _ = self.out.flush();
        self.shown = style == Style::Rewritten;
    }

    /// Takes the line away, so that what follows stands on a line of its own.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(self.out, "\r\x1b[2K");
        }
    }

    /// Ends with how it ended: a log gets a last line, a terminal its line back.
    pub(crate) fn finish(&mut self, text: impl FnOnce() -> String) {
        self.clear();
        if self.style == Some(Style::Lines) {
            let _ = writeln!(self.out, "{}", text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(style: Option<Style>, at_ms: &[u64]) -> String {
        let (mut out, start) = (Vec::new(), Instant::now());
        let mut progress = Progress::new(&mut out, style);
        for ms in at_ms {
            progress.update(start + Duration::from_millis(*ms), || format!("{ms} ms"));
        }
        progress.finish(|| "done".to_owned());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_terminals_line_is_rewritten_four_times_a_second_and_taken_away() {
        let text = said(Some(Style::Rewritten), &[0, 100, 250, 300, 500]);
        assert_eq!(text, "\r\x1b[2K250 ms\r\x1b[2K500 ms\r\x1b[2K");
        assert_eq!(
            said(Some(Style::Rewritten), &[0, 10]),
            "",
            "what is short needs none"
        );
    }

    #[test]
    fn a_log_gets_whole_lines_and_rarely() {
        let text = said(Some(Style::Lines), &[0, 250, 5_000, 6_000, 10_000]);
        assert_eq!(text, "5000 ms\n10000 ms\ndone\n");
    }

    #[test]
    fn silence_is_silent() {
        assert_eq!(said(None, &[0, 5_000, 10_000]), "");
    }
}
