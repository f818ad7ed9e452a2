//! Runs of the same thing: machines are noisy, so the median counts and the spread is shown.

use crate::failure::{Failure, Result};

/// Slowest over fastest above which a figure is marked.
const NOISY: f64 = 1.25;

/// What several runs of one thing gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// One figure of each round, in their order; empty when the thing has no such figure at all. A round without its
    /// figure fails: whatever is compared round by round would meet the wrong round.
    pub(crate) fn of_rounds(
        what: &str,
        rounds: usize,
        figures: impl IntoIterator<Item = Option<f64>>,
    ) -> Result<Self> {
        let figures: Vec<Option<f64>> = figures.into_iter().collect();
        let found = Self(figures.iter().flatten().copied().collect());
        if figures.len() == rounds && (found.0.len() == rounds || found.is_empty()) {
            return Ok(found);
        }
        let found = found.0.len();
        Err(Failure::step(format!(
            "{what}: {found} figures in {rounds} rounds, nothing is compared; run the bench again"
        )))
    }

    /// As [`Series::of_rounds`], of what always has a figure; `said` is where it was looked for.
    pub(crate) fn of_all_rounds(
        what: &str,
        rounds: usize,
        figures: impl IntoIterator<Item = Option<f64>>,
        said: &str,
    ) -> Result<Self> {
        let series = Self::of_rounds(what, rounds, figures)?;
        if series.is_empty() {
            return Err(Failure::step(format!("no figure for {what} in:\n{said}")));
        }
        Ok(series)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` without runs.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            1 => Some(sorted[middle]),
            _ => sorted.get(middle).map(|upper| (upper + sorted[middle - 1]) / 2.0),
        }
    }

    pub(crate) fn least(&self) -> Option<f64> {
        self.0.iter().copied().min_by(f64::total_cmp)
    }

    pub(crate) fn most(&self) -> Option<f64> {
        self.0.iter().copied().max_by(f64::total_cmp)
    }

    /// Run by run: what ran in the same round met the same noise.
    pub(crate) fn over(&self, other: &Self) -> Result<Self> {
        if self.0.len() != other.0.len() {
            return Err(Failure::step(format!(
                "{} figures are compared with {}: a round lost one; run the bench again",
                self.0.len(),
                other.0.len()
            )));
        }
        let pairs = self.0.iter().zip(&other.0);
        Ok(pairs.map(|(ours, theirs)| ours / theirs).collect())
    }

    pub(crate) fn is_noisy(&self) -> bool {
        let (Some(fastest), Some(slowest)) = (self.least(), self.most()) else {
            return false;
        };
        slowest > fastest * NOISY
    }

    /// The median and, where runs differ much, their range.
    pub(crate) fn shown(&self, digits: impl Fn(f64) -> String) -> String {
        let (Some(median), Some(low), Some(high)) = (self.median(), self.least(), self.most()) else {
            return "-".to_owned();
        };
        if self.is_noisy() {
            format!("~{} ({}..{})", digits(median), digits(low), digits(high))
        } else {
            digits(median)
        }
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Three significant digits, so that a table shows no noise as figures.
pub(crate) fn plain(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Series, plain};

    fn series(values: &[f64]) -> Series {
        values.iter().copied().collect()
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(series(&[]).median(), None);
        assert_eq!(series(&[3.0, 1.0, 100.0]).median(), Some(3.0));
        assert_eq!(series(&[4.0, 1.0, 2.0, 100.0]).median(), Some(3.0));
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let (ours, theirs) = (series(&[1.0, 2.0, 30.0]), series(&[2.0, 4.0, 60.0]));
        assert_eq!(ours.over(&theirs).unwrap(), series(&[0.5, 0.5, 0.5]));
    }

    #[test]
    fn a_lost_figure_is_an_error_and_not_another_pairing() {
        let lost = [Some(1.0), None, Some(3.0)];
        let message = Series::of_rounds("bridge", 3, lost).unwrap_err();
        assert!(
            message.message().contains("bridge: 2 figures in 3 rounds"),
            "{message:?}"
        );
        assert!(Series::of_rounds("bridge", 3, [Some(1.0), Some(2.0)]).is_err());
        assert!(
            Series::of_rounds("bridge", 3, []).is_err(),
            "a round that left no line"
        );
        assert!(series(&[1.0, 3.0]).over(&series(&[1.0, 2.0, 3.0])).is_err());
    }

    #[test]
    fn what_has_no_such_figure_has_none_in_any_round() {
        assert_eq!(Series::of_rounds("cpu", 2, [None, None]).unwrap(), series(&[]));
        assert!(Series::of_all_rounds("cpu", 2, [None, None], "log").is_err());
        let all = Series::of_all_rounds("cpu", 2, [Some(1.0), Some(2.0)], "log");
        assert_eq!(all.unwrap(), series(&[1.0, 2.0]));
    }

    #[test]
    fn the_ends_are_known() {
        let ends = |values| (series(values).least(), series(values).most());
        assert_eq!(ends(&[2.0, 3.0, 1.0]), (Some(1.0), Some(3.0)));
        assert_eq!(ends(&[]), (None, None));
    }

    #[test]
    fn a_wide_spread_is_shown() {
        assert_eq!(series(&[10.0, 11.0, 12.0]).shown(plain), "11.0");
        assert_eq!(series(&[10.0, 11.0, 20.0]).shown(plain), "~11.0 (10.0..20.0)");
        assert_eq!(series(&[]).shown(plain), "-");
    }
}
