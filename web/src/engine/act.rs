//! What the reader does.

use std::rc::Rc;

use ottla_scene::{
    history::{History, MarkerKind},
    playback::Speed,
    stage::Target,
    state::{Partition, State},
    words::{Lang, Word},
};
use ottla_trace::event::{NodeId, RecordId};

use super::{
    Engine, Handle, Kind, Message, Model, Notice, Source,
    source::{File, Live, LiveState},
};
use crate::{
    components::columns,
    paint::Surface,
    run::{Feed, Refusal, Sandbox},
};

/// On a narrower page (CSS pixels) the panel is a sheet: beside it the stage would be a phone's.
const SHEET_BELOW: f64 = 1_180.0;

/// An act.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Send(Message),
    SendMany(Vec<Message>),
    Kill(NodeId, bool),
    Toggle,
    Play(bool),
    Step(bool),
    Hop(bool),
    Problem(bool),
    Seek(u64),
    End(bool),
    Follow,
    Speed(Speed),
    Faster(bool),
    Select(Option<RecordId>),
    Neighbour(bool),
    Hover(Option<Target>),
    Lane(Partition),
    Draft(Option<Message>),
    Source(Kind),
    Connect {
        url: String,
        options: Vec<(String, String)>,
    },
    Disconnect,
    Acks(String),
    Lang(Lang),
}

impl Handle {
    /// An engine with its first source.
    pub(crate) fn new(lang: Lang) -> Self {
        let asked = crate::prefs::parameter("source").and_then(|name| Kind::from_name(&name));
        // Who serves the page in front of a Kafka wants to reach it. In front of a simulated cluster the sandbox comes
        // first: there, brokers can be looked into and killed, and a newcomer sees the whole path at once.
        let kind = asked.or_else(|| crate::prefs::serves_kafka().then_some(Kind::Live));
        let mut engine = Engine::new(Source::File(File::default()), lang);
        engine.switch(kind.unwrap_or(Kind::Sandbox));
        Self(Rc::new(std::cell::RefCell::new(engine)))
    }

    /// Acts, and wakes the frame loop. The next frame shows it, except where a pointer only passes by.
    pub(crate) fn act(&self, action: Action) {
        {
            let mut engine = self.0.borrow_mut();
            if !matches!(action, Action::Hover(_)) {
                engine.last_publish = f64::NEG_INFINITY;
            }
            engine.act(action);
            engine.touch();
        }
        self.wake();
    }

    /// Reads from the engine.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Engine) -> T) -> T {
        read(&self.0.borrow())
    }

    /// Changes the engine and wakes the frame loop.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Engine) -> T) -> T {
        let result = {
            let mut engine = self.0.borrow_mut();
            engine.touch();
            change(&mut engine)
        };
        self.wake();
        result
    }

    /// Who hears of a new model.
    pub(crate) fn listen(&self, callback: yew::Callback<Rc<Model>>) {
        self.change(|engine| engine.publish = Some(callback));
    }

    /// The stage's canvas.
    pub(crate) fn set_stage(&self, surface: Option<Surface>) {
        self.change(|engine| engine.stage = surface);
    }

    /// The dock's canvas.
    pub(crate) fn set_timeline(&self, surface: Option<Surface>) {
        self.change(|engine| engine.timeline = surface);
    }

    /// The colours changed.
    pub(crate) fn new_theme(&self) {
        self.change(|engine| engine.theme = None);
    }
}

impl Engine {
    fn act(&mut self, action: Action) {
        match action {
            Action::Send(message) => self.send(&message),
            Action::SendMany(messages) => self.burst(&messages),
            Action::Kill(node, kill) => self.kill(node, kill),
            Action::Toggle => self.run.play(!self.run.playback.playing, &self.source),
            Action::Play(play) => self.run.play(play, &self.source),
            Action::Step(forward) => self.run.step(forward, &mut self.source),
            Action::Hop(forward) => self.hop(forward),
            Action::Problem(forward) => self.problem(forward),
            Action::Seek(t) => self.run.seek(t),
            Action::End(last) => {
                let t = if last {
                    self.run.edge
                } else {
                    self.run.history.start()
                };
                self.run.seek(t);
            }
            Action::Follow => self.run.follow(),
            Action::Speed(speed) => self.run.playback.speed = speed,
            Action::Faster(faster) => self.run.faster(faster),
            Action::Select(record) => self.select(record),
            Action::Neighbour(forward) => self.neighbour(forward),
            Action::Hover(target) => self.hover = target,
            Action::Lane(lane) => self.lane = Some(lane),
            Action::Draft(message) => self.draft = message,
            // A second press on the source that is connected would throw its run away.
            Action::Source(Kind::Live) if self.source.is_live() => {}
            Action::Source(kind) => self.switch(kind),
            Action::Connect { url, options } => self.connect(&url, &options),
            Action::Disconnect => {
                if let Source::Live(live) = &mut self.source {
                    live.disconnect();
                }
            }
            Action::Acks(acks) => self.acks(&acks),
            Action::Lang(lang) => self.lang = lang,
        }
    }

