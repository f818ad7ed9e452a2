//! What the components show: coarse, comparable, made at most ten times a second.

use ottla_scene::{
    outline::{Node, outline},
    playback::Speed,
    stage::{Columns, hue, letter},
    state::{LedgerView, Partition, State},
    why::{Facts, Phase, PhaseEnd, PhaseKind, Why, facts, waterfall, why},
    words::{Lang, Word, number},
};
use ottla_trace::event::{BrokerState, NodeId, PartitionedBy, RecordId};

use super::{Engine, Kind, LiveState, Refusal, Source};

/// What is said near the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// This record was accepted; its fate follows.
    Sent(RecordId),
    /// A fixed word.
    Word(Word),
    /// A typed error.
    Refused(Refusal),
    /// A file that is not a trace.
    BrokenFile(Refusal),
}

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Kafka's name of the error, if it is one.
    pub(crate) code: Option<String>,
    pub(crate) text: String,
}

/// A broker's button.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BrokerButton {
    pub(crate) node: NodeId,
    pub(crate) at: (f32, f32),
    pub(crate) dead: bool,
    pub(crate) busy: bool,
}

/// A row of the waterfall, in parts of the whole life.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhaseModel {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) from: f64,
    pub(crate) width: f64,
    pub(crate) took: String,
    pub(crate) cut: bool,
    pub(crate) lasts: bool,
}

/// The record panel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordModel {
    pub(crate) id: RecordId,
    pub(crate) letter: String,
    pub(crate) hue: u8,
    pub(crate) title: String,
    pub(crate) sub: String,
    pub(crate) why: String,
    pub(crate) phases: Vec<PhaseModel>,
    pub(crate) total: String,
    pub(crate) facts: Vec<(Word, Vec<String>, bool)>,
    /// Which line of the code waits: 0 is `send`, 1 is the delivery; `None` when it is over.
    pub(crate) waits: Option<usize>,
    pub(crate) waited: String,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) lang: Lang,
    pub(crate) kind: Kind,
    /// Nothing was sent yet, and nothing opened.
    pub(crate) first: bool,
    pub(crate) columns: Columns,
    pub(crate) sheet: bool,
    pub(crate) playing: bool,
    pub(crate) follows: bool,
    pub(crate) speed: Speed,
    pub(crate) clock: String,
    pub(crate) cutting: Option<String>,
    pub(crate) ledger: LedgerView,
    pub(crate) range: (u64, u64),
    pub(crate) now: u64,
    pub(crate) brokers: Vec<BrokerButton>,
    pub(crate) lanes: Vec<(Partition, String)>,
    pub(crate) lane: Option<Partition>,
    pub(crate) record: Option<RecordModel>,
    pub(crate) said: Option<Said>,
    pub(crate) outline: Vec<Node>,
    pub(crate) live: Option<LiveState>,
    pub(crate) file: Option<String>,
    pub(crate) acks: String,
}

/// How often the outline is told anew while something plays (milliseconds): it is read aloud, not watched.
const OUTLINE_EVERY: f64 = 1_000.0;

impl Engine {
    /// What is said near the form.
    pub(crate) fn said(&mut self) -> Option<Said> {
        let notice = self.notice.as_ref()?;
        let mut seen = self.run.playback.cursor().seen;
        // A live run goes on behind a paused picture, and whoever sends then wants to hear of it all the same.
        if let Notice::Sent(id) = notice
            && self.source.kind() == Kind::Live
            && self.run.history.state(seen).records.get(*id).is_none()
        {
            seen = self.run.history.len();
        }
        let state = self.run.history.state(seen);
        said(notice, state, &self.source, self.lang)
    }

    /// The run as JSON Lines.
    pub(crate) fn trace_text(&mut self) -> String {
        let mut text = self.run.trace_head();
        text.push_str(
            &self
                .run
                .trace_piece(self.run.history.forgotten(), usize::MAX / 2)
                .0,
        );
        text
    }

