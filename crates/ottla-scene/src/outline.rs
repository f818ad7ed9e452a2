//! The stage in words, for those who do not see it: the same stations, in the same order.

use ottla_trace::event::{BrokerState, NodeId, RecordId};

use crate::{
    state::{Batch, Phase, PipeState, State},
    words::{Lang, Word, number},
};

/// A line of the outline and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The line.
    pub text: String,
    /// What it is about.
    pub about: About,
    /// What belongs to it.
    pub children: Vec<Node>,
}

/// What a line is about, so that a shell can make it a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing that could be pressed.
    Text,
    /// A record.
    Record(RecordId),
    /// A broker.
    Broker(NodeId),
}

/// Records that are listed in a batch; the rest is a number.
const MOST_RECORDS: usize = 12;
/// Batches that are listed in a queue; the rest is a number. A full buffer has thousands.
const MOST_BATCHES: usize = 4;

impl Node {
    fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            about: About::Text,
            children: Vec::new(),
        }
    }

    fn with(mut self, children: Vec<Node>) -> Self {
        self.children = children;
        self
    }
}

/// The stage at `t`.
pub fn outline(state: &State, t: u64, lang: Lang) -> Vec<Node> {
    vec![
        app(state, lang),
        queues(state, t, lang),
        wire(state, t, lang),
        cluster(state, t, lang),
    ]
}

fn app(state: &State, lang: Lang) -> Node {
    let ledger = state.ledger();
    let text = format!(
        "{}: {}, {}",
        lang.word(Word::App),
        lang.sends(ledger.sent),
        lang.told_of(ledger.told_ok, ledger.waiting)
    );
    let mut waiting: Vec<Node> = state
        .awaiting
        .iter()
        .take(MOST_RECORDS)
        .map(|id| {
            let mut node = record(state, *id, lang);
            node.text = format!("{}, {}", node.text, lang.word(Word::WaitsForMetadata));
            node
        })
        .collect();
    let rest = state.awaiting.len() - waiting.len();
    if rest > 0 {
        waiting.push(Node::text(lang.more_records(rest as u64)));
    }
    Node::text(text).with(waiting)
}

fn record(state: &State, id: RecordId, lang: Lang) -> Node {
    let key = state
        .records
        .get(id)
        .and_then(|it| it.key)
        .and_then(|key| state.keys.get(&key));
    let text = match key {
        Some(key) => format!("{}, {key}", lang.record(id)),
        None => lang.record(id),
    };
    Node {
        text,
        about: About::Record(id),
        children: Vec::new(),
    }
}

fn queues(state: &State, t: u64, lang: Lang) -> Node {
    let lanes = state.partitions().into_iter().map(|partition| {
        let lane = state.lane(partition);
        let queued = || lane.queued.iter().filter_map(|id| state.batches.get(*id));
        let what = match queued().count() {
            0 => lang.word(Word::Empty).to_owned(),
            n => lang.batches(n),
        };
        let mut batches: Vec<Node> = queued()
            .take(MOST_BATCHES)
            .map(|it| batch(state, it, t, lang))
            .collect();
        let rest = queued().skip(MOST_BATCHES);
        let (n, records) = rest.fold((0, 0), |(n, records), it| (n + 1, records + u64::from(it.count)));
        if n > 0 {
            batches.push(Node::text(lang.more_batches(n, records)));
        }
        let text = format!("{}, {}: {what}", state.name(partition), lang.leader(lane.leader));
        Node::text(text).with(batches)
    });
    Node::text(lang.word(Word::Accumulator)).with(lanes.collect())
}

fn batch(state: &State, batch: &Batch, t: u64, lang: Lang) -> Node {
    let what = match &batch.phase {
        Phase::Open => {
            let linger = state.setting("linger.ms", 5) * 1_000;
            lang.lingering(t.saturating_sub(batch.opened).min(linger), linger)
        }
        Phase::Retry { .. } => lang.word(Word::WillBeSentAgain).to_owned(),
        _ => lang.word(Word::Ready).to_owned(),
    };
    let text = format!(
        "{}, {}, {what}",
        lang.records(u64::from(batch.count)),
        number::bytes(u64::from(batch.bytes))
    );
    let records = batch.records.iter().take(MOST_RECORDS);
    let mut shown: Vec<Node> = records.map(|id| record(state, *id, lang)).collect();
    let rest = batch.records.len() - shown.len();
    if rest > 0 {
        shown.push(Node::text(lang.more_records(rest as u64)));
    }
    Node::text(text).with(shown)
}

fn wire(state: &State, t: u64, lang: Lang) -> Node {
    let max = state.setting("max.in.flight.requests.per.connection", 5);
    let pipes = state.brokers.keys().map(|node| {
        let requests: Vec<_> = state
            .under_way(*node, t)
            .filter(|it| !it.batches.is_empty())
            .collect();
        let batches = || {
            requests
                .iter()
                .flat_map(|request| &request.batches)
                .filter_map(|id| state.batches.get(*id))
        };
        let what = match state.pipe(*node) {
            PipeState::Cut(_) => lang.word(Word::ConnectionLost).to_owned(),
            PipeState::None => lang.word(Word::NotConnected).to_owned(),
            PipeState::Opening => lang.word(Word::Opening).to_owned(),
            PipeState::Open => lang.in_flight(requests.len(), max),
        };
        let mut records: Vec<Node> = batches()
            .flat_map(|batch| &batch.records)
            .take(MOST_RECORDS)
            .map(|id| record(state, *id, lang))
            .collect();
        let rest = batches().map(|batch| batch.records.len()).sum::<usize>() - records.len();
        if rest > 0 {
            records.push(Node::text(lang.more_records(rest as u64)));
        }
        Node::text(format!("{}: {what}", lang.broker(*node))).with(records)
    });
    Node::text(lang.word(Word::Wire)).with(pipes.collect())
}