    fn send(&mut self, message: &Message) {
        let cursor = self.run.cursor();
        let past = self.source.kind() == Kind::Sandbox && cursor.t < self.run.edge;
        match self.source.send(message, cursor, &mut self.run.history) {
            Ok(Some(id)) => {
                self.notice = Some(Notice::Sent(id));
                // A phone shows one queue: the one that this record joins.
                self.lane = super::draft::lane(message, self.run.history.tip()).or(self.lane);
                if past {
                    self.forget_the_future();
                }
                self.go_on(|state| state.records.get(id).is_some());
            }
            Ok(None) => {
                self.notice = Some(Notice::Word(Word::NotConnected));
            }
            Err(refusal) => self.notice = Some(Notice::Refused(refusal)),
        }
    }

    fn burst(&mut self, messages: &[Message]) {
        let cursor = self.run.cursor();
        let past = cursor.t < self.run.edge;
        let sent = self.run.history.state(cursor.seen).ledger().sent;
        if !self.source.burst(messages, cursor, &mut self.run.history) {
            messages.iter().for_each(|message| self.send(message));
            return;
        }
        self.notice = None;
        if past {
            self.forget_the_future();
        }
        self.go_on(|state| state.ledger().sent > sent);
    }

    fn kill(&mut self, node: NodeId, kill: bool) {
        let cursor = self.run.cursor();
        let past = cursor.t < self.run.edge;
        let of = |state: &State| state.brokers.get(&node).and_then(|broker| broker.state);
        let before = of(self.run.history.state(cursor.seen));
        if self.source.kill(node, kill, cursor, &mut self.run.history) {
            if past {
                self.forget_the_future();
            }
            self.go_on(|state| of(state) != before);
        }
    }

    fn forget_the_future(&mut self) {
        self.run.forget_the_future();
        self.notice = Some(Notice::Word(Word::PastGone));
    }

    /// After an act: playing goes on, and a paused stage steps to the first moment that shows it. What was not seen yet of
    /// the moment at which it was paused comes before.
    fn go_on(&mut self, is_shown: impl Fn(&State) -> bool) {
        if self.source.kind() != Kind::Sandbox || self.run.playback.playing {
            return;
        }
        loop {
            let seen = self.run.cursor().seen;
            if is_shown(self.run.history.state(seen)) {
                return;
            }
            self.run.step(true, &mut self.source);
            if self.run.cursor().seen == seen {
                return;
            }
        }
    }

    /// The next or previous moment at which the chosen record's waterfall goes on.
    fn hop(&mut self, forward: bool) {
        let Some(id) = self.selected else { return };
        let now = self.run.playback.cursor().t;
        let edge = self.run.history.seen_at(self.run.edge);
        let state = self.run.history.state(edge);
        let mut times: Vec<u64> = ottla_scene::why::waterfall(state, id, self.run.edge)
            .iter()
            .flat_map(|phase| [phase.from, phase.to])
            .collect();
        ottla_sorted::sort(&mut times);
        let next = if forward {
            times.into_iter().find(|t| *t > now)
        } else {
            times.into_iter().rev().find(|t| *t < now)
        };
        if let Some(t) = next {
            self.run.seek(t);
        }
    }

    /// The next or previous kill, cut or loss.
    fn problem(&mut self, forward: bool) {
        let now = self.run.playback.cursor().t;
        let bad = |kind: &MarkerKind| !matches!(kind, MarkerKind::Back(_) | MarkerKind::TakesOver { .. });
        let markers = &self.run.history.index().markers;
        let mut times = markers.iter().filter(|it| bad(&it.kind)).map(|it| it.t);
        let next = if forward {
            times.find(|t| *t > now)
        } else {
            times.rfind(|t| *t < now)
        };
        if let Some(t) = next {
            self.run.seek(t);
        }
    }

