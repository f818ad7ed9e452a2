//! Lookup tables whose hash is the same in every run and on every machine.

use core::borrow::Borrow;
use core::hash::{BuildHasherDefault, Hash, Hasher};

/// A lookup table. It cannot be iterated: its order is not a decision, and a `for` loop over it is nothing that clippy
/// knows for hash tables other than std's.
#[derive(Clone, Debug)]
pub(crate) struct HashMap<K, V>(
    #[allow(
        clippy::disallowed_types,
        reason = "this is the one table; only lookups leave it"
    )]
    hashbrown::HashMap<K, V, BuildHasherDefault<Fold>>,
);

impl<K, V> Default for HashMap<K, V> {
    fn default() -> Self {
        Self(hashbrown::HashMap::default())
    }
}

impl<K: Eq + Hash, V> HashMap<K, V> {
    #[inline]
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// The value that was there before.
    #[inline]
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }
}

/// Multiply and fold, eight bytes a step. Its keys are the application's own topic names and record keys, so nobody
/// gains from making them collide.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fold(u64);

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Fold {
    #[inline]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x2545_f491_4f6c_dd1d) * u128::from(MULTIPLIER);
        // Both halves of the product: the low one spreads upwards, the high one downwards.
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Fold {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::hash::BuildHasher;

    #[test]
    fn near_names_spread_over_a_small_table() {
        let build = BuildHasherDefault::<Fold>::default();
        let mut buckets = [0u32; 16];
        for n in 0..1600 {
            let hash = build.hash_one(alloc::format!("topic-{n}"));
            buckets[(hash >> 57) as usize % 16] += 1;
            buckets[hash as usize % 16] += 1;
        }
        assert!(buckets.iter().all(|n| (120..280).contains(n)), "{buckets:?}");
    }
}
