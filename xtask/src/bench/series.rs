//! Runs of the same thing: machines are noisy, so the median counts and the spread is shown.

/// Slowest over fastest above which a figure is marked.
const NOISY: f64 = 1.25;

/// What several runs of one thing gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series(Vec<f64>);

impl Series {
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

    /// Run by run: what ran in the same round met the same noise.
    pub(crate) fn over(&self, other: &Self) -> Self {
        Self(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(ours, theirs)| ours / theirs)
                .collect(),
        )
    }

    pub(crate) fn is_noisy(&self) -> bool {
        let slowest = self.0.iter().copied().fold(f64::MIN, f64::max);
        let fastest = self.0.iter().copied().fold(f64::MAX, f64::min);
        slowest > fastest * NOISY
    }

    /// The median and, where runs differ much, their range.
    pub(crate) fn shown(&self, digits: impl Fn(f64) -> String) -> String {
        let Some(median) = self.median() else {
            return "-".to_owned();
        };
        let (low, high) = self.0.iter().fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
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
        assert_eq!(ours.over(&theirs), series(&[0.5, 0.5, 0.5]));
    }

    #[test]
    fn a_wide_spread_is_shown() {
        assert_eq!(series(&[10.0, 11.0, 12.0]).shown(plain), "11.0");
        assert_eq!(series(&[10.0, 11.0, 20.0]).shown(plain), "~11.0 (10.0..20.0)");
        assert_eq!(series(&[]).shown(plain), "-");
    }
}
