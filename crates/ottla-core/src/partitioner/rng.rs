//! A small random generator, so that a seed decides everything the producer does.

/// PCG-XSH-RR 64/32 (M. E. O'Neill, 2014): 64 bits of state, 32 bits a step. Statistically good enough to spread
/// records and jitter; it protects nothing.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    increment: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

impl Rng {
    /// A generator that is a function of the seed alone.
    pub fn new(seed: u64) -> Self {
        // The generator's stream constant must be odd; the seed also chooses the stream, so near seeds part at once.
        let mut rng = Self {
            state: 0,
            increment: (seed.rotate_left(32) << 1) | 1,
        };
        rng.next_u32();
        rng.state = rng.state.wrapping_add(seed);
        rng.next_u32();
        rng
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        // Truncation to 32 bits is the generator's definition.
        let xored = ((((old >> 18) ^ old) >> 27) & 0xffff_ffff) as u32;
        xored.rotate_right((old >> 59) as u32)
    }

    /// A number below `bound`, all equally likely up to 2^-32; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers_other_seed_others() {
        let take = |seed| {
            let mut rng = Rng::new(seed);
            [(); 8].map(|()| rng.next_u32())
        };
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
        assert_ne!(take(0), take(1 << 63));
    }

    #[test]
    fn below_reaches_every_number_about_equally() {
        let mut rng = Rng::new(42);
        let mut hits = [0u32; 7];
        for _ in 0..70_000 {
            hits[rng.below(7) as usize] += 1;
        }
        assert!(
            hits.iter().all(|count| (9_500..10_500).contains(count)),
            "{hits:?}"
        );
        assert_eq!(rng.below(0), 0);
    }
}
