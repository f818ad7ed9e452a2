//! Everything that lives outside yew: the run, the cursor, the canvases, and where the events come from.
//!
//! The frame loop calls [`Engine::frame`]; components read a coarse [`Model`] that is made at most ten times a
//! second, and act through [`Handle`].

mod act;
mod draft;
mod frame;
mod model;
mod paper;
mod source;

use std::{cell::RefCell, rc::Rc};

use ottla_scene::{
    stage::{Columns, Dock, Picture, Target, TimelineView, View, phone_height, stage, timeline},
    state::Partition,
    words::Lang,
};
use ottla_trace::event::RecordId;

use crate::{
    paint::{Ruler, Surface, Theme},
    run::{Feed, Run},
};

pub(crate) use crate::run::{Message, Refusal};
pub(crate) use act::Action;
pub(crate) use model::{Model, Notice, PhaseModel, RecordModel};
pub(crate) use source::{Kind, LiveState, Source};

/// The engine, shared by the components and the frame loop.
#[derive(Clone)]
pub(crate) struct Handle(Rc<RefCell<Engine>>);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// See the module.
pub(crate) struct Engine {
    pub(crate) source: Source,
    pub(crate) run: Run,
    pub(crate) selected: Option<RecordId>,
    pub(crate) hover: Option<Target>,
    pub(crate) lane: Option<Partition>,
    pub(crate) lang: Lang,
    pub(crate) notice: Option<Notice>,
    pub(crate) columns: Columns,
    beside: bool,
    /// The panel is a sheet at the foot of the page: there is no room for it beside the stage.
    pub(crate) sheet: bool,
    /// What is typed and not sent, while that is worth showing.
    draft: Option<Message>,
    pub(crate) stage_size: (f32, f32),
    pub(crate) dock_size: (f32, f32),
    pub(crate) picture: Picture,
    pub(crate) dock: Option<Dock>,
    stage: Option<Surface>,
    timeline: Option<Surface>,
    theme: Option<Theme>,
    ruler: Ruler,
    dirty: bool,
    publish: Option<yew::Callback<Rc<Model>>>,
    published: Option<Rc<Model>>,
    last_frame: f64,
    last_publish: f64,
    last_outline: f64,
    frame_pending: bool,
    asleep: bool,
    reduced_motion: bool,
    /// Counts files that were opened.
    opening: u64,
}

impl Engine {
    fn new(source: Source, lang: Lang) -> Self {
        let reduced_motion = crate::prefs::reduced_motion();
        Self {
            source,
            run: Run::new(reduced_motion),
            selected: None,
            hover: None,
            lane: None,
            lang,
            notice: None,
            columns: Columns::Full,
            beside: false,
            sheet: false,
            draft: None,
            stage_size: (0.0, 0.0),
            dock_size: (0.0, 0.0),
            picture: Picture::default(),
            dock: None,
            stage: None,
            timeline: None,
            theme: None,
            ruler: Ruler::new(),
            dirty: true,
            publish: None,
            published: None,
            last_frame: 0.0,
            last_publish: 0.0,
            last_outline: f64::MIN,
            frame_pending: false,
            asleep: true,
            reduced_motion,
            opening: 0,
        }
    }

    /// Lets `wall_ms` pass and paints if anything changed. True while there is something to animate.
    fn frame(&mut self, wall_ms: f64) -> bool {
        let moving = self.run.advance(wall_ms, &mut self.source);
        if moving || self.dirty {
            self.dirty = false;
            self.paint();
        }
        moving || self.source.is_live()
    }

    /// Whether a live source is shown as it happens.
    pub(crate) fn follows(&self) -> bool {
        self.run.follows(&self.source)
    }

    fn paint(&mut self) {
        if self.theme.is_none() {
            self.theme = Theme::read();
            if let Some(theme) = &self.theme {
                self.ruler.set_fonts(theme);
            }
        }
        let Some(theme) = &self.theme else { return };
        let cursor = self.run.playback.cursor();
        let state = self.run.history.state(cursor.seen);
        let draft = self.draft.as_ref();
        let draft = draft.filter(|_| self.source.kind() != Kind::File);
        let draft = draft.map(|message| draft::draft(message, state));
        let view = View {
            state,
            t: cursor.t.max(state.t),
            width: self.stage_size.0,
            height: self.stage_size.1,
            columns: self.columns,
            lang: self.lang,
            selected: self.selected,
            hover: self.hover,
            lane: self.lane,
            draft: draft.as_ref(),
            measure: &self.ruler,
        };
        if let Some(surface) = &mut self.stage
            && self.stage_size.0 > 0.0
        {
            let view = if self.columns == Columns::Phone {
                View {
                    height: phone_height(&view),
                    ..view
                }
            } else {
                view
            };
            self.picture = stage(&view);
            surface.resize(view.width, view.height);
            surface.paint(&self.picture.list, theme);
        }
        let record = self.selected.and_then(|id| state.records.get(id));
        let chosen = record.map(|record| {
            let told = state.batch_of(record).and_then(|batch| batch.told());
            (record.accepted, told.map(|(at, _)| at))
        });
        let nodes: Vec<_> = state.brokers.keys().copied().collect();
        let timeline_view = TimelineView {
            index: self.run.history.index(),
            nodes: &nodes,
            range: (self.run.history.start(), self.run.edge.max(1)),
            now: cursor.t,
            chosen,
            size: self.dock_size,
            slim: self.columns == Columns::Phone,
            lang: self.lang,
            measure: &self.ruler,
        };
        if let Some(surface) = &mut self.timeline
            && self.dock_size.0 > 0.0
        {
            let dock = timeline(&timeline_view);
            surface.resize(self.dock_size.0, self.dock_size.1);
            surface.paint(&dock.list, theme);
            self.dock = Some(dock);
        }
    }

    /// Something that is painted changed.
    fn touch(&mut self) {
        self.dirty = true;
    }
}
