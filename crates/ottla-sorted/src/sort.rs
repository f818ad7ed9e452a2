//! Sorting in little code: the standard library's sorts are made for millions of values, and each type of value costs
//! some 4 KB of wasm there.

/// Sorts in place; equal values may change places.
pub fn sort<T: Ord + Copy>(values: &mut [T]) {
    sort_by_key(values, |value| *value);
}

/// Sorts in place by a key; values of equal keys may change places.
///
/// A heap sort: no input makes it slow.
pub fn sort_by_key<T, K: Ord>(values: &mut [T], key: impl Fn(&T) -> K) {
    let len = values.len();
    // The first half of the steps makes a heap, greatest first; the others take its first value to the end.
    for step in (0..len + len / 2).rev() {
        let (mut parent, end) = if step >= len {
            (step - len, len)
        } else {
            values.swap(0, step);
            (0, step)
        };
        loop {
            let mut child = 2 * parent + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && key(&values[child]) < key(&values[child + 1]) {
                child += 1;
            }
            if key(&values[parent]) >= key(&values[child]) {
                break;
            }
            values.swap(parent, child);
            parent = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{sort, sort_by_key};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts(mut values in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut expected = values.clone();
            expected.sort_unstable();
            let mut pairs: Vec<_> = values.iter().map(|it| (*it, 0)).collect();
            sort(&mut values);
            prop_assert_eq!(&values, &expected);
            sort_by_key(&mut pairs, |(it, _)| *it);
            prop_assert!(pairs.iter().map(|(it, _)| it).eq(&expected));
        }
    }
}
