//! JSON Lines: a header, then one envelope a line.
//!
//! ```text
//! {"ottla_trace":1,"writer":"ottla 0.1.0","level":"record"}
//! {"t":0,"seq":0,"source":"client","event":{"started":{"client_id":"shop","epoch_ms":null,"config":[]}}}
//! ```

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, iter::Enumerate, str::SplitInclusive};

use crate::{
    Envelope, Event, Level, Source, VERSION,
    json::{self, Json, json_structs},
};

json_structs! {
    /// The first line of a trace.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Header {
        /// [`VERSION`] of the writer.
        pub ottla_trace: u32,
        /// Program and version.
        pub writer: String,
        /// What was traced.
        pub level: Level,
    }
}

impl Header {
    /// The header of a trace that is written now.
    pub fn new(writer: &str, level: Level) -> Self {
        Self {
            ottla_trace: VERSION,
            writer: writer.to_string(),
            level,
        }
    }

    /// The line, with its line end.
    pub fn line(&self) -> String {
        line(self)
    }
}

/// The envelope as a line, with its line end.
pub fn envelope_line(envelope: &Envelope) -> String {
    line(envelope)
}

fn line<T: Json>(value: &T) -> String {
    let mut writer = json::Writer::default();
    value.put(&mut writer);
    writer.raw("\n");
    writer.finish()
}

/// Why a trace cannot be read. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is not one line.
    Empty,
    /// The first line is not a trace header.
    NotATrace,
    /// A newer writer.
    Version {
        /// The version found.
        found: u32,
    },
    /// A line is not an event.
    Line {
        /// Its number.
        line: usize,
        /// The parser's words.
        why: String,
    },
    /// The last line has no line end: the file was cut while it was written.
    Truncated {
        /// Its number.
        line: usize,
    },
    /// Time runs backwards.
    Order {
        /// The line's number.
        line: usize,
    },
    /// A source's events do not count on, and no `lost` says so.
    Missing {
        /// The line's number.
        line: usize,
        /// The number that comes after the source's event before.
        expected: u64,
        /// The number that is there.
        found: u64,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the trace is empty; write one with console-producer --trace FILE"),
            Self::NotATrace => f.write_str(
                "line 1 is not a trace header ({\"ottla_trace\":1,…}); this is not a file of console-producer --trace",
            ),
            Self::Version { found } => {
                write!(f, "the trace has version {found}, this program reads {VERSION}; use a newer ottla")
            }
            Self::Line { line, why } => write!(f, "line {line} is not a trace event: {why}"),
            Self::Truncated { line } => write!(
                f,
                "line {line} is cut off: the writer was stopped in the middle; delete that line to open the rest"
            ),
            Self::Order { line } => write!(f, "line {line} is earlier than the line before it; the trace was edited"),
            Self::Missing { line, expected, found } => {
                write!(f, "line {line} has seq {found} where {expected} was expected: lines are missing")
            }
        }
    }
}

impl core::error::Error for ReadError {}

/// Reads a whole trace. Either all of it is good, or the error names the first bad line.
pub fn read(text: &str) -> Result<(Header, Vec<Envelope>), ReadError> {
    let (header, envelopes) = Reader::new(text)?;
    let envelopes = envelopes.collect::<Result<_, _>>()?;
    Ok((header, envelopes))
}

/// Whether the trace goes to the producer's end: the last that the producer said is that it closed. A file that was
/// cut exactly between two lines, or that was saved while the producer ran, does not.
pub fn is_whole<'a>(envelopes: impl IntoIterator<Item = &'a Envelope>) -> bool {
    let of_client = envelopes.into_iter().filter(|it| it.source == Source::Client);
    of_client
        .last()
        .is_some_and(|it| matches!(it.event, Event::Closed))
}

/// Reads a trace line by line, for those who cannot stop for as long as a large one takes. Nothing after the first
/// error means anything.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    lines: Enumerate<SplitInclusive<'a, char>>,
    last: u64,
    /// The number of each source's next event. A trace has a handful of sources.
    next: Vec<(Source, u64)>,
}

impl<'a> Reader<'a> {
    /// Reads the header; what follows are the events.
    ///
    /// # Errors
    /// When this is not a trace of this version.
    pub fn new(text: &'a str) -> Result<(Header, Self), ReadError> {
        let mut lines = text.split_inclusive('\n').enumerate();
        let (_, first) = lines.next().ok_or(ReadError::Empty)?;
        let header: Header = json::parse(first).map_err(|_| ReadError::NotATrace)?;
        if header.ottla_trace != VERSION {
            return Err(ReadError::Version {
                found: header.ottla_trace,
            });
        }
        Ok((
            header,
            Self {
                lines,
                last: 0,
                next: Vec::new(),
            },
        ))
    }
}