fn cluster(state: &State, t: u64, lang: Lang) -> Node {
    let brokers = state.brokers.values().map(|broker| {
        let ago = t.saturating_sub(broker.since);
        let what = match broker.state {
            Some(BrokerState::Killed) => Some(lang.killed(ago)),
            Some(BrokerState::Fenced) => Some(lang.word(Word::Fenced).to_owned()),
            Some(BrokerState::Paused) => Some(lang.word(Word::Paused).to_owned()),
            Some(BrokerState::Starting) => Some(lang.word(Word::Starting).to_owned()),
            Some(BrokerState::Up) | None => None,
        };
        let name = lang.broker(broker.id);
        let text = match what {
            Some(what) => format!("{name}: {what}"),
            None => name,
        };
        let logs = state.partitions().into_iter().filter_map(|partition| {
            if !state.replicas(partition).contains(&broker.id) {
                return None;
            }
            let mut text = state.name(partition);
            if state.leader(partition) == broker.id {
                text = format!("{text}, {}", lang.leader(broker.id));
            }
            match state.logs.get(&(broker.id, partition)) {
                Some(log) if state.observed => {
                    text = format!(
                        "{text}: {} {}, {} {}",
                        lang.word(Word::FactOffset),
                        log.end,
                        lang.word(Word::Hw),
                        log.high_watermark
                    );
                }
                Some(log) => text = format!("{text}: {} {}", lang.word(Word::FactOffset), log.end),
                None => text = format!("{text}: {}", lang.word(Word::NotObservable)),
            }
            Some(Node::text(text))
        });
        Node {
            text,
            about: About::Broker(broker.id),
            children: logs.collect(),
        }
    });
    Node::text(lang.word(Word::Cluster)).with(brokers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Run;

    fn flat(nodes: &[Node], depth: usize, out: &mut String) {
        for node in nodes {
            out.push_str(&"  ".repeat(depth));
            out.push_str(&node.text);
            out.push('\n');
            flat(&node.children, depth + 1, out);
        }
    }

    fn words(lang: Lang) -> String {
        let mut state = State::default();
        for envelope in &Run::killed().events {
            state.fold(envelope);
        }
        let mut out = String::new();
        flat(&outline(&state, 1_012_000, lang), 0, &mut out);
        out
    }

    #[test]
    fn says_what_the_picture_shows() {
        assert_eq!(
            words(Lang::En),
            "\
App: 2 sends, 0 told OK, 2 waiting
Accumulator
  orders-0, leader: broker 1: empty
  orders-1, leader: broker 2: empty
  orders-2, leader: broker 3: 1 batch
    2 records, 105 B, will be sent again
      Record 0, kim
      Record 1, lim
Wire
  Broker 1: 0 of 5 in flight
  Broker 2: 0 of 5 in flight
  Broker 3: connection lost
Cluster
  Broker 1
    orders-0, leader: broker 1: Offset 0, HW 0
    orders-1: Offset 0, HW 0
    orders-2: Offset 0, HW 0
  Broker 2
    orders-0: Offset 0, HW 0
    orders-1, leader: broker 2: Offset 0, HW 0
    orders-2: Offset 0, HW 0
  Broker 3: killed 4.0 ms ago
    orders-0: Offset 0, HW 0
    orders-1: Offset 0, HW 0
    orders-2, leader: broker 3: Offset 2, HW 0
"
        );
    }

    #[test]
    fn what_is_not_listed_is_counted() {
        let mut run = Run::new();
        run.at(1_000);
        for batch in 0..9 {
            for index in 0..40 {
                run.send(0, 1, batch, index);
            }
        }
        let mut state = State::default();
        for envelope in &run.events {
            state.fold(envelope);
        }
        let mut out = String::new();
        flat(&outline(&state, 1_000, Lang::En), 0, &mut out);
        let lines = |what: &str| out.lines().filter(|line| line.contains(what)).count();
        assert_eq!(lines("9 batches"), 1, "{out}");
        assert_eq!(lines("and 5 more batches, 200 records"), 1, "{out}");
        assert_eq!(
            (
                lines("40 records"),
                lines("and 28 more records"),
                lines("      Record ")
            ),
            (4, 4, 48),
            "{out}"
        );
        assert!(out.lines().count() < 100, "{out}");
    }

    #[test]
    fn is_korean_in_korean() {
        let words = words(Lang::Ko);
        assert!(words.contains("브로커 3: 4.0 ms 전 강제 종료"), "{words}");
        assert!(!words.contains("leader"), "{words}");
    }
}