    /// The model of this moment.
    pub(super) fn model(&mut self, now: f64) -> Model {
        let cursor = self.run.playback.cursor();
        let lang = self.lang;
        let start = self.run.history.start();
        let (live, file, acks, opened) = match &self.source {
            Source::Live(live) => (Some(live.state.clone()), None, live.acks.clone(), false),
            Source::File(file) => (None, file.name.clone(), String::new(), file.name.is_some()),
            Source::Sandbox(sandbox) => (None, None, sandbox.acks().to_owned(), false),
        };
        let first = self.run.history.tip().ledger().sent == 0 && !opened;
        let follows = self.follows();
        let old = self.published.as_ref().filter(|it| it.lang == lang && it.playing);
        let kept = old
            .filter(|_| now - self.last_outline < OUTLINE_EVERY)
            .map(|it| it.outline.clone());
        let said = self.said();
        let state = self.run.history.state(cursor.seen);
        let t = cursor.t.max(state.t);
        let words = kept.unwrap_or_else(|| {
            self.last_outline = now;
            outline(state, t, lang)
        });
        let lanes: Vec<_> = state
            .partitions()
            .into_iter()
            .map(|it| (it, state.name(it)))
            .collect();
        let anchors = self.picture.anchors.iter();
        let brokers = anchors
            .filter_map(|anchor| {
                let broker = state.brokers.get(&anchor.node)?;
                Some(BrokerButton {
                    node: anchor.node,
                    at: anchor.at,
                    dead: broker.dead(),
                    busy: broker.state == Some(BrokerState::Starting),
                })
            })
            .filter(|_| live.is_none() && !opened)
            .collect();
        Model {
            lang,
            kind: self.source.kind(),
            first,
            columns: self.columns,
            sheet: self.sheet,
            playing: self.run.playback.playing,
            follows,
            speed: self.run.playback.speed,
            clock: number::clock(cursor.t),
            cutting: self
                .run
                .playback
                .cutting()
                .map(|(from, to)| number::duration(to - from)),
            ledger: state.ledger(),
            range: (start, self.run.edge.max(start + 1)),
            now: cursor.t,
            brokers,
            lane: self.lane.or_else(|| lanes.first().map(|(it, _)| *it)),
            lanes,
            record: self.selected.and_then(|id| record(state, id, t, lang)),
            said,
            outline: words,
            live,
            file,
            acks,
        }
    }
}

fn said(notice: &Notice, state: &State, source: &Source, lang: Lang) -> Option<Said> {
    let plain = |text: String| Some(Said { code: None, text });
    let typed = |refusal: &Refusal, tail: &str| {
        Some(Said {
            code: Some(refusal.code.clone()),
            text: format!("{}{tail}", refusal.message),
        })
    };
    match notice {
        Notice::Word(word) => plain(lang.word(*word).to_owned()),
        Notice::Refused(refusal) => typed(refusal, ""),
        Notice::BrokenFile(refusal) => typed(refusal, &format!(". {}", lang.word(Word::FileKept))),
        Notice::Sent(id) => {
            let record = state.records.get(*id)?;
            let place = record
                .route
                .map_or_else(String::new, |route| state.name((record.topic, route.partition)));
            let batch = state.batch_of(record);
            let told = batch.and_then(|batch| batch.told());
            match (told, &record.failed) {
                (Some((at, true)), _) => {
                    let acks0 = state.config.get("acks").is_some_and(|acks| acks == "0");
                    let offset = state.offset_of(record).filter(|_| !acks0).unwrap_or(-1);
                    plain(lang.say_told_ok(&place, offset, at.saturating_sub(record.accepted)))
                }
                (None, None) => plain(lang.say_waiting(*id)),
                _ => {
                    // The client's own words say what to do, and come right behind the event.
                    if let Source::Live(live) = source {
                        return match live.failure(*id) {
                            Some(refusal) => typed(&refusal, ""),
                            None => plain(lang.say_waiting(*id)),
                        };
                    }
                    let why = why(state, *id, state.t)?;
                    let code = match &why {
                        Why::Failed { error, .. } => Some(error.clone()),
                        _ => None,
                    };
                    Some(Said {
                        code,
                        text: lang.why(&why),
                    })
                }
            }
        }
    }
}