impl Reader<'_> {
    /// The number that the event should have, if it has another one.
    fn count(&mut self, envelope: &Envelope) -> Option<u64> {
        if matches!(envelope.event, Event::Lost { .. }) {
            // It does not say whose events are lost.
            self.next.clear();
            return None;
        }
        let after = envelope.seq.wrapping_add(1);
        match self
            .next
            .iter_mut()
            .find(|(source, _)| *source == envelope.source)
        {
            Some((_, next)) => {
                let expected = core::mem::replace(next, after);
                let anew = matches!(envelope.event, Event::Snapshot(_));
                (expected != envelope.seq && !anew).then_some(expected)
            }
            None => {
                self.next.push((envelope.source, after));
                None
            }
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Envelope, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (index, text) = self.lines.next()?;
        let line = index + 1;
        // A line that is there but for its end is whole: some editors and copies leave that away.
        let envelope: Result<Envelope, _> = json::parse(text).map_err(|why| match text.ends_with('\n') {
            true => ReadError::Line { line, why },
            false => ReadError::Truncated { line },
        });
        Some(envelope.and_then(|envelope| {
            if envelope.t < self.last {
                return Err(ReadError::Order { line });
            }
            self.last = envelope.t;
            match self.count(&envelope) {
                Some(expected) => Err(ReadError::Missing {
                    line,
                    expected,
                    found: envelope.seq,
                }),
                None => Ok(envelope),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    fn sample() -> String {
        let mut text = Header::new("test", Level::Record).line();
        for (seq, t) in [(0, 5), (1, 9)] {
            text += &envelope_line(&Envelope {
                t,
                seq,
                source: Source::Client,
                event: Event::Connected { conn: 3 },
            });
        }
        text
    }

    #[test]
    fn reads_what_it_wrote() {
        let (header, envelopes) = read(&sample()).expect("good trace");
        assert_eq!(header.level, Level::Record);
        assert_eq!(envelopes.len(), 2);
        assert_eq!(envelopes[1].event, Event::Connected { conn: 3 });
        assert!(sample().contains(r#"{"t":5,"seq":0,"source":"client","event":{"connected":{"conn":3}}}"#));
    }

    #[test]
    fn a_line_that_is_missing_is_named_unless_the_trace_says_so() {
        let line = |seq, source, event| {
            envelope_line(&Envelope {
                t: 0,
                seq,
                source,
                event,
            })
        };
        let client = |seq| line(seq, Source::Client, Event::Full);
        let head = Header::new("test", Level::Record).line();
        let text = [head.clone(), client(7), client(8), client(10)].concat();
        let missing = ReadError::Missing {
            line: 4,
            expected: 9,
            found: 10,
        };
        assert_eq!(read(&text), Err(missing));
        let lost = line(9, Source::Client, Event::Lost { count: 5 });
        for good in [
            [head.clone(), client(7), lost, client(14)].concat(),
            [
                head,
                client(7),
                line(0, Source::Broker(1), Event::Full),
                client(8),
            ]
            .concat(),
        ] {
            assert_eq!(read(&good).map(|(_, envelopes)| envelopes.len()), Ok(3), "{good}");
        }
    }

    #[test]
    fn only_a_trace_that_ends_with_the_producers_close_is_whole() {
        let envelope = |source, event| Envelope {
            t: 0,
            seq: 0,
            source,
            event,
        };
        let closed = envelope(Source::Client, Event::Closed);
        let full = envelope(Source::Client, Event::Full);
        let world = envelope(Source::World, Event::Full);
        assert!(!is_whole(&[]), "a header alone");
        assert!(!is_whole(&vec![full.clone()]));
        assert!(is_whole(&vec![full.clone(), closed.clone()]));
        assert!(is_whole(&vec![closed.clone(), world]), "brokers live on");
        assert!(!is_whole(&vec![closed, full]), "another producer began");
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        assert_eq!(read(""), Err(ReadError::Empty));
        assert_eq!(read("{}\n"), Err(ReadError::NotATrace));
        let cut = &sample()[..sample().len() - 5];
        assert_eq!(read(cut), Err(ReadError::Truncated { line: 3 }));
        let without_end = sample();
        assert_eq!(
            read(without_end.trim_end()),
            read(&without_end),
            "the line is whole"
        );
        let garbage = format!("{}nonsense\n", sample());
        assert!(matches!(read(&garbage), Err(ReadError::Line { line: 4, .. })));
        let future = sample().replacen(":1,", ":2,", 1);
        assert_eq!(read(&future), Err(ReadError::Version { found: 2 }));
    }
}