    fn neighbour(&mut self, forward: bool) {
        let seen = self.run.playback.cursor().seen;
        let state = self.run.history.state(seen);
        let next = match self.selected {
            Some(id) if forward => state.records.iter().map(|it| it.id).find(|it| *it > id),
            Some(id) => state.records.iter().rev().map(|it| it.id).find(|it| *it < id),
            None => state.records.iter().next_back().map(|it| it.id),
        };
        if next.is_some() {
            self.select(next);
        }
    }

    /// Chooses a record, and on a phone the partition that it went to.
    fn select(&mut self, record: Option<RecordId>) {
        self.selected = record;
        let seen = self.run.playback.cursor().seen;
        let state = self.run.history.state(seen);
        let record = record.and_then(|id| state.records.get(id));
        if let Some((topic, route)) = record.and_then(|it| Some((it.topic, it.route?))) {
            self.lane = Some((topic, route.partition));
        }
    }

    /// Another source: what was shown is gone, unless it is a file that has to be chosen first.
    fn switch(&mut self, kind: Kind) {
        if let Source::Live(live) = &mut self.source {
            live.disconnect();
        }
        self.begin(History::new());
        self.source = match kind {
            Kind::Sandbox => self.sandbox("all"),
            Kind::Live => Source::Live(Live::default()),
            Kind::File => Source::File(File::default()),
        };
        match kind {
            Kind::Sandbox => self.show_beginning(),
            // A page that was served with a bridge is connected to it.
            Kind::Live => {
                if let Some(url) = crate::prefs::bridge() {
                    self.connect(&url, &[]);
                }
            }
            Kind::File => {}
        }
    }

    fn sandbox(&mut self, acks: &str) -> Source {
        match Sandbox::new(acks, &mut self.run.history) {
            Ok(sandbox) => Source::Sandbox(Box::new(sandbox)),
            // The preset is fixed and the choices of acks are, too: only a changed table of options gets here.
            Err(refusal) => {
                self.notice = Some(Notice::Refused(refusal));
                Source::File(File::default())
            }
        }
    }

    pub(super) fn begin(&mut self, history: History) {
        self.run.begin(history);
        self.selected = None;
        self.hover = None;
        self.lane = None;
        self.notice = None;
    }

    /// The sandbox begins where its cluster and client are ready. With less motion it waits there for the reader.
    fn show_beginning(&mut self) {
        self.run.show_end(!self.reduced_motion);
    }

    fn connect(&mut self, url: &str, options: &[(String, String)]) {
        self.begin(History::new());
        let mut live = Live::default();
        live.connect(url, options);
        if let LiveState::Refused(refusal) = &live.state {
            self.notice = Some(Notice::Refused(refusal.clone()));
        }
        self.source = Source::Live(live);
        self.run.playback.playing = true;
    }

    fn acks(&mut self, acks: &str) {
        if let Source::Sandbox(sandbox) = &self.source
            && sandbox.acks() != acks
        {
            self.begin(History::new());
            self.source = self.sandbox(acks);
            self.show_beginning();
        }
    }

    /// A file that could not be read.
    pub(crate) fn refuse_file(&mut self, refusal: Refusal) {
        self.notice = Some(Notice::BrokenFile(refusal));
    }

    /// The stage's room.
    pub(crate) fn set_stage_size(&mut self, width: f32, height: f32) {
        self.stage_size = (width, height);
        self.sheet = crate::prefs::page_width() < SHEET_BELOW;
        self.columns = columns(width, self.beside && !self.sheet);
    }

    /// Whether the panel is open.
    pub(crate) fn set_beside(&mut self, beside: bool) {
        self.beside = beside;
        self.columns = columns(self.stage_size.0, beside && !self.sheet);
    }

    /// The first record of a batch or request.
    pub(crate) fn first_record(&mut self, target: Option<Target>) -> Option<RecordId> {
        let seen = self.run.playback.cursor().seen;
        let state = self.run.history.state(seen);
        let batch = match target? {
            Target::Batch(batch) => batch,
            Target::Request(conn, correlation) => {
                *state.requests.get(&(conn, correlation))?.batches.first()?
            }
            _ => return None,
        };
        state.batches.get(batch)?.records.first().copied()
    }

    /// Refuses in the reader's language.
    pub(crate) fn refuse(&mut self, code: &str, word: Word) {
        self.notice = Some(Notice::Refused(Refusal {
            code: code.to_owned(),
            message: self.lang.word(word).to_owned(),
        }));
    }
}
