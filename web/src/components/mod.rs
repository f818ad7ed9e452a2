//! What yew renders: everything but the two canvases' content.

mod app;
mod composer;
mod dock;
mod header;
mod keys;
mod ledger;
mod outline;
mod panel;
mod sources;
mod stage;

pub(crate) use app::App;
pub(crate) use stage::columns;

use ottla_scene::words::Lang;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use crate::engine::{Action, Handle};

/// A button that acts.
pub(crate) fn acts(engine: &Handle, action: Action) -> Callback<MouseEvent> {
    let engine = engine.clone();
    Callback::from(move |_| engine.act(action.clone()))
}

/// The text of the field that an event came from.
pub(crate) fn text_of(event: &Event) -> String {
    let target = event.target();
    let input = target
        .clone()
        .and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
    let area = target
        .clone()
        .and_then(|it| it.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    let select = target.and_then(|it| it.dyn_into::<web_sys::HtmlSelectElement>().ok());
    input
        .map(|it| it.value())
        .or_else(|| area.map(|it| it.value()))
        .or_else(|| select.map(|it| it.value()))
        .unwrap_or_default()
}

/// What every component is given.
#[derive(Properties, Clone, PartialEq)]
pub(crate) struct Props {
    pub(crate) engine: Handle,
    pub(crate) model: std::rc::Rc<crate::engine::Model>,
}

impl Props {
    pub(crate) fn lang(&self) -> Lang {
        self.model.lang
    }
}
