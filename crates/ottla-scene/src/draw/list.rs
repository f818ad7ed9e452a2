//! The draw list: rectangles, lines, shapes and text in layers, with roles instead of colours.

use super::text::{Align, Style};

/// What a colour means. Both themes define each of them once (`tokens.css`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The canvas.
    Bg,
    /// Panels, and cells that wait.
    Raise,
    /// Header bytes, wells.
    Sunk,
    /// Separators. Carries no meaning.
    Hair,
    /// Frames, pipes, routes.
    Line,
    /// Text, selection, the leader's shelf.
    Ink,
    /// Secondary text.
    Ink2,
    /// Labels of things at rest.
    Ink3,
    /// Killed, cut or lost, and nothing else.
    Alarm,
    /// A key's hue, 1 to 8; 0 is no key.
    Key(u8),
    /// A letter on that hue.
    OnKey(u8),
    /// A follower's copy in that hue.
    Tint(u8),
}

/// A rectangle in CSS pixels of the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left.
    pub x: f32,
    /// Top.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Rect {
    /// A rectangle from its left top corner.
    pub fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// A square around its middle.
    pub fn around(x: f32, y: f32, side: f32) -> Self {
        Self::new(x - side / 2.0, y - side / 2.0, side, side)
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// Whether the point is inside.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }

    /// Larger by `by` on every side (smaller when negative).
    pub fn grow(&self, by: f32) -> Self {
        Self::new(self.x - by, self.y - by, self.w + 2.0 * by, self.h + 2.0 * by)
    }
}

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Nobody answers there, or not in the in-sync set.
    Dashed,
    /// Finer, for the outline of what is gone.
    Fine,
}

/// One thing to paint.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Fill(Rect, Role),
    /// A rectangle's outline, `width` wide and centred on its edge.
    Frame(Rect, Role, f32, Dash),
    /// Diagonal lines over a ground.
    Hatch {
        /// Where.
        rect: Rect,
        /// The lines.
        lines: Role,
        /// Between the lines.
        ground: Role,
    },
    /// A line through points.
    Line(Vec<(f32, f32)>, Role, f32, Dash),
    /// A filled polygon.
    Shape(Vec<(f32, f32)>, Role),
    /// A circle with an outline.
    Circle {
        /// Centre.
        at: (f32, f32),
        /// Radius.
        r: f32,
        /// Inside.
        fill: Role,
        /// Outline.
        line: Role,
        /// Its width.
        width: f32,
    },
    /// A deadline: the filled part is time that is gone.
    Pie {
        /// Centre.
        at: (f32, f32),
        /// Radius.
        r: f32,
        /// From 0 to 1.
        part: f32,
    },
    /// Text on a baseline.
    Text {
        /// Where, at the baseline.
        at: (f32, f32),
        /// The text.
        text: String,
        /// Its style.
        style: Style,
        /// Which end `at` is.
        align: Align,
        /// Its colour.
        role: Role,
        /// A rim around the letters, where they stand on a hatch.
        rim: Option<Role>,
    },
}

/// What lies over what. Within a layer nothing overlaps, or order matters and is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Hairlines, shelves, pipes, roads.
    Ground,
    /// Boxes that hold marks.
    Box,
    /// Marks: records.
    Mark,
    /// Letters and labels.
    Glyph,
    /// Selection and what must be seen over everything.
    Over,
}

/// All layers, bottom first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawList {
    layers: [Vec<Item>; 5],
}

impl DrawList {
    /// Adds an item to a layer.
    pub fn put(&mut self, layer: Layer, item: Item) {
        self.layers[layer as usize].push(item);
    }

    /// Adds a line.
    pub fn line(&mut self, layer: Layer, points: &[(f32, f32)], role: Role, width: f32) {
        self.put(layer, Item::Line(points.to_vec(), role, width, Dash::Solid));
    }

    /// Adds a dashed line.
    pub fn dashed(&mut self, layer: Layer, points: &[(f32, f32)], role: Role, width: f32) {
        self.put(layer, Item::Line(points.to_vec(), role, width, Dash::Dashed));
    }

    /// Adds text.
    pub fn text(&mut self, at: (f32, f32), text: impl Into<String>, style: Style, align: Align, role: Role) {
        self.put(
            Layer::Glyph,
            Item::Text {
                at,
                text: text.into(),
                style,
                align,
                role,
                rim: None,
            },
        );
    }

    /// Two strokes that cross: killed, cut.
    pub fn cross(&mut self, x: f32, y: f32, half: f32, role: Role) {
        let (l, r, t, b) = (x - half, x + half, y - half, y + half);
        self.line(Layer::Over, &[(l, t), (r, b)], role, 2.5);
        self.line(Layer::Over, &[(l, b), (r, t)], role, 2.5);
    }

    /// An arrow head whose tip is at `(x, y)`; `to` is the direction as a unit step.
    pub fn arrow(&mut self, layer: Layer, (x, y): (f32, f32), to: (f32, f32), role: Role, width: f32) {
        let (bx, by) = (x - 5.0 * to.0, y - 5.0 * to.1);
        let (sx, sy) = (4.0 * to.1, 4.0 * to.0);
        self.line(
            layer,
            &[(bx + sx, by + sy), (x, y), (bx - sx, by - sy)],
            role,
            width,
        );
    }

    /// A leader's crown, its left foot at `(x, y)`.
    pub fn crown(&mut self, x: f32, y: f32, role: Role) {
        let points = [
            (0.0, 0.0),
            (0.0, -8.0),
            (3.2, -4.8),
            (5.5, -9.0),
            (7.8, -4.8),
            (11.0, -8.0),
            (11.0, 0.0),
        ];
        let shape = points.map(|(dx, dy)| (x + dx, y + dy)).to_vec();
        self.put(Layer::Glyph, Item::Shape(shape, role));
    }

    /// Everything, bottom first.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.layers.iter().flatten()
    }

    /// Every text, bottom first: what a test or a search can read.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().filter_map(|item| match item {
            Item::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}
