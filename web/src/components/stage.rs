//! The stage's canvas, brokers' buttons over it, and pointing at things.

use ottla_scene::{
    stage::{Columns, Target},
    words::{Word, number::fixed},
};
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::prelude::*;

use super::{Props, acts};
use crate::{
    engine::{Action, Handle},
    paint::Surface,
};

/// Below this width the stage is a phone's.
const PHONE: f32 = 720.0;
/// A finger may miss by this much.
const SLACK: f32 = 6.0;

#[component]
pub(crate) fn Stage(props: &Props) -> Html {
    let lang = props.lang();
    let model = &props.model;
    let canvas = use_node_ref();
    let frame = use_node_ref();
    let beside = model.record.is_some();
    {
        let (engine, canvas, frame) = (props.engine.clone(), canvas.clone(), frame.clone());
        use_effect_with((), move |()| {
            let surface = canvas.cast::<web_sys::HtmlCanvasElement>().and_then(Surface::new);
            engine.set_stage(surface);
            let resized = observe(&frame, move |width, height| {
                engine.change(|it| it.set_stage_size(width, height));
            });
            move || drop(resized)
        });
    }
    {
        let engine = props.engine.clone();
        use_effect_with(beside, move |beside| engine.change(|it| it.set_beside(*beside)));
    }
    let moved = {
        let engine = props.engine.clone();
        Callback::from(move |event: PointerEvent| {
            let target = hit(&engine, &event, 0.0).filter(|it| matches!(it, Target::Record(_)));
            if engine.read(|it| it.hover) != target {
                engine.act(Action::Hover(target));
            }
        })
    };
    let left = {
        let engine = props.engine.clone();
        Callback::from(move |_: PointerEvent| engine.act(Action::Hover(None)))
    };
    let pressed = {
        let engine = props.engine.clone();
        Callback::from(move |event: PointerEvent| press(&engine, &event))
    };
    let label = format!("{}: {}", lang.word(Word::Stage), lang.word(Word::Outline));
    let phone = model.columns == Columns::Phone;
    let buttons = model.brokers.iter().map(|it| {
        let word = if it.dead { Word::Restart } else { Word::Kill };
        let style = format!(
            "left:{}px;top:{}px",
            fixed(it.at.0.into(), 2),
            fixed(it.at.1.into(), 2)
        );
        let name = lang.kill_or_restart(it.node, !it.dead);
        html! {
            <button key={it.node} class="broker" style={style} aria-label={name} disabled={it.busy}
                onclick={acts(&props.engine, Action::Kill(it.node, !it.dead))}>
                { lang.word(word) }
            </button>
        }
    });
    // The buttons have an element of their own: in one list with the canvas they would take its place.
    html! {
        <section id="stage" class={classes!("stage", phone.then_some("tall"))} ref={frame} tabindex="-1"
            aria-label={lang.word(Word::Stage)}>
            <canvas ref={canvas} role="img" aria-label={label} aria-describedby="outline"
                onpointermove={moved} onpointerleave={left} onpointerup={pressed}></canvas>
            <div>{ for buttons }</div>
        </section>
    }
}

fn hit(engine: &Handle, event: &PointerEvent, slack: f32) -> Option<Target> {
    let (x, y) = (event.offset_x() as f32, event.offset_y() as f32);
    engine.read(|it| it.picture.hit(x, y, slack))
}

fn press(engine: &Handle, event: &PointerEvent) {
    match hit(engine, event, SLACK) {
        Some(Target::Record(id)) => engine.act(Action::Select(Some(id))),
        // A batch stands for its first record, a request for the first of its first batch.
        Some(Target::Batch(_) | Target::Request(..)) => {
            let record = engine.change(|it| it.first_record(hit_target(event, it)));
            if record.is_some() {
                engine.act(Action::Select(record));
            }
        }
        _ => engine.act(Action::Select(None)),
    }
}

fn hit_target(event: &PointerEvent, engine: &crate::engine::Engine) -> Option<Target> {
    engine
        .picture
        .hit(event.offset_x() as f32, event.offset_y() as f32, SLACK)
}

/// Calls back with an element's size, now and whenever it changes.
pub(crate) fn observe(node: &NodeRef, mut changed: impl FnMut(f32, f32) + 'static) -> Option<Observed> {
    let element = node.cast::<web_sys::Element>()?;
    let watched = element.clone();
    let closure = Closure::<dyn FnMut()>::new(move || {
        let rect = watched.get_bounding_client_rect();
        changed(rect.width() as f32, rect.height() as f32);
    });
    let observer = web_sys::ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
    observer.observe(&element);
    Some(Observed {
        observer,
        _closure: closure,
    })
}

/// Stops observing when it is dropped.
pub(crate) struct Observed {
    observer: web_sys::ResizeObserver,
    _closure: Closure<dyn FnMut()>,
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Which columns fit.
pub(crate) fn columns(width: f32, beside: bool) -> Columns {
    if width < PHONE {
        Columns::Phone
    } else if beside || width < 1180.0 {
        Columns::Side
    } else {
        Columns::Full
    }
}
