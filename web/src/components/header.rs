//! Name, source, language, theme, keys.

use std::rc::Rc;

use ottla_scene::words::Word;
use yew::prelude::*;

use super::acts;
use crate::{
    engine::{Action, Handle, Kind, Model},
    prefs::{self, Scheme},
};

#[derive(Properties, Clone, PartialEq)]
pub(crate) struct HeaderProps {
    pub(crate) engine: Handle,
    pub(crate) model: Rc<Model>,
    pub(crate) on_keys: Callback<()>,
}

/// The name of a source.
fn kind_word(kind: Kind) -> Word {
    match kind {
        Kind::Sandbox => Word::Sandbox,
        Kind::Live => Word::Live,
        Kind::File => Word::TraceFile,
    }
}

#[component]
pub(crate) fn Header(props: &HeaderProps) -> Html {
    let lang = props.model.lang;
    let scheme = use_state(prefs::scheme);
    {
        let engine = props.engine.clone();
        use_effect_with((lang, *scheme), move |(lang, scheme)| {
            prefs::show(*lang, *scheme);
            engine.new_theme();
        });
    }
    let switch_scheme = {
        let scheme = scheme.clone();
        Callback::from(move |_: MouseEvent| {
            let other = scheme.other();
            prefs::remember_scheme(other);
            scheme.set(other);
        })
    };
    let switch_lang = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| {
            prefs::remember_lang(lang.other());
            engine.act(Action::Lang(lang.other()));
        })
    };
    let on_keys = props.on_keys.reform(|_: MouseEvent| ());
    let theme = match *scheme {
        Scheme::Light => Word::Dark,
        Scheme::Dark => Word::Light,
    };
    let sources = Kind::ALL.map(|kind| {
        let chosen = props.model.kind == kind;
        html! {
            <button aria-pressed={chosen.to_string()} class={classes!("txt", chosen.then_some("on"))}
                onclick={acts(&props.engine, Action::Source(kind))}>
                { lang.word(kind_word(kind)) }
            </button>
        }
    });
    html! {
        <header class="top">
            <span class="word">{ "ottla" }</span>
            <nav class="kinds" aria-label={lang.word(Word::Sources)}>{ for sources }</nav>
            <span class="gap"></span>
            <button class="txt keys-button" onclick={on_keys}>{ lang.word(Word::Keys) }</button>
            <button id="lang" class="txt" lang={lang.other().code()} onclick={switch_lang}>{ lang.word(Word::OtherLanguage) }</button>
            <button id="theme" class="txt" onclick={switch_scheme}>{ lang.word(theme) }</button>
        </header>
    }
}