fn record(state: &State, id: RecordId, t: u64, lang: Lang) -> Option<RecordModel> {
    let it = state.records.get(id)?;
    let key = it.key.and_then(|key| state.keys.get(&key));
    let facts = facts(state, id, t)?;
    let topic = state.topics.get(&it.topic).cloned().unwrap_or_default();
    let place = facts.partition.clone().unwrap_or(topic);
    let phases = waterfall(state, id, t);
    let from = phases.first().map_or(t, |phase| phase.from);
    let to = phases.last().map_or(t, |phase| phase.to);
    let whole = to.saturating_sub(from).max(1) as f64;
    let rows = phases
        .iter()
        .map(|phase| phase_model(phase, (from, whole), lang))
        .collect();
    let resolved = facts.deadline.is_none();
    let waits = match phases.last() {
        _ if resolved => None,
        Some(phase) if matches!(phase.kind, PhaseKind::Send | PhaseKind::Metadata) => Some(0),
        _ => Some(1),
    };
    Some(RecordModel {
        id,
        letter: letter(key.map(String::as_str)),
        hue: hue(it.key),
        title: lang.record(id),
        sub: lang.record_sub(key.map(String::as_str), &place),
        why: why(state, id, t).map_or_else(String::new, |why| lang.why(&why)),
        phases: rows,
        total: number::duration(to.saturating_sub(from)),
        facts: fact_rows(&facts, key.map(String::as_str), lang),
        waits,
        waited: number::duration(to.saturating_sub(from)),
    })
}

fn phase_model(phase: &Phase, (from, whole): (u64, f64), lang: Lang) -> PhaseModel {
    let took = phase.to.saturating_sub(phase.from);
    PhaseModel {
        name: lang.phase(phase.kind),
        kind: match phase.kind {
            PhaseKind::Send => "send",
            PhaseKind::Metadata => "metadata",
            PhaseKind::Linger => "linger",
            PhaseKind::Queue => "queue",
            PhaseKind::Flight(_) if phase.end == PhaseEnd::Cut => "cut",
            PhaseKind::Flight(_) => "flight",
            PhaseKind::Retry => "retry",
        },
        from: phase.from.saturating_sub(from) as f64 / whole * 100.0,
        width: took as f64 / whole * 100.0,
        took: number::duration(took),
        cut: phase.end == PhaseEnd::Cut,
        lasts: phase.end == PhaseEnd::Lasts,
    }
}

/// The numbers beside the reason: name, lines, and whether they are code.
fn fact_rows(facts: &Facts, key: Option<&str>, lang: Lang) -> Vec<(Word, Vec<String>, bool)> {
    let mut rows = Vec::new();
    if let Some(route) = facts.route {
        let lines = match route.by {
            PartitionedBy::KeyHash { hash } => {
                let positive = hash & 0x7fff_ffff;
                vec![
                    format!("murmur2(\"{}\") = {positive}", key.unwrap_or_default()),
                    format!("{positive} % {} = {}", route.of, route.partition),
                ]
            }
            by => vec![ottla_scene::stage::explain(by, key, route.partition, route.of)],
        };
        rows.push((Word::Partition, lines, true));
    }
    let identity = match facts.identity {
        Some((producer, epoch, sequence)) if producer >= 0 => (
            format!("producer {producer}, epoch {epoch}, seq {sequence}"),
            true,
        ),
        Some(_) => (lang.word(Word::NoIdentity).to_owned(), false),
        None => (lang.word(Word::IdentityLater).to_owned(), false),
    };
    rows.push((Word::FactIdentity, vec![identity.0], identity.1));
    if let Some((record, batch)) = facts.size {
        let size = lang.size(u64::from(record), u64::from(batch));
        rows.push((Word::FactSize, vec![size], false));
    }
    if let Some(offset) = facts.offset {
        rows.push((Word::FactOffset, vec![offset.to_string()], true));
    }
    rows.push((
        Word::FactPersisted,
        vec![lang.persisted(facts.persisted).to_owned()],
        false,
    ));
    let deadline = match facts.deadline {
        Some((left, limit)) => lang.deadline(left, limit),
        None => lang.word(Word::NoDeadline).to_owned(),
    };
    rows.push((Word::FactDeadline, vec![deadline], false));
    rows
}
