//! The message form: what is typed here goes through the production core.

use ottla_scene::words::{Lang, Word};
use yew::prelude::*;

use super::{Props, acts, text_of};
use crate::engine::{Action, Handle, Kind, LiveState, Message};

/// Keys of a burst: five customers, as on the first picture.
const BURST: [&str; 24] = [
    "kim", "han", "lim", "park", "seo", "kim", "lim", "han", "kim", "lim", "seo", "park", "han", "lim",
    "kim", "lim", "park", "han", "seo", "kim", "park", "lim", "lim", "kim",
];

/// The sandbox has one topic; a live cluster's is told by the page's address or server.
fn default_topic(kind: Kind) -> String {
    match kind {
        Kind::Live => crate::prefs::live_topic(),
        Kind::Sandbox | Kind::File => "orders".to_owned(),
    }
}

/// What is typed.
#[derive(Clone, PartialEq)]
struct Draft {
    /// `None` until somebody types one: then it is the source's own.
    topic: Option<String>,
    key: String,
    value: String,
    headers: String,
    partition: String,
    no_key: bool,
    no_value: bool,
    /// How many were sent, for the next value.
    sent: u32,
}

impl Draft {
    fn new() -> Self {
        Self {
            topic: None,
            key: "kim".to_owned(),
            value: "{\"order\":1}".to_owned(),
            headers: String::new(),
            partition: String::new(),
            no_key: false,
            no_value: false,
            sent: 0,
        }
    }

    fn topic(&self, kind: Kind) -> String {
        self.topic.clone().unwrap_or_else(|| default_topic(kind))
    }

    /// The message, or what is wrong with it.
    fn message(&self, kind: Kind) -> Result<Message, (&'static str, Word)> {
        let lines = self.headers.lines().filter(|line| !line.trim().is_empty());
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.trim().to_owned(), value.to_owned()))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or(("INVALID_HEADER", Word::BadHeaders))?;
        let partition = match self.partition.trim() {
            "" => None,
            text => match text.parse::<i32>() {
                Ok(partition) if partition >= 0 => Some(partition),
                _ => return Err(("INVALID_PARTITION", Word::BadPartition)),
            },
        };
        Ok(Message {
            topic: self.topic(kind),
            key: (!self.no_key).then(|| self.key.clone()),
            value: (!self.no_value).then(|| self.value.clone()),
            headers,
            partition,
        })
    }

    /// What the stage shows of it while it is written.
    fn shown(&self, kind: Kind) -> Message {
        Message {
            topic: self.topic(kind),
            key: (!self.no_key).then(|| self.key.clone()),
            partition: self.partition.trim().parse().ok().filter(|it| *it >= 0),
            ..Message::default()
        }
    }

    /// The next draft: an untouched value counts on.
    fn after_sending(&self) -> Self {
        let sent = self.sent + 1;
        let mine = format!("{{\"order\":{sent}}}");
        Self {
            value: if self.value == mine {
                format!("{{\"order\":{}}}", sent + 1)
            } else {
                self.value.clone()
            },
            sent,
            ..self.clone()
        }
    }
}

#[component]
pub(crate) fn Composer(props: &Props) -> Html {
    let lang = props.lang();
    let draft = use_state(Draft::new);
    let more = use_state(|| false);
    let change = {
        let draft = draft.clone();
        move |set: fn(&mut Draft, String)| {
            let draft = draft.clone();
            Callback::from(move |event: InputEvent| {
                let mut next = (*draft).clone();
                set(&mut next, text_of(&event));
                draft.set(next);
            })
        }
    };
    let kind = props.model.kind;
    let focus = use_state(|| false);
    let on_focus = {
        let focus = focus.clone();
        // A button of the form is no field: whoever presses it has written.
        Callback::from(move |event: FocusEvent| focus.set(is_field(&event)))
    };
    let on_blur = {
        let focus = focus.clone();
        Callback::from(move |_: FocusEvent| focus.set(false))
    };
    {
        let engine = props.engine.clone();
        let shown = (*focus || props.model.first).then(|| draft.shown(kind));
        use_effect_with(shown, move |shown| engine.act(Action::Draft(shown.clone())));
    }
    let send = {
        let engine = props.engine.clone();
        let draft = draft.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            // Of the source as it is now: what is shown may be a frame older.
            match draft.message(engine.read(|it| it.source.kind())) {
                Ok(message) => {
                    engine.act(Action::Send(message));
                    draft.set(draft.after_sending());
                }
                Err((code, word)) => engine.change(|it| it.refuse(code, word)),
            }
        })
    };
    let flip = {
        let more = more.clone();
        Callback::from(move |_: MouseEvent| more.set(!*more))
    };
    let word = if *more { Word::Less } else { Word::More };
    html! {
        <form id="message" class="composer" onsubmit={send} onfocusin={on_focus} onfocusout={on_blur}
            aria-label={lang.word(Word::Message)} autocomplete="off">
            <div class="row">
                { field(lang, Word::Key, "key", &draft.key, draft.no_key, change(|d, v| d.key = v)) }
                { field(lang, Word::Value, "value", &draft.value, draft.no_value, change(|d, v| d.value = v)) }
                <button class="go" type="submit">{ lang.word(Word::Send) }</button>
                if props.model.kind == Kind::Sandbox && !props.model.first {
                    <button class="quiet" type="button" onclick={burst(&props.engine, &draft)}>{ lang.word(Word::SendMany) }</button>
                }
                <button class="txt more" type="button" aria-expanded={more.to_string()} aria-controls="more" onclick={flip}>
                    { lang.word(word) }
                </button>
                { said(props) }
            </div>
            if *more {
                <div class="row" id="more">
                    { field(lang, Word::Topic, "topic", &draft.topic(kind), false, change(|d, v| d.topic = Some(v))) }
                    { field(lang, Word::Partition, "partition", &draft.partition, false, change(|d, v| d.partition = v)) }
                    <label class="headers">
                        { lang.word(Word::Headers) }
                        <textarea name="headers" rows="1" placeholder={lang.word(Word::HeadersHint)}
                            value={draft.headers.clone()} oninput={change(|d, v| d.headers = v)} />
                    </label>
                    { acks(props) }
                    { check(lang, Word::NoKey, draft.no_key, &draft, |d| d.no_key = !d.no_key) }
                    { check(lang, Word::NoValue, draft.no_value, &draft, |d| d.no_value = !d.no_value) }
                    { anew(props) }
                </div>
            }
        </form>
    }
}

