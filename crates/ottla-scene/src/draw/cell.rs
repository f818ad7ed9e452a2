//! One record. State is shape and outline; hue is the key, and the letter says it again.

use super::{
    list::{Dash, DrawList, Item, Layer, Rect, Role},
    text::{Align, Style},
};

/// How a record is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellState {
    /// Outline: it waits.
    Waiting,
    /// Solid: in flight, or in the leader's log.
    Solid,
    /// Tint and folded corner: the application was told OK.
    ToldOk,
    /// Tint: a follower's copy.
    Follower,
    /// Hatch: it will be sent again.
    Retry,
    /// Grey outline: on a dead broker.
    Dead,
    /// Hollow red dashes: lost though told OK.
    Ghost,
    /// Grey outline and a stroke through it: failed, and the application was told so.
    Failed,
    /// A question mark: it may be in the log, and nobody will say.
    Unknown,
    /// Double outline: once more in the log.
    Duplicate,
    /// Crossed strokes: in the log before one that was sent earlier.
    OutOfOrder,
    /// Hatched grey: nobody who may be asked can see it.
    Hidden,
}

/// How the chosen record is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ring {
    /// Not chosen.
    #[default]
    None,
    /// Inside a batch there is no room to stand off.
    Tight,
    /// Elsewhere.
    Wide,
}

/// Below this width a letter would be noise.
pub(crate) const LETTER_ROOM: f32 = 9.0;
/// The same for its height.
const LETTER_HEIGHT: f32 = 12.0;

/// Draws a record into `rect`: hue 0 is no key.
pub fn cell(list: &mut DrawList, rect: Rect, letter: &str, hue: u8, state: CellState, ring: Ring) {
    let key = Role::Key(hue);
    let mut ink = Role::Ink;
    let mut rim = None;
    match state {
        CellState::Waiting => framed(list, rect, Role::Raise, key, Dash::Solid),
        CellState::Solid => {
            list.put(Layer::Mark, Item::Fill(rect, key));
            ink = Role::OnKey(hue);
        }
        CellState::Duplicate | CellState::OutOfOrder => {
            list.put(Layer::Mark, Item::Fill(rect, key));
            ink = Role::OnKey(hue);
            extraordinary(list, rect, state);
        }
        CellState::Follower | CellState::ToldOk => {
            list.put(Layer::Mark, Item::Fill(rect, Role::Tint(hue)));
            if state == CellState::ToldOk {
                let fold = 7.0_f32.min(rect.w / 2.0);
                let (r, t) = (rect.right(), rect.y);
                let corner = vec![(r - fold, t), (r, t), (r, t + fold)];
                list.put(Layer::Mark, Item::Shape(corner, key));
            }
        }
        CellState::Retry => {
            let hatch = Item::Hatch {
                rect,
                lines: key,
                ground: Role::Raise,
            };
            list.put(Layer::Mark, hatch);
            outline(list, rect, key, 1.5, Dash::Solid);
            rim = Some(Role::Raise);
        }
        CellState::Dead | CellState::Unknown => {
            outline(list, rect, Role::Line, 1.0, Dash::Solid);
            ink = Role::Ink3;
        }
        CellState::Failed => {
            outline(list, rect, Role::Line, 1.0, Dash::Solid);
            let stroke = [
                (rect.x + 1.0, rect.bottom() - 1.0),
                (rect.right() - 1.0, rect.y + 1.0),
            ];
            list.line(Layer::Mark, &stroke, Role::Line, 1.0);
            ink = Role::Ink3;
            rim = Some(Role::Bg);
        }
        CellState::Ghost => {
            framed(list, rect, Role::Bg, Role::Alarm, Dash::Fine);
            ink = Role::Alarm;
        }
        CellState::Hidden => {
            let hatch = Item::Hatch {
                rect,
                lines: Role::Line,
                ground: Role::Bg,
            };
            list.put(Layer::Mark, hatch);
        }
    }
    let letter = if state == CellState::Unknown { "?" } else { letter };
    if rect.w >= LETTER_ROOM && rect.h >= LETTER_HEIGHT && state != CellState::Hidden {
        glyph(list, rect, letter, ink, rim);
    }
    mark(list, rect, ring);
}

/// Draws the ring of the chosen record.
fn mark(list: &mut DrawList, rect: Rect, ring: Ring) {
    match ring {
        Ring::None => {}
        Ring::Tight => list.put(
            Layer::Over,
            Item::Frame(rect.grow(1.5), Role::Ink, 2.0, Dash::Solid),
        ),
        Ring::Wide => {
            let around = rect.grow(2.5);
            list.put(Layer::Over, Item::Frame(around, Role::Bg, 4.0, Dash::Solid));
            list.put(Layer::Over, Item::Frame(around, Role::Ink, 2.0, Dash::Solid));
        }
    }
}

fn glyph(list: &mut DrawList, rect: Rect, letter: &str, ink: Role, rim: Option<Role>) {
    let large = rect.h >= 22.0;
    let style = if large { Style::HEAD } else { Style::LETTER };
    let drop = if large { 5.0 } else { 4.0 };
    list.put(
        Layer::Glyph,
        Item::Text {
            at: (rect.x + rect.w / 2.0, rect.y + rect.h / 2.0 + drop),
            text: letter.to_owned(),
            style,
            align: Align::Middle,
            role: ink,
            rim,
        },
    );
}

fn framed(list: &mut DrawList, rect: Rect, inside: Role, line: Role, dash: Dash) {
    list.put(Layer::Mark, Item::Fill(rect, inside));
    outline(list, rect, line, 1.5, dash);
}

/// An outline that stays inside the rectangle.
fn outline(list: &mut DrawList, rect: Rect, line: Role, width: f32, dash: Dash) {
    list.put(
        Layer::Mark,
        Item::Frame(rect.grow(-width / 2.0), line, width, dash),
    );
}

fn extraordinary(list: &mut DrawList, rect: Rect, state: CellState) {
    if state == CellState::Duplicate {
        list.put(
            Layer::Glyph,
            Item::Frame(rect.grow(2.0), Role::Ink, 1.5, Dash::Solid),
        );
        return;
    }
    let (l, b) = (rect.x - 4.0, rect.bottom() + 2.0);
    list.line(Layer::Glyph, &[(l, b), (l + 7.0, b + 5.0)], Role::Ink, 1.5);
    list.line(Layer::Glyph, &[(l, b + 5.0), (l + 7.0, b)], Role::Ink, 1.5);
}
