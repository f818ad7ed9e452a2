//! Random values for every field of every message.

use bytes::Bytes;
use ottla_wire::primitives::Value;
use ottla_wire::{ErrorCode, Uuid};

/// What a version of a message demands of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Free,
    Default,
    NotNull,
}

/// A source of random values; equal seeds give equal values.
pub(crate) struct Gen {
    state: u64,
    rules: Vec<(&'static str, Rule)>,
}

impl Gen {
    pub(crate) fn new(seed: u64, rules: &[(&'static str, Rule)]) -> Self {
        Self {
            state: seed,
            rules: rules.to_vec(),
        }
    }

    pub(crate) fn rule(&self, field: &str) -> Rule {
        self.rules
            .iter()
            .find(|(name, _)| *name == field)
            .map_or(Rule::Free, |(_, rule)| *rule)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Lengths around the places where a compact length gets a byte longer.
    fn length(&mut self) -> usize {
        [0, 1, 5, 5, 20, 126, 127, 128][self.below(8) as usize]
    }

    /// A value that obeys the field's rule.
    pub(crate) fn field<T: Sample + Value>(&mut self, field: &str, default: T) -> T {
        let rule = self.rule(field);
        let mut value = T::sample(self);
        while rule == Rule::NotNull && value.is_null() {
            value = T::sample(self);
        }
        if rule == Rule::Default { default } else { value }
    }
}

pub(crate) trait Sample {
    fn sample(g: &mut Gen) -> Self;
}

macro_rules! integers {
    ($($ty:ty)*) => { $(
        impl Sample for $ty {
            fn sample(g: &mut Gen) -> Self {
                match g.below(6) {
                    0 => 0,
                    1 => (0 as $ty).wrapping_sub(1),
                    2 => <$ty>::MAX,
                    3 => <$ty>::MIN,
                    _ => g.next() as $ty,
                }
            }
        }
    )* };
}

integers!(i8 i16 i32 i64);

impl Sample for bool {
    fn sample(g: &mut Gen) -> Self {
        g.below(2) == 1
    }
}

impl Sample for Uuid {
    fn sample(g: &mut Gen) -> Self {
        match g.below(4) {
            0 => Uuid::ZERO,
            _ => Uuid(((u128::from(g.next()) << 64) | u128::from(g.next())).to_be_bytes()),
        }
    }
}

impl Sample for ErrorCode {
    fn sample(g: &mut Gen) -> Self {
        // ApiVersions changes its shape with this one; it has a test of its own.
        match ErrorCode(i16::sample(g)) {
            ErrorCode::UNSUPPORTED_VERSION => ErrorCode::NONE,
            code => code,
        }
    }
}

impl Sample for String {
    fn sample(g: &mut Gen) -> Self {
        let length = g.length();
        (0..length)
            .map(|_| ['a', 'Z', '7', '.', '-', 'é', '한', '🦀'][g.below(8) as usize])
            .collect()
    }
}

impl Sample for Bytes {
    fn sample(g: &mut Gen) -> Self {
        let length = g.length();
        (0..length).map(|_| g.next() as u8).collect()
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(g: &mut Gen) -> Self {
        let count = [0, 1, 1, 2, 3][g.below(5) as usize];
        (0..count).map(|_| T::sample(g)).collect()
    }
}

fn nullable<T: Sample>(g: &mut Gen) -> Option<T> {
    let value = T::sample(g);
    (g.below(4) > 0).then_some(value)
}

impl Sample for Option<String> {
    fn sample(g: &mut Gen) -> Self {
        nullable(g)
    }
}

impl Sample for Option<Bytes> {
    fn sample(g: &mut Gen) -> Self {
        nullable(g)
    }
}

impl<T: Sample> Sample for Option<Vec<T>> {
    fn sample(g: &mut Gen) -> Self {
        nullable(g)
    }
}
