//! The codecs of Kafka's record batches, each behind a feature of its name.
//!
//! | codec | framing written | also read | crate | `no_std` |
//! |---|---|---|---|---|
//! | gzip | one member | several members, optional header fields | `miniz_oxide`, own wrapper | yes |
//! | snappy | xerial stream, 32 KiB blocks | a bare block, as librdkafka writes | `snap`, own stream | **no** |
//! | lz4 | frame of independent 64 KiB blocks | other block sizes, checksums, content size | `lz4_flex`, own frame | yes |
//! | zstd | one frame | several frames | `zrip` | yes |
//!
//! Every decoder is bounded: it gives up at the caller's limit instead of allocating what a peer announces.

#[cfg(feature = "gzip")]
mod crc32;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(feature = "lz4")]
mod xxh32;
#[cfg(feature = "zstd")]
mod zstd;

use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

/// How the records of a batch are compressed (`compression.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Codec {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952.
    Gzip,
    /// Snappy blocks in xerial's stream.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// RFC 8878 (KIP-110).
    Zstd,
}

impl Codec {
    /// All of them, by id.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// The codec of that number.
    ///
    /// # Errors
    /// [`CodecError::UnknownId`].
    pub fn from_id(id: u8) -> Result<Self, CodecError> {
        Self::ALL
            .get(usize::from(id))
            .copied()
            .ok_or(CodecError::UnknownId(id))
    }

    /// Kafka's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The codec of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// The levels that Kafka accepts (KIP-390); `None` if the codec has none. gzip also takes -1, its default.
    #[must_use]
    pub const fn levels(self) -> Option<RangeInclusive<i32>> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(1..=9),
            Self::Lz4 => Some(1..=17),
            Self::Zstd => Some(-131_072..=22),
        }
    }

    /// The level that Kafka uses when none is set.
    #[must_use]
    pub const fn default_level(self) -> Option<i32> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(-1),
            Self::Lz4 => Some(9),
            Self::Zstd => Some(3),
        }
    }

    fn check_level(self, level: Option<i32>) -> Result<i32, CodecError> {
        let default = self.default_level().unwrap_or(0);
        let Some(level) = level else { return Ok(default) };
        if level == default || self.levels().is_some_and(|levels| levels.contains(&level)) {
            return Ok(level);
        }
        Err(CodecError::Level { codec: self, level })
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why bytes could not be compressed or decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// A number that Kafka has not assigned.
    UnknownId(u8),
    /// Left out of this build.
    Unavailable(Codec),
    /// Not a level of that codec.
    Level {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        level: i32,
    },
    /// The compressed bytes are not what they should be.
    Malformed {
        /// The codec.
        codec: Codec,
        /// What is wrong.
        what: &'static str,
    },
    /// The output would pass the caller's limit.
    TooLarge {
        /// The codec.
        codec: Codec,
        /// The limit in bytes.
        limit: usize,
    },
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownId(id) => write!(f, "codec {id} is unknown; Kafka has 0 to 4"),
            Self::Unavailable(codec) => {
                write!(
                    f,
                    "{codec} is not in this build; enable the feature `{codec}` of ottla-wire"
                )
            }
            Self::Level { codec, level } => match codec.levels() {
                Some(levels) => {
                    let (low, high) = (levels.start(), levels.end());
                    write!(f, "{level} is not a level of {codec}; it has {low} to {high}")
                }
                None => write!(f, "{codec} has no levels; {level} cannot be set"),
            },
            Self::Malformed { codec, what } => write!(f, "{codec} data is malformed: {what}"),
            Self::TooLarge { codec, limit } => {
                write!(
                    f,
                    "{codec} data would decompress to more than the limit of {limit} bytes"
                )
            }
        }
    }
}

impl core::error::Error for CodecError {}

/// Compresses `input` in the framing that Kafka's own client writes. `level` is Kafka's; `None` is its default.
///
/// # Errors
/// [`CodecError::Unavailable`], [`CodecError::Level`].
pub fn compress(codec: Codec, level: Option<i32>, input: &[u8]) -> Result<Vec<u8>, CodecError> {
    // Not every codec has one, nor every build a codec that has.
    let _level = codec.check_level(level)?;
    match codec {
        Codec::None => Ok(input.to_vec()),
        #[cfg(feature = "gzip")]
        Codec::Gzip => Ok(gzip::compress(input, _level)),
        #[cfg(feature = "snappy")]
        Codec::Snappy => Ok(snappy::compress(input)),
        #[cfg(feature = "lz4")]
        Codec::Lz4 => Ok(lz4::compress(input)),
        #[cfg(feature = "zstd")]
        Codec::Zstd => zstd::compress(input, _level),
        #[allow(unreachable_patterns, reason = "reachable when a codec's feature is off")]
        codec => Err(CodecError::Unavailable(codec)),
    }
}

/// Decompresses `input`, giving up as soon as the output would pass `limit` bytes.
///
/// # Errors
/// [`CodecError::Unavailable`], [`CodecError::Malformed`], [`CodecError::TooLarge`].
pub fn decompress(codec: Codec, input: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    match codec {
        Codec::None if input.len() > limit => Err(CodecError::TooLarge { codec, limit }),
        Codec::None => Ok(input.to_vec()),
        #[cfg(feature = "gzip")]
        Codec::Gzip => gzip::decompress(input, limit),
        #[cfg(feature = "snappy")]
        Codec::Snappy => snappy::decompress(input, limit),
        #[cfg(feature = "lz4")]
        Codec::Lz4 => lz4::decompress(input, limit),
        #[cfg(feature = "zstd")]
        Codec::Zstd => zstd::decompress(input, limit),
        #[allow(unreachable_patterns, reason = "reachable when a codec's feature is off")]
        codec => Err(CodecError::Unavailable(codec)),
    }
}

/// Reads `N` bytes at `*at` and moves `*at` behind them.
#[cfg(any(feature = "gzip", feature = "snappy", feature = "lz4"))]
fn take<const N: usize>(input: &[u8], at: &mut usize) -> Option<[u8; N]> {
    let taken = input.get(*at..)?.first_chunk::<N>()?;
    *at += N;
    Some(*taken)
}
