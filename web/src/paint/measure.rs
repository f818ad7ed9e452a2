//! How wide text is, asked once for each text.

use std::{cell::RefCell, collections::HashMap};

use ottla_scene::draw::{Measure, Style};
use wasm_bindgen::JsCast;
use web_sys::CanvasRenderingContext2d;

use super::Theme;

/// Widths that are remembered; times and counts make new texts without end.
const MOST: usize = 4_000;

/// Measures on a canvas of its own, so that it never disturbs what is being painted.
pub(crate) struct Ruler {
    context: Option<CanvasRenderingContext2d>,
    fonts: RefCell<HashMap<Style, String>>,
    widths: RefCell<HashMap<Style, HashMap<String, f32>>>,
}

impl Ruler {
    pub(crate) fn new() -> Self {
        let canvas = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.create_element("canvas").ok())
            .and_then(|canvas| canvas.dyn_into::<web_sys::HtmlCanvasElement>().ok());
        let context = canvas
            .and_then(|canvas| canvas.get_context("2d").ok().flatten())
            .and_then(|context| context.dyn_into().ok());
        Self {
            context,
            fonts: RefCell::default(),
            widths: RefCell::default(),
        }
    }

    /// Other fonts: everything is measured anew.
    pub(crate) fn set_fonts(&self, theme: &Theme) {
        self.widths.borrow_mut().clear();
        let mut fonts = self.fonts.borrow_mut();
        fonts.clear();
        for size in [
            ottla_scene::draw::Size::Micro,
            ottla_scene::draw::Size::Small,
            ottla_scene::draw::Size::Body,
            ottla_scene::draw::Size::Title,
        ] {
            let plain = Style::new(size);
            for style in [plain, plain.strong(), plain.mono(), plain.strong().mono()] {
                fonts.insert(style, theme.font(style));
            }
        }
    }
}

impl Measure for Ruler {
    fn width(&self, text: &str, style: Style) -> f32 {
        let mut widths = self.widths.borrow_mut();
        let known = widths.entry(style).or_default();
        if let Some(width) = known.get(text) {
            return *width;
        }
        let fonts = self.fonts.borrow();
        let (Some(context), Some(font)) = (&self.context, fonts.get(&style)) else {
            return 0.0;
        };
        context.set_font(font);
        let width = context.measure_text(text).map_or(0.0, |it| it.width() as f32);
        if known.len() > MOST {
            known.clear();
        }
        known.insert(text.to_owned(), width);
        width
    }
}
