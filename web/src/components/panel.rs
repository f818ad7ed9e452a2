//! The chosen record: where it is and why, where its time went, which line of code waits.

use std::{cell::RefCell, rc::Rc};

use ottla_scene::words::{Word, number::fixed};
use yew::prelude::*;

use super::{Props, acts};
use crate::engine::{Action, PhaseModel, RecordModel};

/// A finger that moved less has pressed (CSS pixels).
const SWIPE: i32 = 16;

/// How the application sends, in three languages: the line that hands over, and the line that waits.
const CODE: [(&str, [&str; 2]); 3] = [
    (
        "Rust",
        ["let d = producer.send(record).await?;", "let meta = d.await?;"],
    ),
    (
        "TypeScript",
        ["const sent = producer.send(record)", "const [meta] = await sent"],
    ),
    (
        "Java",
        ["var future = producer.send(record);", "var meta = future.get();"],
    ),
];

#[component]
pub(crate) fn Panel(props: &Props) -> Html {
    let lang = props.lang();
    let code = use_state(|| 0_usize);
    let open = use_state(|| false);
    let from = use_mut_ref(|| None::<i32>);
    let grip = grip(props, &open, &from);
    let Some(record) = &props.model.record else {
        return html! {};
    };
    let key = format!("cell k{} o{}", record.hue, record.hue);
    html! {
        <aside class={classes!("side", open.then_some("open"))} aria-label={lang.word(Word::Record)}>
            if props.model.sheet {
                { grip }
            }
            <h2>
                <span class={key} aria-hidden="true">{ &record.letter }</span>
                <span>{ &record.title }<small>{ &record.sub }</small></span>
                <button class="txt close" aria-label={lang.word(Word::Close)} onclick={acts(&props.engine, Action::Select(None))}></button>
            </h2>
            <p class="why">{ &record.why }</p>
            <section>
                <h3>{ lang.word(Word::WhereTimeWent) }</h3>
                { waterfall(record) }
            </section>
            <section>
                <h3>{ lang.word(Word::WhyHere) }</h3>
                <dl>{ for record.facts.iter().map(|(word, lines, code)| fact(lang.word(*word), lines, *code)) }</dl>
            </section>
            { waits(props, record, &code) }
        </aside>
    }
}

/// A sheet's handle: pressed it opens and closes, swiped it follows the finger's direction, and away at the end.
fn grip(props: &Props, open: &UseStateHandle<bool>, from: &Rc<RefCell<Option<i32>>>) -> Html {
    let lang = props.lang();
    let is_open = **open;
    let flip = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let down = {
        let from = from.clone();
        Callback::from(move |event: TouchEvent| *from.borrow_mut() = finger(&event))
    };
    let up = {
        let (open, from, engine) = (open.clone(), from.clone(), props.engine.clone());
        Callback::from(move |event: TouchEvent| {
            let (Some(from), Some(to)) = (from.borrow_mut().take(), finger(&event)) else {
                return;
            };
            let moved = to - from;
            if moved.abs() < SWIPE {
                return;
            }
            match (moved < 0, is_open) {
                (true, _) => open.set(true),
                (false, true) => open.set(false),
                (false, false) => engine.act(Action::Select(None)),
            }
        })
    };
    let word = if is_open {
        Word::LessOfRecord
    } else {
        Word::MoreOfRecord
    };
    html! {
        <button class="grip" aria-expanded={is_open.to_string()} aria-label={lang.word(word)}
            onclick={flip} ontouchstart={down} ontouchend={up}></button>
    }
}

/// Where the finger is that came or went.
fn finger(event: &TouchEvent) -> Option<i32> {
    event.changed_touches().get(0).map(|it| it.client_y())
}

fn fact(name: &str, lines: &[String], code: bool) -> Html {
    html! {
        <>
            <dt>{ name }</dt>
            <dd class={code.then_some("m")}>{ for lines.iter().map(|line| html! { <span>{ line }</span> }) }</dd>
        </>
    }
}

fn waterfall(record: &RecordModel) -> Html {
    html! {
        <div class="fall">
            { for record.phases.iter().map(phase) }
            <div class="fall-axis"><span>{ "0" }</span><span>{ &record.total }</span></div>
        </div>
    }
}

fn phase(it: &PhaseModel) -> Html {
    let style = format!(
        "left:{}%;width:max(2px,{}%)",
        fixed(it.from, 2),
        fixed(it.width, 2)
    );
    html! {
        <div class="phase">
            <span class="name">{ &it.name }</span>
            <span class="lane"><i class={classes!(it.kind, it.lasts.then_some("lasts"))} style={style}></i>
                if it.cut {
                    <b class="cut" style={format!("left:{}%", fixed(it.from + it.width, 2))} aria-hidden="true"></b>
                }
            </span>
            <span class="took">{ &it.took }</span>
        </div>
    }
}

/// The same two lines in the reader's language; the one that waits says for how long.
fn waits(props: &Props, record: &RecordModel, chosen: &UseStateHandle<usize>) -> Html {
    let lang = props.lang();
    let (_, lines) = CODE[**chosen];
    let tabs = CODE.iter().enumerate().map(|(i, (name, _))| {
        let set = chosen.clone();
        let onclick = Callback::from(move |_: MouseEvent| set.set(i));
        html! { <button class={classes!("txt", (i == **chosen).then_some("on"))} aria-pressed={(i == **chosen).to_string()} onclick={onclick}>{ *name }</button> }
    });
    let rows = lines.iter().enumerate().map(|(i, line)| {
        let now = record.waits == Some(i);
        html! {
            <code class={now.then_some("now")}>
                <span>{ *line }</span>
                if now { <em>{ &record.waited }</em> }
            </code>
        }
    });
    html! {
        <section class="waits">
            <div class="langs">{ for tabs }</div>
            <h3>{ lang.word(Word::WhereCodeWaits) }</h3>
            <pre>{ for rows }</pre>
        </section>
    }
}
