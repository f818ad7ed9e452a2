//! What a client without metadata has: no queues, no connections, no brokers. The stations say so, and until when.

use super::{Geometry, Picture, View};
use crate::{
    draw::{Align, Layer, Role, Style},
    words::Word,
};

/// Places that are drawn although nobody knows how many there are.
const PLACES: usize = 3;
/// From one place to the next, at most.
const PITCH: f32 = 176.0;

pub(super) fn paint(view: &View<'_>, geometry: &Geometry, picture: &mut Picture) {
    let stations = [
        (
            geometry.lanes.is_empty(),
            geometry.queues,
            17.0,
            Word::NoQueuesYet,
        ),
        (
            geometry.bands.is_empty(),
            geometry.wire,
            13.0,
            Word::OpensWhenNeeded,
        ),
        (
            geometry.bands.is_empty(),
            geometry.cluster,
            17.0,
            Word::NoBrokersYet,
        ),
    ];
    let pitch = ((geometry.memory - geometry.head) / PLACES as f32 - 16.0).min(PITCH);
    for (_, (x0, x1), half, word) in stations.into_iter().filter(|(blank, ..)| *blank) {
        for place in 0..PLACES {
            let y = geometry.road + (place as f32 - 1.0) * pitch;
            for edge in [y - half, y + half] {
                picture
                    .list
                    .dashed(Layer::Ground, &[(x0, edge), (x1, edge)], Role::Line, 1.0);
            }
        }
        let text = view.measure.fit(view.lang.word(word), Style::LABEL, x1 - x0);
        let at = (x0, geometry.road - pitch - half - 10.0);
        picture
            .list
            .text(at, text, Style::LABEL, Align::Start, Role::Ink2);
    }
}
