//! The timeline dock: play, step, speed, and a line of time to drag along.

use ottla_scene::{playback::Speed, words::Word};
use yew::prelude::*;

use super::{Props, acts, stage::observe, text_of};
use crate::{
    engine::{Action, Handle, Kind},
    paint::Surface,
};

#[component]
pub(crate) fn Dock(props: &Props) -> Html {
    let lang = props.lang();
    let model = &props.model;
    let canvas = use_node_ref();
    let frame = use_node_ref();
    {
        let (engine, canvas, frame) = (props.engine.clone(), canvas.clone(), frame.clone());
        use_effect_with((), move |()| {
            let surface = canvas.cast::<web_sys::HtmlCanvasElement>().and_then(Surface::new);
            engine.set_timeline(surface);
            let gone = engine.clone();
            let resized = observe(&frame, move |width, height| {
                engine.change(|it| it.dock_size = (width, height));
            });
            move || {
                drop(resized);
                gone.set_timeline(None);
            }
        });
    }
    let dragging = use_mut_ref(|| false);
    let down = {
        let (engine, dragging) = (props.engine.clone(), dragging.clone());
        Callback::from(move |event: PointerEvent| {
            *dragging.borrow_mut() = true;
            if let Some(element) = event.target_dyn_into::<web_sys::Element>() {
                // Without capture a drag that leaves the dock ends there; nothing worse.
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            scrub(&engine, &event);
        })
    };
    let moved = {
        let (engine, dragging) = (props.engine.clone(), dragging.clone());
        Callback::from(move |event: PointerEvent| {
            if *dragging.borrow() {
                scrub(&engine, &event);
            }
        })
    };
    let up = Callback::from(move |_: PointerEvent| *dragging.borrow_mut() = false);
    let (start, end) = model.range;
    let now = model.now.clamp(start, end);
    html! {
        <section class="time" aria-label={lang.word(Word::Timeline)}>
            { transport(props) }
            <div class="line" ref={frame} role="slider" tabindex="0" aria-label={lang.word(Word::Timeline)}
                aria-valuemin={(start / 1_000).to_string()} aria-valuemax={(end / 1_000).to_string()}
                aria-valuenow={(now / 1_000).to_string()} aria-valuetext={model.clock.clone()}
                onpointerdown={down} onpointermove={moved} onpointerup={up}>
                <canvas ref={canvas}></canvas>
            </div>
        </section>
    }
}

fn scrub(engine: &Handle, event: &PointerEvent) {
    let x = event.offset_x() as f32;
    let t = engine.read(|it| it.dock.as_ref().map(|dock| dock.map.t(x)));
    if let Some(t) = t {
        engine.act(Action::Seek(t));
    }
}

fn transport(props: &Props) -> Html {
    let lang = props.lang();
    let model = &props.model;
    let engine = props.engine.clone();
    let speed = Callback::from(move |event: Event| {
        let chosen = text_of(&event).parse::<usize>().ok();
        if let Some(speed) = chosen.and_then(|at| Speed::CHOICES.get(at)) {
            engine.act(Action::Speed(*speed));
        }
    });
    let choices = Speed::CHOICES.iter().enumerate().map(|(i, it)| {
        let name = match it {
            Speed::Auto => lang.word(Word::AutoSpeed).to_owned(),
            Speed::Times(times) => lang.speed(*times),
        };
        html! { <option value={i.to_string()} selected={model.speed == *it}>{ name }</option> }
    });
    let (word, icon) = if model.playing {
        (Word::Pause, "M4 2h3v12H4zM9 2h3v12H9z")
    } else {
        (Word::Play, "M4 2v12l10-6z")
    };
    let live = model.kind == Kind::Live;
    let save = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| engine.save())
    };
    html! {
        <div class="keys">
            <div class="clock">{ &model.clock }</div>
            <select class="speed" name="speed" aria-label={lang.word(Word::Speed)} onchange={speed}>{ for choices }</select>
            <div class="buttons">
                { step(props, Word::Previous, false, "M12 3v10L5 8zM3 3h1.6v10H3z") }
                <button class="play" aria-label={lang.word(word)} onclick={acts(&props.engine, Action::Toggle)}>
                    { svg(icon) }
                </button>
                { step(props, Word::Next, true, "M4 3v10l7-5zM11.4 3H13v10h-1.6z") }
                <button id="save" aria-label={lang.word(Word::SaveTrace)} title={lang.word(Word::SaveTrace)} onclick={save}>
                    { svg("M7.2 1h1.6v6.2L11 5l1.1 1.1L8 10.3 3.9 6.1 5 5l2.2 2.2zM2 12h12v1.6H2z") }
                </button>
            </div>
            if live && !model.follows {
                <button class="txt now" onclick={acts(&props.engine, Action::Follow)}>{ lang.word(Word::BackToLive) }</button>
            }
        </div>
    }
}

fn step(props: &Props, word: Word, forward: bool, icon: &'static str) -> Html {
    html! {
        <button class="step" aria-label={props.lang().word(word)} onclick={acts(&props.engine, Action::Step(forward))}>
            { svg(icon) }
        </button>
    }
}

fn svg(path: &'static str) -> Html {
    html! { <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d={path} fill="currentColor" /></svg> }
}
