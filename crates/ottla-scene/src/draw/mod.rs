//! What is drawn, as plain data: a painter only has to know what a role looks like.

mod cell;
mod list;
mod text;

pub(crate) use cell::LETTER_ROOM;
pub use cell::{CellState, Ring, cell};
pub use list::{Dash, DrawList, Item, Layer, Rect, Role};
pub use text::{Align, Approximate, Measure, Size, Style};
