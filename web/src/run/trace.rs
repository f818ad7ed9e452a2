//! The run as JSON Lines, piece by piece: a long one takes longer than a frame.

use ottla_scene::history::History;
use ottla_trace::{
    Envelope, Event, Level, Source,
    event::Define,
    jsonl::{self, ReadError, Reader},
};

use super::Run;

/// Who wrote it.
const WRITER: &str = concat!("ottla-web ", env!("CARGO_PKG_VERSION"));

impl Run {
    /// The header, and what has to be known of events that are forgotten.
    pub(crate) fn trace_head(&mut self) -> String {
        let mut text = jsonl::Header::new(WRITER, Level::Record).line();
        let forgotten = self.history.forgotten();
        let Some(first) = self.history.events().first().filter(|_| forgotten > 0) else {
            return text;
        };
        let (t, source) = (first.t, first.source);
        let state = self.history.state(forgotten);
        let topics = state.topics.iter().map(|(id, name)| Define::Topic {
            id: *id,
            name: name.clone(),
        });
        let keys = state.keys.iter().map(|(id, text)| Define::Key {
            id: *id,
            text: text.clone(),
        });
        let nodes = state.brokers.values().filter_map(|it| {
            let (host, port) = it.address.clone()?;
            Some(Define::Node {
                id: it.id,
                host,
                port,
            })
        });
        let known = topics.chain(keys).chain(nodes).map(Event::Define);
        let lost = Event::Lost {
            count: forgotten as u64,
        };
        for (seq, event) in (0..).zip(known.chain([lost])) {
            text.push_str(&jsonl::envelope_line(&Envelope {
                t,
                seq,
                source,
                event,
            }));
        }
        text
    }

    /// Events from number `from` on, `most` at a time and none beyond the edge. Gives the lines, and the number after
    /// the last; no lines when that was all.
    pub(crate) fn trace_piece(&self, from: usize, most: usize) -> (String, usize) {
        let to = (from + most).min(self.history.seen_at(self.edge));
        let forgotten = self.history.forgotten();
        let mut text = String::new();
        if from < forgotten {
            // It was forgotten while the pieces before this one were written.
            let lost = Envelope {
                t: self.history.start(),
                seq: 0,
                source: Source::Client,
                event: Event::Lost {
                    count: (forgotten - from) as u64,
                },
            };
            text.push_str(&jsonl::envelope_line(&lost));
        }
        let from = from.max(forgotten);
        let to = to.max(from);
        for envelope in self.history.events().range(from - forgotten, to - forgotten) {
            text.push_str(&jsonl::envelope_line(envelope));
        }
        (text, to)
    }
}

/// A trace that is being read into a run.
pub(crate) struct Reading<'a> {
    lines: Reader<'a>,
    history: History,
    /// The last that the producer said is that it closed.
    closed: bool,
}

impl<'a> Reading<'a> {
    /// Reads the header.
    pub(crate) fn new(text: &'a str) -> Result<Self, ReadError> {
        let (_, lines) = Reader::new(text)?;
        Ok(Self {
            lines,
            history: History::new(),
            closed: false,
        })
    }

    /// Reads so many events; false when that was all.
    pub(crate) fn go_on(&mut self, events: usize) -> Result<bool, ReadError> {
        for _ in 0..events {
            match self.lines.next() {
                Some(envelope) => {
                    let envelope = envelope?;
                    if envelope.source == Source::Client {
                        self.closed = matches!(envelope.event, Event::Closed);
                    }
                    self.history.push(envelope);
                }
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether what was read goes to the producer's end, as `jsonl::is_whole` has it.
    pub(crate) fn is_whole(&self) -> bool {
        self.closed
    }

    /// The run.
    pub(crate) fn into_history(self) -> History {
        self.history
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Message, Sandbox};
    use super::*;

    fn saved(run: &mut Run, piece: usize) -> String {
        let mut text = run.trace_head();
        let mut at = run.history.forgotten();
        loop {
            let (lines, next) = run.trace_piece(at, piece);
            if lines.is_empty() {
                return text;
            }
            text.push_str(&lines);
            at = next;
        }
    }

    fn opened(text: &str) -> History {
        let mut reading = Reading::new(text).expect("a trace");
        while reading.go_on(7).expect("good lines") {}
        reading.into_history()
    }

    #[test]
    fn a_saved_run_is_the_run() {
        let mut history = History::new();
        let mut sandbox = Sandbox::new("all", &mut history).expect("the preset is good");
        let mut run = Run::new(false);
        run.begin(history);
        run.show_end(false);
        let message = Message {
            topic: "orders".to_owned(),
            key: Some("김".to_owned()),
            ..Message::default()
        };
        let cursor = run.cursor();
        sandbox
            .send(&message, cursor, &mut run.history)
            .expect("there is room");
        run.edge = run.history.end();
        for piece in [1, 10, 100_000] {
            let again = opened(&saved(&mut run, piece));
            assert!(run.history.events().iter().eq(again.events().iter()));
            assert_eq!(again.tip(), run.history.tip());
        }
        run.edge = 0;
        assert_eq!(
            opened(&saved(&mut run, 10)).end(),
            0,
            "nothing is given away that was not shown"
        );
    }

    #[test]
    fn the_end_of_a_long_run_keeps_its_names_and_says_what_is_missing() {
        let mut run = Run::new(false);
        let mut history = History::new();
        let mut seq = 0;
        let mut push = |history: &mut History, event| {
            history.push(Envelope {
                t: seq,
                seq,
                source: Source::Client,
                event,
            });
            seq += 1;
        };
        let topic = Define::Topic {
            id: 0,
            name: "orders".to_owned(),
        };
        push(&mut history, Event::Define(topic));
        while history.forgotten() == 0 {
            push(&mut history, Event::Full);
        }
        run.begin(history);
        run.show_end(false);
        let again = opened(&saved(&mut run, 5_000));
        let (was, is) = (run.history.tip(), again.tip());
        assert_eq!(is.topics, was.topics);
        assert_eq!(is.lost_events, run.history.forgotten() as u64);
        assert_eq!(
            (again.start(), again.end()),
            (run.history.start(), run.history.end())
        );
    }

    #[test]
    fn a_trace_that_was_cut_between_two_lines_is_not_whole() {
        let mut text = jsonl::Header::new("test", Level::Batch).line();
        for (seq, event) in [(0, Event::Full), (1, Event::Closed)] {
            let before = text.clone();
            text.push_str(&jsonl::envelope_line(&Envelope {
                t: 0,
                seq,
                source: Source::Client,
                event,
            }));
            let mut cut = Reading::new(&before).expect("the header is whole");
            assert_eq!(cut.go_on(10), Ok(false));
            assert!(!cut.is_whole(), "{before}");
        }
        let mut reading = Reading::new(&text).expect("the header is whole");
        assert_eq!(reading.go_on(10), Ok(false));
        assert!(reading.is_whole());
    }

    #[test]
    fn a_broken_trace_names_its_line() {
        let mut run = Run::new(false);
        let mut history = History::new();
        for seq in 0..3 {
            history.push(Envelope {
                t: seq,
                seq,
                source: Source::Client,
                event: Event::Full,
            });
        }
        run.begin(history);
        run.show_end(false);
        let text = saved(&mut run, 10);
        let mut reading = Reading::new(&text[..text.len() - 4]).expect("the header is whole");
        assert_eq!(reading.go_on(10), Err(ReadError::Truncated { line: 4 }));
    }
}