fn is_field(event: &FocusEvent) -> bool {
    let element = event.target_dyn_into::<web_sys::Element>();
    element.is_some_and(|it| it.tag_name() == "INPUT" || it.tag_name() == "TEXTAREA")
}

fn field(
    lang: Lang,
    word: Word,
    name: &'static str,
    value: &str,
    off: bool,
    oninput: Callback<InputEvent>,
) -> Html {
    let placeholder = if word == Word::Partition {
        lang.word(Word::Auto)
    } else {
        ""
    };
    html! {
        <label class={name}>
            <span class="what">{ lang.word(word) }</span>
            <input name={name} value={value.to_owned()} disabled={off} oninput={oninput} placeholder={placeholder} spellcheck="false" />
        </label>
    }
}

fn check(lang: Lang, word: Word, on: bool, draft: &UseStateHandle<Draft>, flip: fn(&mut Draft)) -> Html {
    let draft = draft.clone();
    let onchange = Callback::from(move |_: Event| {
        let mut next = (*draft).clone();
        flip(&mut next);
        draft.set(next);
    });
    html! {
        <label class="check">
            <input type="checkbox" checked={on} onchange={onchange} />
            { lang.word(word) }
        </label>
    }
}

/// acks is a property of the producer: choosing another one begins the sandbox anew, and says so.
fn acks(props: &Props) -> Html {
    let lang = props.lang();
    let model = &props.model;
    if model.kind != Kind::Sandbox {
        return html! {};
    }
    let engine = props.engine.clone();
    let onchange = Callback::from(move |event: Event| engine.act(Action::Acks(text_of(&event))));
    let choices = ["all", "1", "0"].map(|it| {
        html! { <option value={it} selected={model.acks == it}>{ it }</option> }
    });
    html! {
        <label class="acks" title={lang.word(Word::AcksRestart)}>
            { lang.word(Word::Acks) }
            <select name="acks" aria-describedby="acks-note" onchange={onchange}>{ for choices }</select>
            <span id="acks-note" class="hidden">{ lang.word(Word::AcksRestart) }</span>
        </label>
    }
}

fn anew(props: &Props) -> Html {
    if props.model.kind != Kind::Sandbox || props.model.first {
        return html! {};
    }
    let action = Action::Source(Kind::Sandbox);
    html! {
        <button class="txt" type="button" onclick={acts(&props.engine, action)}>
            { props.lang().word(Word::Anew) }
        </button>
    }
}

fn burst(engine: &Handle, draft: &UseStateHandle<Draft>) -> Callback<MouseEvent> {
    let topic = draft.topic(Kind::Sandbox);
    let engine = engine.clone();
    Callback::from(move |_| {
        let messages = (1..).zip(BURST).map(|(n, key)| Message {
            topic: topic.clone(),
            key: Some(key.to_owned()),
            value: Some(format!("{{\"order\":{n}}}")),
            ..Message::default()
        });
        engine.act(Action::SendMany(messages.collect()));
    })
}

/// The fate of the last message, or why it was not accepted: beside the button that sent it.
fn said(props: &Props) -> Html {
    let model = &props.model;
    let refused = match &model.live {
        Some(LiveState::Refused(_)) => model.said.is_none(),
        _ => false,
    };
    let Some(said) = model.said.as_ref().filter(|_| !refused) else {
        return html! {};
    };
    html! {
        <output class={classes!("said", said.code.is_some().then_some("error"))} name="result">
            if let Some(code) = &said.code {
                <code>{ code }</code>
            }
            <span>{ &said.text }</span>
        </output>
    }
}
