//! The legend: only states that are on the stage.

use super::{Geometry, Picture, View, hue, letter};
use crate::{
    draw::{Align, CellState, Layer, Rect, Ring, Role, Style, cell},
    words::Word,
};

/// The word of a state.
pub(crate) fn word(state: CellState) -> Word {
    match state {
        CellState::Waiting => Word::LWaiting,
        CellState::Solid => Word::LSolid,
        CellState::ToldOk => Word::LToldOk,
        CellState::Follower => Word::LFollower,
        CellState::Retry => Word::LRetry,
        CellState::Dead => Word::LDead,
        CellState::Ghost => Word::LGhost,
        CellState::Failed => Word::LFailed,
        CellState::Unknown => Word::LUnknown,
        CellState::Duplicate => Word::LDuplicate,
        CellState::OutOfOrder => Word::LOutOfOrder,
        CellState::Hidden => Word::LHidden,
    }
}

/// Side of a sample.
const SAMPLE: f32 = 16.0;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let shown: Vec<CellState> = picture.shown.iter().copied().collect();
    // A sample looks like a record of this run: another hue would be a key that nobody sent.
    let key = view.state.keys.first_key_value();
    let letter = letter(key.map(|(_, text)| text.as_str()));
    let hue = hue(key.map(|(id, _)| *id));
    let mut x = geometry.app.0;
    let y = geometry.legend;
    for state in shown {
        let text = view.lang.word(word(state));
        let width = SAMPLE + 8.0 + view.width_of(text, Style::LABEL);
        if x + width > view.width - 24.0 {
            return;
        }
        let rect = Rect::new(x, y - 12.0, SAMPLE, SAMPLE);
        cell(&mut picture.list, rect, &letter, hue, state, Ring::None);
        picture.list.text(
            (x + SAMPLE + 8.0, y),
            text,
            Style::LABEL,
            Align::Start,
            Role::Ink2,
        );
        x += width + 24.0;
    }
    let text = view.lang.word(Word::LHw);
    if picture.watermark && x + 14.0 + view.width_of(text, Style::LABEL) < view.width - 24.0 {
        picture.list.line(
            Layer::Glyph,
            &[(x + 5.0, y - 12.0), (x + 5.0, y + 4.0)],
            Role::Ink,
            1.5,
        );
        picture
            .list
            .text((x + 16.0, y), text, Style::LABEL, Align::Start, Role::Ink2);
    }
}
