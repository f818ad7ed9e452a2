//! The bars of the two other sources: a bridge's address, and a file.

use ottla_scene::words::{Word, number::fixed};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

use super::{Props, acts, text_of};
use crate::{
    engine::{Action, Handle, LiveState, Notice, Refusal},
    prefs, run,
};

/// A trace of this size is not one that anybody looks at.
const LARGEST_FILE: f64 = 512.0 * 1024.0 * 1024.0;

/// How a trace comes into being.
const RECORD: &str = "ottla console-producer --bootstrap-server localhost:9092 --topic orders --trace run.jsonl --trace-level record";

/// Address and acks of the live producer.
#[component]
pub(crate) fn LiveBar(props: &Props) -> Html {
    let lang = props.lang();
    let url = use_state(|| prefs::bridge().unwrap_or_else(|| "ws://127.0.0.1:8380/k/main".to_owned()));
    let acks = use_state(|| "all".to_owned());
    let options = use_state(String::new);
    let on = props.model.live == Some(LiveState::On);
    let oninput = {
        let url = url.clone();
        Callback::from(move |event: InputEvent| url.set(text_of(&event)))
    };
    let oninput_options = {
        let options = options.clone();
        Callback::from(move |event: InputEvent| options.set(text_of(&event)))
    };
    let onchange = {
        let acks = acks.clone();
        Callback::from(move |event: Event| acks.set(text_of(&event)))
    };
    let submit = {
        let engine = props.engine.clone();
        let (url, acks, options) = (url.clone(), acks.clone(), options.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match run::options(&options) {
                Ok(mut options) => {
                    // What is typed is more particular than what is chosen.
                    if options.iter().all(|(name, _)| name != "acks") {
                        options.push(("acks".to_owned(), (*acks).clone()));
                    }
                    engine.act(Action::Connect {
                        url: (*url).clone(),
                        options,
                    });
                }
                Err(refusal) => engine.change(|it| it.notice = Some(Notice::Refused(refusal))),
            }
        })
    };
    if on {
        return linked(props, &url, &acks, &options);
    }
    let choices =
        ["all", "1", "0"].map(|it| html! { <option value={it} selected={*acks == it}>{ it }</option> });
    html! {
        <form id="bridge" class="bar" onsubmit={submit} autocomplete="off">
            <div class="row">
                <label class="bridge">
                    { lang.word(Word::BridgeUrl) }
                    <input name="bridge" value={(*url).clone()} oninput={oninput} spellcheck="false" />
                </label>
                <label class="acks">
                    { lang.word(Word::Acks) }
                    <select name="live-acks" onchange={onchange}>{ for choices }</select>
                </label>
                <label class="options">
                    { lang.word(Word::Options) }
                    <input name="options" value={(*options).clone()} oninput={oninput_options}
                        placeholder="linger.ms=50" spellcheck="false" />
                </label>
                <button class="go" type="submit">{ lang.word(Word::Connect) }</button>
            </div>
        </form>
    }
}

/// A producer that runs keeps its settings: they are told in one line, not shown as fields.
fn linked(props: &Props, url: &str, acks: &str, options: &str) -> Html {
    html! {
        <p id="bridge" class="linked">
            <code>{ url }</code>
            if ottla_sorted::split_once(options, "acks=").is_none() {
                <code>{ format!("acks={acks}") }</code>
            }
            if !options.is_empty() {
                <code>{ options }</code>
            }
            <button class="txt" type="button" onclick={acts(&props.engine, Action::Disconnect)}>
                { props.lang().word(Word::Disconnect) }
            </button>
        </p>
    }
}

/// Opens a trace.
#[component]
pub(crate) fn FileBar(props: &Props) -> Html {
    let lang = props.lang();
    let engine = props.engine.clone();
    let onchange = Callback::from(move |event: Event| {
        let input = event
            .target()
            .and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
        let file = input.and_then(|it| it.files()).and_then(|it| it.get(0));
        if let Some(file) = file {
            read_file(&engine, file);
        }
    });
    let said = props.model.said.as_ref();
    let blank = props.model.first;
    html! {
        <div class={classes!("bar", blank.then_some("drop"))}>
            if blank {
                <p class="here">{ lang.word(Word::DropHere) }</p>
            }
            <div class="row">
                <label class="go file">
                    { lang.word(Word::OpenFile) }
                    <input name="trace" type="file" accept=".jsonl,.json,.txt" onchange={onchange} />
                </label>
                if let Some(name) = &props.model.file {
                    <span class="name">{ name }</span>
                }
                if let Some(said) = said {
                    <output class="said error" name="result">
                        if let Some(code) = &said.code { <code>{ code }</code> }
                        <span>{ &said.text }</span>
                    </output>
                }
            </div>
            if blank {
                <p class="how">{ lang.word(Word::TraceHow) }<code>{ RECORD }</code></p>
            }
        </div>
    }
}

/// Opens the trace that the page's address names (`?trace=`); the page's server has it.
pub(crate) fn read_linked(engine: &Handle) {
    let Some(name) = prefs::parameter("trace") else {
        return;
    };
    let engine = engine.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let text = fetched(&name).await;
        take(&engine, name, text).await;
    });
}

async fn fetched(path: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let answer = JsFuture::from(window.fetch_with_str(path)).await?;
    JsFuture::from(answer.unchecked_into::<web_sys::Response>().text()?).await
}

async fn take(engine: &Handle, name: String, text: Result<JsValue, JsValue>) {
    match text {
        Ok(text) => {
            let text = text.as_string().unwrap_or_default();
            engine.open(name, text).await;
        }
        Err(_) => {
            let message = format!("{name}: the browser could not read it; choose it again");
            engine.change(|it| {
                it.refuse_file(Refusal {
                    code: "UNREADABLE_FILE".to_owned(),
                    message,
                });
            });
        }
    }
}

/// Reads a file and opens it; a file that is not a trace changes nothing.
pub(crate) fn read_file(engine: &Handle, file: web_sys::File) {
    let engine = engine.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let name = file.name();
        if file.size() > LARGEST_FILE {
            let message = format!(
                "{name}: {} MiB is more than this page opens, 512 MiB",
                fixed(file.size() / 1_048_576.0, 0)
            );
            engine.change(|it| {
                it.refuse_file(Refusal {
                    code: "TRACE_TOO_LARGE".to_owned(),
                    message,
                });
            });
            return;
        }
        take(&engine, name, JsFuture::from(file.text()).await).await;
    });
}
