//! What the reader prefers: language, theme, motion. Remembered on this machine, nowhere else.

use ottla_scene::words::{Lang, Word};
use web_sys::Storage;

const LANG: &str = "ottla.lang";
const THEME: &str = "ottla.theme";

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

fn storage() -> Option<Storage> {
    // Throws where storage is forbidden: then nothing is remembered.
    web_sys::window()?.local_storage().ok()?
}

fn remembered(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

fn remember(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden store costs the reader one click next time.
        let _ = storage.set_item(key, value);
    }
}

fn matches(query: &str) -> bool {
    let list = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    list.is_some_and(|list| list.matches())
}

/// A parameter of the page's address.
pub(crate) fn parameter(name: &str) -> Option<String> {
    let search = web_sys::window()?.location().search().ok()?;
    let parameters = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    parameters.get(name).filter(|value| !value.is_empty())
}

/// What the server of the page tells it, as `<meta name content>`.
fn meta(name: &str) -> Option<String> {
    let document = web_sys::window()?.document()?;
    let element = document
        .query_selector(&format!("meta[name=\"{name}\"]"))
        .ok()??;
    element.get_attribute("content").filter(|value| !value.is_empty())
}

/// Whether the page's server names a bridge to a real Kafka.
pub(crate) fn serves_kafka() -> bool {
    meta("ottla-bridge").is_some() && meta("ottla-cluster").as_deref() == Some("kafka")
}

/// Whether the page's server names a bridge to simulated brokers.
pub(crate) fn serves_simulated() -> bool {
    bridge().is_some() && meta("ottla-cluster").as_deref() == Some("simulated")
}

/// Width of the page in CSS pixels.
pub(crate) fn page_width() -> f64 {
    let width = web_sys::window().and_then(|window| window.inner_width().ok()?.as_f64());
    width.unwrap_or(f64::MAX)
}

/// The bridge: the address, what the server says.
pub(crate) fn bridge() -> Option<String> {
    parameter("bridge").or_else(|| meta("ottla-bridge"))
}

/// The topic of a live cluster: the address, the first one that the server names.
pub(crate) fn live_topic() -> String {
    let served = || Some(meta("ottla-topics")?.split(',').next()?.trim().to_owned());
    parameter("topic")
        .or_else(served)
        .unwrap_or_else(|| "orders".to_owned())
}

/// The language: the address, what was chosen before, the browser's.
pub(crate) fn lang() -> Lang {
    let browser = || web_sys::window()?.navigator().language();
    parameter("lang")
        .or_else(|| remembered(LANG))
        .or_else(browser)
        .and_then(|code| Lang::from_code(&code))
        .unwrap_or_default()
}

/// The theme: the address, what was chosen before, the system's.
pub(crate) fn scheme() -> Scheme {
    match parameter("theme").or_else(|| remembered(THEME)).as_deref() {
        Some("light") => Scheme::Light,
        Some("dark") => Scheme::Dark,
        _ if matches("(prefers-color-scheme: dark)") => Scheme::Dark,
        _ => Scheme::Light,
    }
}

/// Whether the reader asked for less motion.
pub(crate) fn reduced_motion() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

pub(crate) fn remember_lang(lang: Lang) {
    remember(LANG, lang.code());
}

pub(crate) fn remember_scheme(scheme: Scheme) {
    remember(THEME, scheme.name());
}

/// Puts language and theme onto the document.
pub(crate) fn show(lang: Lang, scheme: Scheme) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    document.set_title(lang.word(Word::Title));
    if let Some(root) = document.document_element() {
        // Attributes with these fixed names are always accepted.
        let _ = root.set_attribute("lang", lang.code());
        let _ = root.set_attribute("data-theme", scheme.name());
    }
}
