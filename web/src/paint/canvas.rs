//! A canvas element and how a draw list gets onto it.

use ottla_scene::{
    draw::{Align, Dash, DrawList, Item, Rect, Role, Style},
    words::number::fixed,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::Theme;

#[wasm_bindgen]
extern "C" {
    /// The context, with setters that take a string that JavaScript has already.
    #[wasm_bindgen(extends = CanvasRenderingContext2d)]
    type Context;
    #[wasm_bindgen(method, setter, js_name = fillStyle)]
    fn set_fill(this: &Context, style: &JsValue);
    #[wasm_bindgen(method, setter, js_name = strokeStyle)]
    fn set_stroke(this: &Context, style: &JsValue);
}

/// More device pixels than this cost frames and show nothing.
const MOST_DPR: f64 = 2.0;

/// A canvas that is as sharp as the screen.
pub(crate) struct Surface {
    canvas: HtmlCanvasElement,
    context: Context,
    size: (f32, f32),
    dpr: f64,
}

/// What the context is set to, so that it is set only when it changes.
#[derive(Default)]
struct Pen {
    fill: Option<Role>,
    stroke: Option<Role>,
    width: f32,
    dash: Dash,
    font: Option<Style>,
    align: Option<Align>,
}

impl Surface {
    pub(crate) fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.unchecked_into();
        Some(Self {
            canvas,
            context,
            size: (0.0, 0.0),
            dpr: 0.0,
        })
    }

    /// Gives the canvas its size in CSS pixels.
    pub(crate) fn resize(&mut self, width: f32, height: f32) {
        let dpr = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let dpr = dpr.clamp(1.0, MOST_DPR);
        if self.size == (width, height) && (self.dpr - dpr).abs() < f64::EPSILON {
            return;
        }
        self.size = (width, height);
        self.dpr = dpr;
        self.canvas.set_width((f64::from(width) * dpr).round() as u32);
        self.canvas.set_height((f64::from(height) * dpr).round() as u32);
        let style = self.canvas.style();
        // A canvas without style is still a canvas: it only keeps its old size on the page.
        let _ = style.set_property("width", &(fixed(width.into(), 2) + "px"));
        let _ = style.set_property("height", &(fixed(height.into(), 2) + "px"));
    }

    /// Paints everything anew.
    pub(crate) fn paint(&self, list: &DrawList, theme: &Theme) {
        let context = &self.context;
        let dpr = self.dpr;
        if context.set_transform(dpr, 0.0, 0.0, dpr, 0.0, 0.0).is_err() {
            return;
        }
        context.clear_rect(0.0, 0.0, f64::from(self.size.0), f64::from(self.size.1));
        let mut pen = Pen::default();
        context.set_line_cap("butt");
        context.set_line_join("miter");
        for item in list.items() {
            self.item(item, theme, &mut pen);
        }
        self.dash(&mut pen, Dash::Solid);
    }

    fn item(&self, item: &Item, theme: &Theme, pen: &mut Pen) {
        let context = &self.context;
        match item {
            Item::Fill(rect, role) => {
                self.fill(pen, theme, *role);
                let [x, y, w, h] = floats(*rect);
                context.fill_rect(x, y, w, h);
            }
            Item::Frame(rect, role, width, dash) => {
                self.stroke(pen, theme, *role, *width);
                self.dash(pen, *dash);
                let [x, y, w, h] = floats(*rect);
                context.stroke_rect(x, y, w, h);
            }
            Item::Hatch { rect, lines, ground } => self.hatch(pen, theme, *rect, *lines, *ground),
            Item::Line(points, role, width, dash) => {
                self.stroke(pen, theme, *role, *width);
                self.dash(pen, *dash);
                self.trace(points, *width);
                context.stroke();
            }
            Item::Shape(points, role) => {
                self.fill(pen, theme, *role);
                self.trace(points, 0.0);
                context.close_path();
                context.fill();
            }
            Item::Circle {
                at,
                r,
                fill,
                line,
                width,
            } => {
                self.fill(pen, theme, *fill);
                self.stroke(pen, theme, *line, *width);
                self.dash(pen, Dash::Solid);
                self.arc(*at, *r, 1.0);
                context.fill();
                context.stroke();
            }
            Item::Pie { at, r, part } => self.pie(pen, theme, (*at, *r), *part),
            Item::Text {
                at,
                text,
                style,
                align,
                role,
                rim,
            } => {
                self.text_style(pen, theme, *style, *align);
                let (x, y) = (f64::from(at.0), f64::from(at.1));
                if let Some(rim) = rim {
                    self.stroke(pen, theme, *rim, 3.5);
                    self.dash(pen, Dash::Solid);
                    context.set_line_join("round");
                    let _ = context.stroke_text(text, x, y);
                    context.set_line_join("miter");
                }
                self.fill(pen, theme, *role);
                let _ = context.fill_text(text, x, y);
            }
        }
    }

    fn pie(&self, pen: &mut Pen, theme: &Theme, (at, r): ((f32, f32), f32), part: f32) {
        self.fill(pen, theme, Role::Raise);
        self.stroke(pen, theme, Role::Line, 1.5);
        self.dash(pen, Dash::Solid);
        self.arc(at, r, 1.0);
        self.context.fill();
        self.context.stroke();
        self.fill(pen, theme, Role::Ink);
        self.wedge(at, r, part);
    }

    fn trace(&self, points: &[(f32, f32)], width: f32) {
        let context = &self.context;
        context.begin_path();
        for (i, point) in points.iter().enumerate() {
            let (x, y) = crisp(points, i, *point, width);
            if i == 0 {
                context.move_to(x, y);
            } else {
                context.line_to(x, y);
            }
        }
    }

    fn arc(&self, (x, y): (f32, f32), r: f32, part: f32) {
        let context = &self.context;
        let top = -std::f64::consts::FRAC_PI_2;
        context.begin_path();
        let _ = context.arc(
            f64::from(x),
            f64::from(y),
            f64::from(r),
            top,
            top + f64::from(part.clamp(0.0, 1.0)) * std::f64::consts::TAU,
        );
    }

    fn wedge(&self, at: (f32, f32), r: f32, part: f32) {
        if part <= 0.0 {
            return;
        }
        self.arc(at, r, part);
        self.context.line_to(f64::from(at.0), f64::from(at.1));
        self.context.close_path();
        self.context.fill();
    }

    fn hatch(&self, pen: &mut Pen, theme: &Theme, rect: Rect, lines: Role, ground: Role) {
        let context = &self.context;
        let [x, y, w, h] = floats(rect);
        self.fill(pen, theme, ground);
        context.fill_rect(x, y, w, h);
        self.stroke(pen, theme, lines, 1.5);
        self.dash(pen, Dash::Solid);
        context.save();
        context.begin_path();
        context.rect(x, y, w, h);
        context.clip();
        context.begin_path();
        // On one grid for the whole canvas, so that neighbours' lines meet.
        let step = 6.0;
        let mut at = ((x - h) / step).floor() * step;
        while at < x + w {
            context.move_to(at, y + h);
            context.line_to(at + h, y);
            at += step;
        }
        context.stroke();
        context.restore();
        // `restore` brings back what the context was set to at `save`, which is what the pen remembers.
    }

    fn fill(&self, pen: &mut Pen, theme: &Theme, role: Role) {
        if pen.fill != Some(role) {
            self.context.set_fill(theme.colour(role));
            pen.fill = Some(role);
        }
    }

    fn stroke(&self, pen: &mut Pen, theme: &Theme, role: Role, width: f32) {
        if pen.stroke != Some(role) {
            self.context.set_stroke(theme.colour(role));
            pen.stroke = Some(role);
        }
        if (pen.width - width).abs() > f32::EPSILON {
            self.context.set_line_width(f64::from(width));
            pen.width = width;
        }
    }

    fn dash(&self, pen: &mut Pen, dash: Dash) {
        if pen.dash == dash {
            return;
        }
        pen.dash = dash;
        let lengths: &[f64] = match dash {
            Dash::Solid => &[],
            Dash::Dashed => &[3.0, 4.0],
            Dash::Fine => &[3.0, 2.0],
        };
        let array: js_sys::Array = lengths.iter().copied().map(JsValue::from_f64).collect();
        let _ = self.context.set_line_dash(&array);
    }

    fn text_style(&self, pen: &mut Pen, theme: &Theme, style: Style, align: Align) {
        if pen.font != Some(style) {
            self.context.set_font(&theme.font(style));
            pen.font = Some(style);
        }
        if pen.align != Some(align) {
            self.context.set_text_align(match align {
                Align::Start => "left",
                Align::Middle => "center",
                Align::End => "right",
            });
            pen.align = Some(align);
        }
    }
}

fn floats(rect: Rect) -> [f64; 4] {
    [rect.x, rect.y, rect.w, rect.h].map(f64::from)
}

/// A hairline that runs along an axis is moved onto the middle of its pixels; anything else stays where it is.
fn crisp(points: &[(f32, f32)], i: usize, (x, y): (f32, f32), width: f32) -> (f64, f64) {
    let odd = (width - 1.0).abs() < 0.6 || (width - 3.0).abs() < 0.1;
    if !odd {
        return (f64::from(x), f64::from(y));
    }
    let along = |pick: fn(&(f32, f32)) -> f32, value: f32| {
        let near = |other: Option<&(f32, f32)>| other.is_some_and(|it| (pick(it) - value).abs() < 0.01);
        near(i.checked_sub(1).and_then(|at| points.get(at))) || near(points.get(i + 1))
    };
    let snap = |value: f32| f64::from(value.floor() + 0.5);
    let snapped_x = if along(|it| it.0, x) {
        snap(x)
    } else {
        f64::from(x)
    };
    let snapped_y = if along(|it| it.1, y) {
        snap(y)
    } else {
        f64::from(y)
    };
    (snapped_x, snapped_y)
}
