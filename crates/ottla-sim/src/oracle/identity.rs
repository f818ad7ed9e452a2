//! Which record a record in a log is.
//!
//! By content and time. Records that agree in everything are told apart by nobody, so they are counted in the order in
//! which they were sent; what exceeds their number is a duplicate of the last.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
};

use ottla_core::Record;

/// Content, and the producer's timestamp if the log keeps it.
type Identity = (u128, Option<i64>);

#[derive(Clone, Debug, Default)]
struct Candidates {
    ids: Vec<u64>,
    /// Every one before this place was seen in a log.
    unseen_from: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    candidates: BTreeMap<Identity, Candidates>,
    /// Counts the truncations: what was seen before one may have to be seen again.
    generation: u64,
    generations: BTreeMap<Identity, u64>,
}

impl Identities {
    pub(super) fn register(&mut self, fingerprint: u128, timestamp: Option<i64>, id: u64) {
        self.candidates
            .entry((fingerprint, timestamp))
            .or_default()
            .ids
            .push(id);
    }

    /// Whose record it is: the first of those that `seen` denies, else the last.
    pub(super) fn recognise(
        &mut self,
        fingerprint: u128,
        timestamp: Option<i64>,
        seen: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let identity = (fingerprint, timestamp);
        let candidates = self.candidates.get_mut(&identity)?;
        if self.generations.get(&identity).copied().unwrap_or(0) < self.generation {
            self.generations.insert(identity, self.generation);
            candidates.unseen_from = 0;
        }
        while let Some(&id) = candidates.ids.get(candidates.unseen_from) {
            if !seen(id) {
                return Some(id);
            }
            candidates.unseen_from += 1;
        }
        candidates.ids.last().copied()
    }

    /// Something was cut from a log.
    pub(super) fn forget_seen(&mut self) {
        self.generation += 1;
    }
}

/// A number that records of the same topic, key, value and headers share, and others do not.
#[must_use]
pub fn fingerprint(record: &Record<'_>) -> u128 {
    let headers = record
        .headers
        .iter()
        .map(|header| (header.key.as_bytes(), header.value.as_deref()));
    of_parts(
        record.topic.as_bytes(),
        record.key.as_deref(),
        record.value.as_deref(),
        headers,
    )
}

pub(super) fn of_parts<'a>(
    topic: &[u8],
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> u128 {
    // The standard hasher is keyed with zeros: the same everywhere within one build.
    let (mut low, mut high) = (DefaultHasher::new(), DefaultHasher::new());
    high.write_u8(1);
    let mut write = |part: Option<&[u8]>| {
        for hasher in [&mut low, &mut high] {
            hasher.write_u64(part.map_or(u64::MAX, |bytes| bytes.len() as u64));
            hasher.write(part.unwrap_or_default());
        }
    };
    write(Some(topic));
    write(key);
    write(value);
    for (name, value) in headers {
        write(Some(name));
        write(value);
    }
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_empty_and_shifted_parts_differ() {
        let of = |key: Option<&[u8]>, value: Option<&[u8]>| of_parts(b"t", key, value, std::iter::empty());
        let all = [
            of(None, None),
            of(Some(b""), None),
            of(None, Some(b"")),
            of(Some(b"ab"), Some(b"c")),
            of(Some(b"a"), Some(b"bc")),
        ];
        assert_eq!(std::collections::BTreeSet::from(all).len(), all.len());
    }

    #[test]
    fn equal_records_are_counted_in_order_and_the_rest_are_duplicates_of_the_last() {
        let mut identities = Identities::default();
        identities.register(1, None, 10);
        identities.register(1, None, 11);
        assert_eq!(identities.recognise(1, None, |_| false), Some(10));
        assert_eq!(identities.recognise(1, None, |id| id == 10), Some(11));
        assert_eq!(identities.recognise(1, None, |_| true), Some(11));
        identities.forget_seen();
        assert_eq!(identities.recognise(1, None, |id| id == 11), Some(10));
        assert_eq!(identities.recognise(2, None, |_| false), None);
    }
}
