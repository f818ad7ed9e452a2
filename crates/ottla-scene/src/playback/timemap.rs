//! Time to place on the timeline, with idle stretches cut out.

/// A stretch of time that is not drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Where it begins.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// Left edge of its zigzag.
    pub x0: f32,
    /// Right edge.
    pub x1: f32,
}

/// A piece of the axis without cuts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    from: u64,
    to: u64,
    x0: f32,
    x1: f32,
}

/// Time to place, and back.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeMap {
    pieces: Vec<Piece>,
}

/// A gap is cut out when it takes more than this part of what is left of the axis.
const TOO_MUCH: f64 = 0.2;
/// Shorter gaps (microseconds) are part of the story, however little else there is: a linger, a backoff.
pub(crate) const SHORTEST_CUT: u64 = 50_000;
/// At most so many zigzags; more would be a pattern, not a message.
const MOST_CUTS: usize = 6;

impl TimeMap {
    /// An axis from `start` to `end` between `x0` and `x1`; `silences` are the longer stretches of it in which nothing
    /// happens, and `zigzag` is the width of a cut.
    pub fn new(
        silences: impl Iterator<Item = (u64, u64)>,
        (start, end): (u64, u64),
        (x0, x1): (f32, f32),
        zigzag: f32,
    ) -> Self {
        let end = end.max(start + 1);
        let cuts = choose(silences, end - start);
        let cut_time: u64 = cuts.iter().map(|(a, b)| b - a).sum();
        let drawn = (end - start).saturating_sub(cut_time).max(1) as f64;
        let room = f64::from(x1 - x0) - f64::from(zigzag) * cuts.len() as f64;
        let per = room.max(1.0) / drawn;
        let mut pieces = Vec::with_capacity(cuts.len() + 1);
        let (mut t, mut x) = (start, f64::from(x0));
        for (from, to) in cuts.into_iter().chain([(end, end)]) {
            let right = x + (from - t) as f64 * per;
            pieces.push(Piece {
                from: t,
                to: from,
                x0: x as f32,
                x1: right as f32,
            });
            (t, x) = (to, right + f64::from(zigzag));
        }
        Self { pieces }
    }

    /// Where `t` is. Times inside a cut are at the middle of its zigzag.
    pub fn x(&self, t: u64) -> f32 {
        let mut left = None::<&Piece>;
        for piece in &self.pieces {
            if t < piece.from {
                return left.map_or(piece.x0, |left| f32::midpoint(left.x1, piece.x0));
            }
            if t <= piece.to {
                let part = (t - piece.from) as f64 / (piece.to - piece.from).max(1) as f64;
                return piece.x0 + (part * f64::from(piece.x1 - piece.x0)) as f32;
            }
            left = Some(piece);
        }
        left.map_or(0.0, |left| left.x1)
    }

    /// The time at `x`. In a zigzag it is the end of the cut.
    pub fn t(&self, x: f32) -> u64 {
        for piece in &self.pieces {
            if x <= piece.x1 {
                let part = f64::from((x - piece.x0).max(0.0)) / f64::from((piece.x1 - piece.x0).max(0.01));
                return piece.from + (part * (piece.to - piece.from) as f64) as u64;
            }
        }
        self.pieces.last().map_or(0, |last| last.to)
    }

    /// The drawn stretches: from, to, and their places.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, u64, f32, f32)> + '_ {
        self.pieces.iter().map(|p| (p.from, p.to, p.x0, p.x1))
    }

    /// The stretches that are not drawn.
    pub fn cuts(&self) -> impl Iterator<Item = Cut> + '_ {
        self.pieces.windows(2).map(|pair| Cut {
            from: pair[0].to,
            to: pair[1].from,
            x0: pair[0].x1,
            x1: pair[1].x0,
        })
    }

    /// Whether a time is drawn, and not in a cut.
    pub fn shows(&self, t: u64) -> bool {
        self.pieces.iter().any(|p| (p.from..=p.to).contains(&t))
    }
}

/// The longest silences, as long as each of them takes too much of what is left; a little is kept at both sides.
fn choose(silences: impl Iterator<Item = (u64, u64)>, whole: u64) -> Vec<(u64, u64)> {
    let length = |(a, b): &(u64, u64)| b - a;
    let mut longest: Vec<(u64, u64)> = Vec::with_capacity(MOST_CUTS + 1);
    for silence in silences {
        // A run of hours has thousands of them: they are looked at once, and never sorted.
        let place = longest.partition_point(|it| length(it) >= length(&silence));
        if place < MOST_CUTS {
            longest.insert(place, silence);
            longest.truncate(MOST_CUTS);
        }
    }
    let mut left = whole;
    let mut cuts = Vec::new();
    for (a, b) in longest {
        let gap = b - a;
        if (gap as f64) < TOO_MUCH * left as f64 {
            break;
        }
        // What stays visible beside a zigzag: a sliver of the gap, never more than a few milliseconds.
        let pad = (gap / 20).min(4_000);
        cuts.push((a + pad, b - pad));
        left -= gap - 2 * pad;
    }
    ottla_sorted::sort(&mut cuts);
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The silences between moments, and before and behind them.
    fn silences(moments: &[u64], (start, end): (u64, u64)) -> impl Iterator<Item = (u64, u64)> {
        let all: Vec<u64> = [start]
            .into_iter()
            .chain(moments.iter().copied())
            .chain([end])
            .collect();
        let pairs: Vec<_> = all.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().filter(|(a, b)| *b > *a + SHORTEST_CUT)
    }

    #[test]
    fn the_long_silences_are_cut_and_the_rest_is_linear() {
        let mut moments: Vec<u64> = (0..20).map(|i| 1_000_000 + i * 15_000).collect();
        moments.extend((0..5).map(|i| 10_200_000 + i * 20_000));
        let map = TimeMap::new(
            silences(&moments, (0, 10_300_000)),
            (0, 10_300_000),
            (100.0, 1100.0),
            40.0,
        );
        assert_eq!(map.cuts().count(), 2);
        let (a, b, c) = (map.x(1_000_000), map.x(1_010_000), map.x(1_020_000));
        assert!((b - a - (c - b)).abs() < 0.01);
        assert!(map.x(10_300_000) <= 1100.01);
        assert!(!map.shows(5_000_000));
    }

    #[test]
    fn place_and_time_are_inverse_where_time_is_drawn() {
        let moments = [0, 5_000, 9_000, 4_000_000, 4_010_000];
        let map = TimeMap::new(
            silences(&moments, (0, 4_010_000)),
            (0, 4_010_000),
            (0.0, 900.0),
            30.0,
        );
        for t in [0, 2_500, 9_000, 4_000_000, 4_007_000] {
            assert!(map.t(map.x(t)).abs_diff(t) < 50, "{t}: {}", map.t(map.x(t)));
        }
        assert_eq!(map.t(-50.0), 0);
        assert_eq!(map.t(5_000.0), 4_010_000);
    }

    #[test]
    fn an_empty_run_has_an_axis_too() {
        let map = TimeMap::new(std::iter::empty(), (0, 0), (10.0, 20.0), 5.0);
        assert_eq!(map.x(0), 10.0);
        assert_eq!(map.cuts().count(), 0);
    }
}
