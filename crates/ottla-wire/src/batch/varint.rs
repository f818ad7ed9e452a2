//! Zigzag varints as records use them (`ByteUtils.writeVarint`, `writeVarlong`): seven bits a byte, low bits first.

/// Why a varint could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VarintFault {
    /// The bytes ended inside it.
    Truncated,
    /// It does not fit its type.
    TooLong,
}

/// Maps small magnitudes of either sign to small unsigned numbers.
#[inline]
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Inverse of [`zigzag`].
#[inline]
pub(crate) const fn unzigzag(raw: u64) -> i64 {
    ((raw >> 1) as i64) ^ -((raw & 1) as i64)
}

/// Bytes of the varint that holds `raw`.
#[inline]
pub(crate) const fn unsigned_len(raw: u64) -> usize {
    let bits = 64 - (raw | 1).leading_zeros() as usize;
    // Exact ceil(bits / 7) for 1..=64 without a division.
    (bits * 9 + 64) >> 6
}

/// Bytes of the zigzag varint that holds `value`.
#[inline]
pub(crate) const fn len(value: i64) -> usize {
    unsigned_len(zigzag(value))
}

/// Reads an unsigned varint at `*at` and moves `*at` behind it.
#[inline]
pub(crate) fn read_unsigned(bytes: &[u8], at: &mut usize) -> Result<u64, VarintFault> {
    let mut raw = 0_u64;
    let mut shift = 0;
    loop {
        let byte = *bytes.get(*at).ok_or(VarintFault::Truncated)?;
        *at += 1;
        if shift == 63 && byte > 1 {
            return Err(VarintFault::TooLong);
        }
        raw |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(raw);
        }
        shift += 7;
    }
}

/// Reads a zigzag varlong (64 bits, at most ten bytes).
#[inline]
pub(crate) fn read_long(bytes: &[u8], at: &mut usize) -> Result<i64, VarintFault> {
    Ok(unzigzag(read_unsigned(bytes, at)?))
}

/// Reads a zigzag varint (32 bits).
#[inline]
pub(crate) fn read_int(bytes: &[u8], at: &mut usize) -> Result<i32, VarintFault> {
    i32::try_from(read_long(bytes, at)?).map_err(|_| VarintFault::TooLong)
}

/// Appends a zigzag varint.
#[inline]
pub(crate) fn push(out: &mut alloc::vec::Vec<u8>, value: i64) {
    let mut raw = zigzag(value);
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The boundary values of Kafka's `ByteUtilsTest`.
    #[test]
    fn boundaries_match_kafka() {
        let cases: &[(i64, &[u8])] = &[
            (0, &[0x00]),
            (-1, &[0x01]),
            (1, &[0x02]),
            (63, &[0x7e]),
            (-64, &[0x7f]),
            (64, &[0x80, 0x01]),
            (-65, &[0x81, 0x01]),
            (8191, &[0xfe, 0x7f]),
            (-8192, &[0xff, 0x7f]),
            (8192, &[0x80, 0x80, 0x01]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            (
                i64::MAX,
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            ),
            (
                i64::MIN,
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            ),
        ];
        for (value, bytes) in cases {
            let mut out = Vec::new();
            push(&mut out, *value);
            assert_eq!(&out, bytes, "{value}");
            assert_eq!(len(*value), bytes.len(), "{value}");
            let mut at = 0;
            assert_eq!(read_long(bytes, &mut at), Ok(*value));
            assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn overlong_and_cut_varints_are_refused() {
        assert_eq!(read_long(&[0xff; 11], &mut 0), Err(VarintFault::TooLong));
        assert_eq!(
            read_int(&[0x80, 0x80, 0x80, 0x80, 0x10], &mut 0),
            Err(VarintFault::TooLong)
        );
        assert_eq!(read_int(&[0x80], &mut 0), Err(VarintFault::Truncated));
        assert_eq!(read_int(&[], &mut 0), Err(VarintFault::Truncated));
    }
}
