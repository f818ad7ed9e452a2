//! Painting a draw list on a canvas, straight through web-sys.

mod canvas;
mod measure;
mod theme;

pub(crate) use canvas::Surface;
pub(crate) use measure::Ruler;
pub(crate) use theme::Theme;
