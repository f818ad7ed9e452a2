//! CRC-32 (RFC 1952, section 8): what gzip checks its data with.

/// CRC-32 of `bytes`.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    #[cfg(all(feature = "std", not(target_arch = "wasm32")))]
    {
        crc_fast::crc32_iso_hdlc(bytes)
    }
    #[cfg(not(all(feature = "std", not(target_arch = "wasm32"))))]
    {
        portable(bytes)
    }
}

#[cfg(any(test, not(feature = "std"), target_arch = "wasm32"))]
fn portable(bytes: &[u8]) -> u32 {
    /// The polynomial, bit-reversed.
    const POLY: u32 = 0xedb8_8320;
    !crate::crc_tables::tables!(POLY).update(!0, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn public_vectors() {
        for (bytes, crc) in [
            (&b""[..], 0),
            (b"123456789", 0xcbf4_3926),
            (b"The quick brown fox jumps over the lazy dog", 0x414f_a339),
        ] {
            assert_eq!(portable(bytes), crc);
            assert_eq!(crc32(bytes), crc);
        }
    }

    proptest! {
        #[test]
        fn implementations_agree(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            prop_assert_eq!(crc32(&bytes), portable(&bytes));
        }
    }
}
