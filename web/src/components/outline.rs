//! The stage in words, for screen readers.

use ottla_scene::{
    outline::{About, Node},
    words::Word,
};
use yew::prelude::*;

use super::{Props, acts};
use crate::engine::{Action, Handle};

#[component]
pub(crate) fn Outline(props: &Props) -> Html {
    let lang = props.lang();
    html! {
        <section id="outline" class="outline" aria-label={lang.word(Word::Outline)}>
            { list(&props.engine, &props.model.outline) }
        </section>
    }
}

fn list(engine: &Handle, nodes: &[Node]) -> Html {
    if nodes.is_empty() {
        return html! {};
    }
    html! {
        <ul>
            { for nodes.iter().map(|node| html! { <li>{ line(engine, node) }{ list(engine, &node.children) }</li> }) }
        </ul>
    }
}

fn line(engine: &Handle, node: &Node) -> Html {
    match node.about {
        About::Record(id) => html! {
            <button onclick={acts(engine, Action::Select(Some(id)))}>{ &node.text }</button>
        },
        About::Text | About::Broker(_) => html! { { &node.text } },
    }
}
