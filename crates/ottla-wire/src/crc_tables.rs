//! Tables for any reflected 32-bit CRC, eight bytes at a time ("slicing by 8").

/// Entry `[k][b]` is what the byte `b` does to a CRC that then takes `k` bytes of zeros.
pub(crate) struct Tables([[u32; 256]; 8]);

impl Tables {
    /// For a polynomial in reversed bit order.
    pub(crate) const fn new(poly: u32) -> Self {
        let mut tables = [[0; 256]; 8];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = (crc >> 1) ^ (poly & (crc & 1).wrapping_neg());
                bit += 1;
            }
            tables[0][i] = crc;
            i += 1;
        }
        let mut k = 1;
        while k < 8 {
            let mut i = 0;
            while i < 256 {
                let before = tables[k - 1][i];
                tables[k][i] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
                i += 1;
            }
            k += 1;
        }
        Self(tables)
    }

    /// `state` after `bytes`; neither complemented.
    pub(crate) fn update(&self, mut state: u32, bytes: &[u8]) -> u32 {
        let Self(tables) = self;
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            let low = state ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            state = tables[7][(low & 0xff) as usize]
                ^ tables[6][(low >> 8 & 0xff) as usize]
                ^ tables[5][(low >> 16 & 0xff) as usize]
                ^ tables[4][(low >> 24) as usize]
                ^ tables[3][word[4] as usize]
                ^ tables[2][word[5] as usize]
                ^ tables[1][word[6] as usize]
                ^ tables[0][word[7] as usize];
        }
        for byte in tail {
            state = (state >> 8) ^ tables[0][((state ^ u32::from(*byte)) & 0xff) as usize];
        }
        state
    }
}

/// The static tables of a polynomial.
///
/// On wasm they are made at first use: nothing compresses 8 KiB of table, which would be downloaded, and making them
/// takes microseconds.
macro_rules! tables {
    ($poly:expr) => {{
        #[cfg(all(feature = "std", target_arch = "wasm32"))]
        {
            static TABLES: std::sync::OnceLock<$crate::crc_tables::Tables> = std::sync::OnceLock::new();
            TABLES.get_or_init(|| $crate::crc_tables::Tables::new($poly))
        }
        #[cfg(not(all(feature = "std", target_arch = "wasm32")))]
        {
            static TABLES: $crate::crc_tables::Tables = $crate::crc_tables::Tables::new($poly);
            &TABLES
        }
    }};
}
pub(crate) use tables;
