//! The page.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use ottla_scene::stage::Columns;
use ottla_scene::words::{Lang, Word};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::{
    Props,
    composer::Composer,
    dock::Dock,
    header::Header,
    keys::{KeysDialog, press},
    ledger::Ledger,
    outline::Outline,
    panel::Panel,
    sources::{FileBar, LiveBar, read_file, read_linked},
    stage::Stage,
};
use crate::{
    engine::{Handle, Kind, Model},
    hook, prefs,
};

/// The root: owns the engine and renders when the model changes.
#[component]
pub(crate) fn App() -> Html {
    let engine = use_memo((), |()| Handle::new(prefs::lang()));
    let model = use_state(|| None::<Rc<Model>>);
    let keys_open = use_state(|| false);
    {
        let engine = engine.clone();
        let model = model.clone();
        use_effect_with((), move |()| {
            engine.listen(Callback::from(move |it| model.set(Some(it))));
            hook::install(&engine);
            read_linked(&engine);
        });
    }
    {
        let engine = engine.clone();
        let keys_open = keys_open.clone();
        use_effect_with(*keys_open, move |open| {
            let open = *open;
            let listener = document().map(|document| {
                EventListener::new_with_options(
                    &document,
                    "keydown",
                    EventListenerOptions::enable_prevent_default(),
                    move |event| {
                        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                            press(&engine, event, open, &|open| keys_open.set(open));
                        }
                    },
                )
            });
            move || drop(listener)
        });
    }
    let Some(model) = (*model).clone() else {
        return html! {};
    };
    let props = Props {
        engine: (*engine).clone(),
        model,
    };
    let on_keys = {
        let keys_open = keys_open.clone();
        Callback::from(move |()| keys_open.set(!*keys_open))
    };
    html! {
        <>
            { page(&props, &on_keys) }
            if *keys_open {
                <KeysDialog lang={props.lang()} on_close={on_keys} />
            }
        </>
    }
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

fn page(props: &Props, on_keys: &Callback<()>) -> Html {
    let model = &props.model;
    let lang = props.lang();
    let phone = model.columns == Columns::Phone;
    let mode = if model.first { "first" } else { "run" };
    let sheet = model.sheet.then_some("sheet");
    // Before a trace is chosen there is nothing to draw, and nothing that will come by itself.
    let blank = model.first && model.kind == Kind::File;
    let on_drop = {
        let engine = props.engine.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            let file = event
                .data_transfer()
                .and_then(|it| it.files())
                .and_then(|it| it.get(0));
            if let Some(file) = file {
                read_file(&engine, file);
            }
        })
    };
    let on_drag = Callback::from(|event: DragEvent| event.prevent_default());
    html! {
        <div class={classes!("page", mode, phone.then_some("phone"), sheet)} ondrop={on_drop} ondragover={on_drag}>
            if !blank {
                <a class="skip" href="#stage">{ lang.word(Word::SkipToStage) }</a>
            }
            <Header engine={props.engine.clone()} model={props.model.clone()} on_keys={on_keys.clone()} />
            <main>
                { intro(props) }
                { tabs(props) }
                <div class={classes!("work", blank.then_some("blank"))}>
                    <Stage ..props.clone() />
                    if !model.sheet {
                        <Panel ..props.clone() />
                    }
                </div>
                <Outline ..props.clone() />
            </main>
            if !model.first {
                <div class="foot">
                    if model.sheet {
                        <Panel ..props.clone() />
                    }
                    <footer>
                        <Ledger ..props.clone() />
                        <Dock ..props.clone() />
                    </footer>
                </div>
            }
            <Said ..props.clone() />
        </div>
    }
}

/// The sentence of the first frame, and the form or bar of the source.
fn intro(props: &Props) -> Html {
    let model = &props.model;
    let lang = props.lang();
    let (head, under) = match model.kind {
        Kind::Sandbox => (Word::Headline, Word::RealClient),
        Kind::Live if prefs::serves_simulated() => (Word::SimulatedHeadline, Word::SimulatedUnder),
        Kind::Live => (Word::LiveHeadline, Word::LiveUnder),
        Kind::File => (Word::TraceHeadline, Word::TraceUnder),
    };
    html! {
        <div class="intro">
            if model.first {
                <h1>{ headline(lang, head) }</h1>
                <p class="under">{ lang.word(under) }</p>
            } else {
                <h1 class="hidden">{ lang.word(head) }</h1>
            }
            if model.kind == Kind::Live {
                <LiveBar ..props.clone() />
            }
            if model.kind == Kind::File {
                <FileBar ..props.clone() />
            } else {
                <Composer ..props.clone() />
            }
        </div>
    }
}

/// A headline breaks between its sentences before it breaks inside one.
fn headline(lang: Lang, word: Word) -> Html {
    let mut rest = lang.word(word);
    let mut sentences = Vec::new();
    while let Some((sentence, after)) = ottla_sorted::split_once(rest, ". ") {
        sentences.push(html! { <span>{ format!("{sentence}. ") }</span> });
        rest = after;
    }
    sentences.push(html! { <span>{ rest }</span> });
    sentences.into_iter().collect()
}

/// On a phone, one partition is in focus.
fn tabs(props: &Props) -> Html {
    let model = &props.model;
    if model.columns != Columns::Phone || model.lanes.len() < 2 || model.first {
        return html! {};
    }
    let tabs = model.lanes.iter().take(6).map(|(lane, name)| {
        let chosen = model.lane == Some(*lane);
        let action = crate::engine::Action::Lane(*lane);
        html! {
            <button role="tab" aria-selected={chosen.to_string()} onclick={super::acts(&props.engine, action)}>
                { name }
            </button>
        }
    });
    html! { <div class="tabs" role="tablist">{ for tabs }</div> }
}

/// What a screen reader says: the fate of the last message, and nothing that only moves.
#[component]
fn Said(props: &Props) -> Html {
    let text = props.model.said.as_ref().map(|said| match &said.code {
        Some(code) => format!("{code}: {}", said.text),
        None => said.text.clone(),
    });
    html! { <div class="hidden" aria-live="polite" role="status">{ text }</div> }
}
