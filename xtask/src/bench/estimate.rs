//! How long a bench takes, so that nobody wonders whether it hangs.

/// Seconds on two cores with everything built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Takes {
    /// Whatever the rounds: starting servers.
    pub(crate) once: usize,
    /// For each round of all peers.
    pub(crate) round: usize,
}

impl Takes {
    pub(crate) fn seconds(self, rounds: usize) -> usize {
        self.once.saturating_add(self.round.saturating_mul(rounds))
    }
}

/// Seconds in words: no estimate is better than to ten seconds.
pub(crate) fn shown(seconds: usize) -> String {
    match seconds {
        0..100 => format!("{} s", seconds.div_ceil(10) * 10),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Takes, shown};

    #[test]
    fn rounds_take_their_time_and_the_rest_takes_its_own_once() {
        let takes = Takes { once: 20, round: 7 };
        assert_eq!((takes.seconds(1), takes.seconds(10)), (27, 90));
        assert_eq!(takes.seconds(usize::MAX), usize::MAX);
    }

    #[test]
    fn estimates_are_rounded_up() {
        assert_eq!(
            [21, 90, 99, 100, 121].map(shown),
            ["30 s", "90 s", "100 s", "2 min", "3 min"]
        );
    }
}
