//! Roles to colours and styles to fonts, read from the stylesheet so that there is one set of tokens.

use ottla_scene::{
    draw::{Role, Style},
    words::number::fixed,
};
use wasm_bindgen::JsValue;
use web_sys::CssStyleDeclaration;

/// Colours as JavaScript strings: handing a Rust string over at every mark costs more than the mark.
pub(crate) struct Theme {
    colours: Vec<JsValue>,
    sans: String,
    mono: String,
}

const PLAIN: [(Role, &str); 9] = [
    (Role::Bg, "--bg"),
    (Role::Raise, "--raise"),
    (Role::Sunk, "--sunk"),
    (Role::Hair, "--hair"),
    (Role::Line, "--line"),
    (Role::Ink, "--ink"),
    (Role::Ink2, "--ink-2"),
    (Role::Ink3, "--ink-3"),
    (Role::Alarm, "--alarm"),
];
const KEYS: usize = 9;

fn index(role: Role) -> usize {
    let key = |n: u8| usize::from(n).min(KEYS - 1);
    match role {
        Role::Key(n) => PLAIN.len() + key(n),
        Role::OnKey(n) => PLAIN.len() + KEYS + key(n),
        Role::Tint(n) => PLAIN.len() + 2 * KEYS + key(n),
        plain => PLAIN.iter().position(|(role, _)| *role == plain).unwrap_or(0),
    }
}

impl Theme {
    /// The tokens as they are now.
    pub(crate) fn read() -> Option<Self> {
        let window = web_sys::window()?;
        let root = window.document()?.document_element()?;
        let style = window.get_computed_style(&root).ok()??;
        let bg = token(&style, "--bg");
        // The browser's parser: Rust's comes with 10 KB of powers of five.
        let follow = js_sys::parse_float(&token(&style, "--follow")) as f32;
        let follow = if follow.is_nan() { 14.0 } else { follow } / 100.0;
        let keys: Vec<String> = (0..KEYS).map(|n| token(&style, &format!("--k{n}"))).collect();
        let mut colours: Vec<JsValue> = PLAIN
            .iter()
            .map(|(_, name)| JsValue::from_str(&token(&style, name)))
            .collect();
        colours.extend(keys.iter().map(|it| JsValue::from_str(it)));
        colours.extend((0..KEYS).map(|n| JsValue::from_str(&token(&style, &format!("--on{n}")))));
        colours.extend(keys.iter().map(|key| JsValue::from_str(&mix(key, &bg, follow))));
        Some(Self {
            colours,
            sans: token(&style, "--font"),
            mono: token(&style, "--mono"),
        })
    }

    pub(crate) fn colour(&self, role: Role) -> &JsValue {
        &self.colours[index(role)]
    }

    pub(crate) fn font(&self, style: Style) -> String {
        let weight = if style.strong { 700 } else { 400 };
        let family = if style.mono { &self.mono } else { &self.sans };
        format!("{weight} {}px {family}", fixed(style.size.px().into(), 0))
    }
}

fn token(style: &CssStyleDeclaration, name: &str) -> String {
    style
        .get_property_value(name)
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}

/// `#rrggbb` mixed in sRGB, as `color-mix` does.
fn mix(a: &str, b: &str, part: f32) -> String {
    let channel = |hex: &str, at: usize| {
        let digits = hex.trim_start_matches('#').get(at..at + 2).unwrap_or("80");
        f32::from(u8::from_str_radix(digits, 16).unwrap_or(128))
    };
    let mixed = [0, 2, 4].map(|at| {
        let value = channel(a, at) * part + channel(b, at) * (1.0 - part);
        value.round() as u8
    });
    format!("rgb({} {} {})", mixed[0], mixed[1], mixed[2])
}
