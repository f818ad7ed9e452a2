//! What a producer was told of its records, held against what the log has.

use std::collections::HashMap;
use std::fmt;

/// What the producer was told of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing so far.
    #[default]
    Nothing,
    /// It is at this offset of this partition; -1 when the broker did not say where.
    Acked(i32, i64),
    /// It could not be delivered.
    Failed(String),
}

/// Key and value of the record with this number, which [`compare`] finds in the value. Records of a key are those
/// whose numbers leave the same remainder; `padding` bytes make the value longer.
pub fn record(number: usize, keys: usize, padding: usize) -> (String, String) {
    let key = format!("k{}", number % keys);
    let value = format!("{key} {number} {}", "x".repeat(padding));
    (key, value)
}

/// What is wrong with a log. [`Found::default`] is a log that is right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Acknowledged, and not there.
    pub lost: usize,
    /// Copies beyond the first.
    pub repeated: usize,
    /// Records behind a later one of their key.
    pub out_of_order: usize,
    /// Acknowledged at a place where another record is.
    pub elsewhere: usize,
    /// There, although the producer was told that they are not.
    pub failed_but_there: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lost, {} repeated, {} out of order, {} elsewhere than acknowledged",
            self.lost, self.repeated, self.out_of_order, self.elsewhere
        )
    }
}

/// Holds what was told of each record, by number, against the values of each partition in the order of their offsets,
/// which count from 0.
///
/// # Panics
/// When the log has a value that nobody sent.
#[track_caller]
pub fn compare(told: &[Told], logs: &[Vec<String>]) -> Found {
    let mut found = Found::default();
    let mut copies = vec![0_usize; told.len()];
    let mut in_place = vec![false; told.len()];
    let mut last_of: HashMap<&str, usize> = HashMap::new();
    for (partition, log) in logs.iter().enumerate() {
        for (offset, value) in log.iter().enumerate() {
            let (key, number) = parse(value).unwrap_or_else(|| panic!("nobody sent {value:?}"));
            assert!(number < told.len(), "nobody sent {value:?}");
            copies[number] += 1;
            let last = last_of.entry(key).or_insert(number);
            found.out_of_order += usize::from(*last > number);
            *last = number.max(*last);
            in_place[number] |= told[number] == Told::Acked(partition as i32, offset as i64);
        }
    }
    for ((told, copies), in_place) in told.iter().zip(&copies).zip(in_place) {
        found.repeated += copies.saturating_sub(1);
        match told {
            Told::Acked(_, offset) => {
                found.lost += usize::from(*copies == 0);
                found.elsewhere += usize::from(*copies > 0 && *offset >= 0 && !in_place);
            }
            Told::Failed(_) => found.failed_but_there += usize::from(*copies > 0),
            Told::Nothing => {}
        }
    }
    found
}

fn parse(value: &str) -> Option<(&str, usize)> {
    let (key, rest) = value.split_once(' ')?;
    let (number, _) = rest.split_once(' ')?;
    Some((key, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Found, Told, compare, record};

    /// One key, one partition: the numbers of the records in the order of the log.
    fn log(numbers: &[usize]) -> Vec<Vec<String>> {
        vec![numbers.iter().map(|number| record(*number, 1, 9).1).collect()]
    }

    fn acked(offsets: &[i64]) -> Vec<Told> {
        offsets.iter().map(|offset| Told::Acked(0, *offset)).collect()
    }

    #[test]
    fn a_good_log_has_nothing_wrong() {
        assert_eq!(compare(&acked(&[0, 1, 2]), &log(&[0, 1, 2])), Found::default());
        let unsaid = [Told::Acked(0, 0), Told::Acked(0, -1), Told::Nothing];
        assert_eq!(
            compare(&unsaid, &log(&[0, 1])),
            Found::default(),
            "an offset that was not told"
        );
    }

    #[test]
    fn every_wrong_is_seen() {
        let lost = Found {
            lost: 1,
            ..Found::default()
        };
        assert_eq!(compare(&acked(&[0, 1, 2]), &log(&[0, 1])), lost);
        let repeated = Found {
            repeated: 2,
            ..Found::default()
        };
        assert_eq!(compare(&acked(&[0, 3]), &log(&[0, 0, 0, 1])), repeated);
        let again_later = Found {
            repeated: 1,
            out_of_order: 1,
            ..Found::default()
        };
        assert_eq!(compare(&acked(&[0, 1]), &log(&[0, 1, 0])), again_later);
        let swapped = Found {
            out_of_order: 1,
            ..Found::default()
        };
        assert_eq!(compare(&acked(&[1, 0]), &log(&[1, 0])), swapped);
        let elsewhere = Found {
            elsewhere: 2,
            ..Found::default()
        };
        assert_eq!(compare(&acked(&[1, 0]), &log(&[0, 1])), elsewhere);
        let told = [Told::Acked(0, 0), Told::Failed("NETWORK_EXCEPTION".to_owned())];
        let there = Found {
            failed_but_there: 1,
            ..Found::default()
        };
        assert_eq!(compare(&told, &log(&[0, 1])), there);
    }

    #[test]
    #[should_panic(expected = "nobody sent")]
    fn a_record_that_nobody_sent_is_no_good_log() {
        compare(&acked(&[0]), &log(&[0, 1]));
    }
}
