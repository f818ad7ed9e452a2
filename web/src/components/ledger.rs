//! The ledger strip: what became of the records. What nobody can see is hatched, never zero.

use ottla_scene::words::{Word, number};
use yew::prelude::*;

use super::Props;

#[component]
pub(crate) fn Ledger(props: &Props) -> Html {
    let lang = props.lang();
    let it = props.model.ledger;
    let known = |word, n: u64, bad: bool| {
        html! {
            <span class={classes!("num", (bad && n > 0).then_some("bad"))} data-name={name(word)}>
                <b>{ number::count(n) }</b><span>{ lang.word(word) }</span>
            </span>
        }
    };
    let maybe = |word, n: Option<u64>, bad| match n {
        Some(n) => known(word, n, bad),
        None => html! {
            <span class="num" data-name={name(word)}>
                <b class="hatch" role="img" aria-label={lang.word(Word::Hidden)}></b><span>{ lang.word(word) }</span>
            </span>
        },
    };
    let op = |text: &'static str| html! { <span class="op" aria-hidden="true">{ text }</span> };
    html! {
        <section class="ledger" aria-label={lang.word(Word::Ledger)}>
            { known(Word::Sent, it.sent, false) }
            { op("=") }
            { known(Word::ToldOk, it.told_ok, false) }
            { op("+") }
            { known(Word::Waiting, it.waiting, false) }
            { op("+") }
            { known(Word::Failed, it.failed, false) }
            <i class="rule"></i>
            { maybe(Word::InLog, it.in_log, false) }
            <i class="rule"></i>
            { maybe(Word::LostThoughOk, it.lost, true) }
            { maybe(Word::Duplicate, it.duplicate, false) }
            { maybe(Word::OutOfOrder, it.out_of_order, false) }
            { known(Word::Unknown, it.unknown, false) }
        </section>
    }
}

/// A name that does not change with the language, for styles and tests.
fn name(word: Word) -> &'static str {
    match word {
        Word::Sent => "sent",
        Word::ToldOk => "told-ok",
        Word::Waiting => "waiting",
        Word::Failed => "failed",
        Word::InLog => "in-log",
        Word::LostThoughOk => "lost",
        Word::Duplicate => "duplicate",
        Word::OutOfOrder => "out-of-order",
        _ => "unknown",
    }
}
