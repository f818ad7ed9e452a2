//! Bytes that are cut off, changed or made up: always an error or a value, never a panic.

use bytes::Bytes;
use ottla_wire::Message;
use ottla_wire::messages::*;
use ottla_wire::primitives::Reader;
use proptest::prelude::*;

use crate::sample::{Gen, Sample};
use crate::{encode, sample_expressible};

fn try_decode<M: Message>(version: i16, bytes: &Bytes) -> Option<M> {
    let mut r = Reader::new(bytes);
    let value = M::decode(version, &mut r).ok()?;
    r.finish().ok()?;
    Some(value)
}

fn truncated<M: Message + Sample>(seed: u64) {
    for version in M::API.versions() {
        let value: M = sample_expressible(version, seed);
        let bytes = encode(&value, version).expect("sampled for this version");
        for end in 0..bytes.len() {
            let cut = bytes.slice(..end);
            assert!(
                try_decode::<M>(version, &cut).is_none(),
                "{} version {version}: {end} of {} bytes make a message",
                M::API,
                bytes.len()
            );
        }
    }
}

fn changed<M: Message + Sample>(seed: u64) {
    let mut g = Gen::new(seed, &[]);
    for version in M::API.versions() {
        let value: M = sample_expressible(version, seed);
        let bytes = encode(&value, version).expect("sampled for this version");
        for _ in 0..20 {
            let mut changed = bytes.to_vec();
            for _ in 0..=g.below(4) {
                if let Some(at) = g.below(bytes.len() as u64 + 1).checked_sub(1) {
                    changed[at as usize] = [0, 1, 0x7f, 0x80, 0xff, g.next() as u8][g.below(6) as usize];
                }
            }
            if let Some(read) = try_decode::<M>(version, &changed.into()) {
                encode(&read, version).expect("what was read can be written");
            }
        }
    }
}

fn made_up<M: Message>(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    for version in M::API.versions() {
        if let Some(read) = try_decode::<M>(version, &bytes) {
            encode(&read, version).expect("what was read can be written");
        }
    }
}

macro_rules! hostile {
    ($($module:ident::$name:ident;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn a_truncated_message_is_an_error(seed in any::<u64>()) {
                $( truncated::<$module::$name>(seed); )*
            }

            #[test]
            fn a_changed_message_never_panics(seed in any::<u64>()) {
                $( changed::<$module::$name>(seed); )*
            }
        }

        proptest! {
            #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn made_up_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
                $( made_up::<$module::$name>(&bytes); )*
            }
        }
    };
}

every_message!(hostile);
