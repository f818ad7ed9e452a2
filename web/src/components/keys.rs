//! The keyboard: everything that a pointer can do.

use ottla_scene::words::{Lang, Word};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::engine::{Action, Handle, Kind};

/// Every key and what it does, as the dialog lists it.
const KEYS: [(&str, Word); 14] = [
    ("M", Word::KeySend),
    ("Space", Word::KeyPlay),
    (". ,", Word::KeyStep),
    ("> <", Word::KeyHop),
    ("N P", Word::KeyProblem),
    ("- +", Word::KeySpeed),
    ("Home End", Word::KeyEnds),
    ("1 2 3", Word::KeyKill),
    ("J K", Word::KeyRecord),
    ("S", Word::KeySave),
    ("Esc", Word::KeyEscape),
    ("L", Word::KeyLanguage),
    ("T", Word::KeyTheme),
    ("?", Word::KeyHelp),
];

/// Acts on a key, unless somebody types.
pub(super) fn press(engine: &Handle, event: &KeyboardEvent, open: bool, show: &dyn Fn(bool)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
        return;
    }
    let key = event.key();
    if key == "Escape" {
        if open {
            show(false);
        } else {
            engine.act(Action::Select(None));
        }
        return;
    }
    if typing(event) || open {
        return;
    }
    // A focused button or slider keeps its own keys.
    let on_button = tag(event).is_some_and(|tag| tag == "BUTTON" || tag == "A");
    let action = match key.as_str() {
        " " if on_button => return,
        " " => Action::Toggle,
        "." | "ArrowRight" => Action::Step(true),
        "," | "ArrowLeft" => Action::Step(false),
        ">" => Action::Hop(true),
        "<" => Action::Hop(false),
        "n" | "N" => Action::Problem(true),
        "p" | "P" => Action::Problem(false),
        "+" | "=" => Action::Faster(true),
        "-" => Action::Faster(false),
        "Home" => Action::End(false),
        "End" => Action::End(true),
        "j" | "J" => Action::Neighbour(true),
        "k" | "K" => Action::Neighbour(false),
        "?" => {
            show(true);
            event.prevent_default();
            return;
        }
        "m" | "M" => {
            event.prevent_default();
            focus("#message input[name=key]");
            return;
        }
        "s" | "S" => return click("#save"),
        "l" | "L" => return click("#lang"),
        "t" | "T" => return click("#theme"),
        digit if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() => {
            let node = i32::from(digit.as_bytes()[0] - b'0');
            match kill(engine, node) {
                Some(action) => action,
                None => return,
            }
        }
        _ => return,
    };
    event.prevent_default();
    engine.act(action);
}

fn kill(engine: &Handle, node: i32) -> Option<Action> {
    engine.change(|it| {
        if it.source.kind() != Kind::Sandbox {
            return None;
        }
        let seen = it.run.playback.cursor().seen;
        let dead = it.run.history.state(seen).brokers.get(&node)?.dead();
        Some(Action::Kill(node, !dead))
    })
}

fn element(event: &KeyboardEvent) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

fn tag(event: &KeyboardEvent) -> Option<String> {
    Some(element(event)?.tag_name())
}

fn typing(event: &KeyboardEvent) -> bool {
    match tag(event).as_deref() {
        Some("TEXTAREA" | "SELECT") => true,
        Some("INPUT") => {
            let kind = element(event).and_then(|it| it.get_attribute("type"));
            !matches!(kind.as_deref(), Some("checkbox" | "file"))
        }
        _ => false,
    }
}

fn query(selector: &str) -> Option<web_sys::HtmlElement> {
    let document = web_sys::window()?.document()?;
    document.query_selector(selector).ok()??.dyn_into().ok()
}

fn focus(selector: &str) {
    if let Some(element) = query(selector) {
        // An element that cannot take focus is one that is not there.
        let _ = element.focus();
    }
}

fn click(selector: &str) {
    if let Some(element) = query(selector) {
        element.click();
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct KeysProps {
    pub(crate) lang: Lang,
    pub(crate) on_close: Callback<()>,
}

/// The list of keys.
#[component]
pub(crate) fn KeysDialog(props: &KeysProps) -> Html {
    let lang = props.lang;
    let close = props.on_close.reform(|_: MouseEvent| ());
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((), move |()| {
            let before = web_sys::window()
                .and_then(|it| it.document())
                .and_then(|it| it.active_element())
                .and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(button) = button.cast::<web_sys::HtmlElement>() {
                let _ = button.focus();
            }
            move || {
                if let Some(before) = before {
                    let _ = before.focus();
                }
            }
        });
    }
    let rows = KEYS.iter().map(|(keys, word)| {
        let keys = keys.split(' ').map(|key| html! { <kbd>{ key }</kbd> });
        html! { <><dt>{ for keys }</dt><dd>{ lang.word(*word) }</dd></> }
    });
    html! {
        <div class="veil">
            <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="keys-title">
                <h2 id="keys-title">{ lang.word(Word::Keys) }
                    <button ref={button} class="txt close" aria-label={lang.word(Word::Close)} onclick={close}></button>
                </h2>
                <dl>{ for rows }</dl>
            </div>
        </div>
    }
}
