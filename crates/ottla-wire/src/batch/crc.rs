//! CRC-32C (Castagnoli, RFC 3720 B.4): what Kafka checks batches with.
//!
//! With `std` off wasm the work is `crc-fast`'s (hardware carry-less multiplication); everywhere else it is [`portable`].

mod fold;

use crate::crc_tables::tables;

/// The polynomial, bit-reversed.
const POLY: u32 = 0x82f6_3b78;

/// CRC-32C of `bytes`.
#[must_use]
#[inline]
pub fn crc32c(bytes: &[u8]) -> u32 {
    #[cfg(all(feature = "std", not(target_arch = "wasm32")))]
    {
        // Setting the hardware's fold up costs more than a table does on the 40 bytes of a header.
        if bytes.len() >= 128 {
            return crc_fast::crc32_iscsi(bytes);
        }
    }
    portable(bytes)
}

/// CRC-32C without hardware help: folds all but the end of long inputs away and leaves the rest to tables.
#[must_use]
pub fn portable(bytes: &[u8]) -> u32 {
    if bytes.len() < fold::MIN_LEN {
        return !update_table(!0, bytes);
    }
    let (folded, rest) = fold::fold(bytes);
    !update_table(update_table(0, folded.as_flattened()), rest)
}

/// `state` after `bytes`; neither complemented.
fn update_table(state: u32, bytes: &[u8]) -> u32 {
    tables!(POLY).update(state, bytes)
}

/// What a CRC becomes when a known number of bytes follows: joins the CRCs of two pieces without their bytes.
///
/// A CRC is a polynomial modulo `POLY`; n bytes behind it multiply it by x^(8n), which is what this holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift(u32);

impl Shift {
    /// For a second piece of `len` bytes. Costs a multiplication per one-bit of `len`.
    #[must_use]
    pub fn bytes(len: usize) -> Self {
        let mut power = ONE;
        let mut rest = len as u64;
        while rest != 0 {
            power = multiply(BYTE_POWERS[rest.trailing_zeros() as usize], power);
            rest &= rest - 1;
        }
        Self(power)
    }

    /// CRC of the two pieces in a row, from the CRC of each.
    #[must_use]
    pub fn combine(self, first: u32, second: u32) -> u32 {
        multiply(self.0, first) ^ second
    }
}

/// The polynomial 1: bit order is reversed.
const ONE: u32 = 1 << 31;

/// x^(8 * 2^k).
static BYTE_POWERS: [u32; 64] = byte_powers();

const fn byte_powers() -> [u32; 64] {
    let mut powers = [0; 64];
    powers[0] = ONE >> 8;
    let mut k = 1;
    while k < 64 {
        powers[k] = multiply(powers[k - 1], powers[k - 1]);
        k += 1;
    }
    powers
}

const fn times_x(value: u32) -> u32 {
    (value >> 1) ^ (POLY & (value & 1).wrapping_neg())
}

/// Product modulo `POLY`.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = 32;
    while bit != 0 {
        bit -= 1;
        product ^= b & (a >> bit & 1).wrapping_neg();
        b = times_x(b);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// RFC 3720 B.4, and those of Kafka's and librdkafka's own tests.
    #[test]
    fn public_vectors() {
        let up: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        let mut pdu = [0_u8; 48];
        pdu[0] = 0x01;
        pdu[1] = 0xc0;
        pdu[16] = 0x14;
        pdu[22] = 0x04;
        pdu[27] = 0x14;
        pdu[31] = 0x18;
        pdu[32] = 0x28;
        pdu[40] = 0x02;
        let cases: [(&[u8], u32); 8] = [
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&up, 0x46dd_794e),
            (&down, 0x113f_db5c),
            (&pdu, 0xd996_3a56),
            (b"123456789", 0xe306_9283),
            (b"Some String", 608_512_271),
            (b"", 0),
        ];
        for (bytes, crc) in cases {
            assert_eq!(portable(bytes), crc);
            assert_eq!(crc32c(bytes), crc);
        }
    }

    proptest! {
        #[test]
        fn implementations_agree(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
            prop_assert_eq!(crc32c(&bytes), portable(&bytes));
            prop_assert_eq!(portable(&bytes), !update_table(!0, &bytes));
        }

        #[test]
        fn combining_equals_concatenating(
            first in proptest::collection::vec(any::<u8>(), 0..100),
            second in proptest::collection::vec(any::<u8>(), 0..5000),
        ) {
            let joined = [first.as_slice(), second.as_slice()].concat();
            let combined = Shift::bytes(second.len()).combine(portable(&first), portable(&second));
            prop_assert_eq!(combined, portable(&joined));
        }
    }
}
