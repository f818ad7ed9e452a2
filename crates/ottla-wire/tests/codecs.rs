//! The codecs: round trips, limits, levels, frames of other writers (command line tools of lz4 1.9, gzip, zstd), damage.
#![cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]

use ottla_wire::codec::{Codec, CodecError, compress, decompress};
use proptest::collection::vec;
use proptest::prelude::*;

const COMPRESSED: [Codec; 4] = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
/// What the frames of other writers hold.
const TEXT: &[u8] =
    b"ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla ottla \
    ottla ottla ottla ottla ottla writes to its broker";

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("ascii");
        u8::from_str_radix(text, 16).expect("hex digits")
    };
    digits.chunks(2).map(byte).collect()
}

fn squeeze(codec: Codec, input: &[u8]) -> Vec<u8> {
    compress(codec, None, input).expect("built in, no level asked for")
}

/// Numbers that no codec can shorten; the same on each run.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn malformed(result: Result<Vec<u8>, CodecError>) -> &'static str {
    match result {
        Err(CodecError::Malformed { what, .. }) => what,
        other => panic!("not malformed: {other:?}"),
    }
}

#[test]
fn sizes_around_blocks_round_trip() {
    let noise = noise(140_000);
    let zeros = vec![0; 140_000];
    for codec in Codec::ALL {
        for len in [
            0, 1, 11, 12, 13, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 140_000,
        ] {
            for input in [&noise[..len], &zeros[..len]] {
                let packed = squeeze(codec, input);
                assert_eq!(
                    decompress(codec, &packed, len).as_deref(),
                    Ok(input),
                    "{codec}, {len} bytes"
                );
            }
        }
        assert!(
            squeeze(codec, &noise).len() < noise.len() + 200,
            "{codec} stores what it cannot shorten"
        );
    }
}

#[test]
fn output_is_limited() {
    let input = vec![b'a'; 1 << 22];
    for codec in COMPRESSED {
        let bomb = squeeze(codec, &input);
        assert!(bomb.len() < input.len() / 15);
        for limit in [0, 1, 1000, 65_536, input.len() - 1] {
            assert_eq!(
                decompress(codec, &bomb, limit),
                Err(CodecError::TooLarge { codec, limit })
            );
        }
        assert_eq!(
            decompress(codec, &bomb, input.len()).map(|out| out.len()),
            Ok(input.len())
        );
        assert_eq!(
            decompress(codec, &bomb, usize::MAX).map(|out| out.len()),
            Ok(input.len())
        );
    }
    assert_eq!(
        decompress(Codec::None, &input, 10),
        Err(CodecError::TooLarge {
            codec: Codec::None,
            limit: 10
        })
    );
}

#[test]
fn levels_are_kafkas() {
    let input = b"level level level level level level".repeat(100);
    for codec in COMPRESSED {
        let Some(levels) = codec.levels() else {
            assert_eq!(
                compress(codec, Some(1), &input),
                Err(CodecError::Level { codec, level: 1 })
            );
            continue;
        };
        let default = codec.default_level().expect("a codec with levels has a default");
        let inside = [*levels.start(), *levels.end(), 1, default];
        for level in inside {
            let packed = compress(codec, Some(level), &input).expect("a level of Kafka's range");
            assert_eq!(decompress(codec, &packed, input.len()).as_deref(), Ok(&input[..]));
        }
        assert_eq!(
            compress(codec, Some(default), &input),
            compress(codec, None, &input)
        );
        for level in [levels.start() - 3, levels.end() + 1] {
            assert_eq!(
                compress(codec, Some(level), &input),
                Err(CodecError::Level { codec, level })
            );
        }
    }
    let gzip = |level| compress(Codec::Gzip, Some(level), &input).expect("a level").len();
    assert!(gzip(9) <= gzip(1));
}

/// semantics 23.
#[test]
fn lz4_frames_are_kafkas() {
    let frame = squeeze(Codec::Lz4, TEXT);
    assert_eq!(frame[..7], [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
    assert_eq!(frame[frame.len() - 4..], [0; 4]);
    let stored = squeeze(Codec::Lz4, &noise(65_536 + 10));
    assert_eq!(
        stored[7..11],
        0x8001_0000_u32.to_le_bytes(),
        "a full block, stored"
    );
    assert_eq!(stored[11 + 65_536..][..4], 0x8000_000a_u32.to_le_bytes());
    assert_eq!(squeeze(Codec::Lz4, b""), unhex("04224d18604082 00000000"));
}

#[test]
fn lz4_frames_of_others() {
    let block = "20000000 6f6f74746c612006005ff00577726974657320746f206974732062726f6b6572";
    let all_checksums = format!("04224d187440bd {block} 20abeff5 00000000 13611e86");
    let with_size = format!("04224d186c40 8c00000000000000 ba {block} 00000000 13611e86");
    let large_blocks = format!("04224d18604082 {block} 00000000");
    for frame in [&all_checksums, &with_size, &large_blocks] {
        assert_eq!(
            decompress(Codec::Lz4, &unhex(frame), TEXT.len()).as_deref(),
            Ok(TEXT),
            "{frame}"
        );
    }
    let twice = unhex(&format!("{large_blocks} {with_size}"));
    assert_eq!(decompress(Codec::Lz4, &twice, 1000), Ok([TEXT, TEXT].concat()));

    let wrong = |frame: String| malformed(decompress(Codec::Lz4, &unhex(&frame), 1 << 20));
    assert_eq!(
        wrong(format!("04224d186440a7 {block} 00000000 13611e87")),
        "the content's checksum differs"
    );
    assert_eq!(
        wrong(all_checksums.replace("20abeff5", "20abeff6")),
        "a block's checksum differs"
    );
    // Zero blocks instead of the 140 bytes that the header promises.
    assert_eq!(
        wrong("04224d186c40 8c00000000000000 ba 00000000 055dcc02".into()),
        "the content's size differs"
    );
    assert_eq!(
        wrong(format!("04224d18604083 {block} 00000000")),
        "the header's checksum differs"
    );
    assert_eq!(
        wrong(format!("04224d18404000 {block}")),
        "blocks depend on each other, which Kafka forbids"
    );
    assert_eq!(
        wrong("04224d18604082 01000100".into()),
        "a block is larger than the frame allows"
    );
    assert_eq!(wrong(format!("04224d18604082 {block}")), "the frame is cut off");
    assert_eq!(wrong("04224d19".into()), "not an LZ4 frame");
}

/// semantics 24.
#[test]
fn snappy_streams() {
    let stream = squeeze(Codec::Snappy, &noise(40_000));
    assert_eq!(stream[..16], *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01");
    let first = u32::from_be_bytes([stream[16], stream[17], stream[18], stream[19]]) as usize;
    let block = &stream[20..20 + first];
    assert_eq!(
        decompress(Codec::Snappy, block, 40_000),
        Ok(noise(32_768)),
        "32 KiB, and readable on its own"
    );
    assert_eq!(
        malformed(decompress(Codec::Snappy, &stream[..30], 40_000)),
        "the stream is cut off"
    );
    let claims = [0xff, 0xff, 0xff, 0xff, 0x07, 0x00];
    assert_eq!(
        malformed(decompress(Codec::Snappy, &claims, usize::MAX)),
        "a block claims more than it can hold"
    );
    let limit = 1 << 20;
    assert_eq!(
        decompress(Codec::Snappy, &claims, limit),
        Err(CodecError::TooLarge {
            codec: Codec::Snappy,
            limit
        })
    );
}

#[test]
fn gzip_members_of_others() {
    let named = unhex(
        "1f8b08085a94016b0203612e74787400cb2f29c94954c8a73b595e9459925aac5092af905952ac9054949f9d5a0400830b3ddc
         8c000000",
    );
    assert_eq!(decompress(Codec::Gzip, &named, TEXT.len()).as_deref(), Ok(TEXT));
    let twice = [named.clone(), squeeze(Codec::Gzip, TEXT)].concat();
    assert_eq!(
        decompress(Codec::Gzip, &twice, 2 * TEXT.len()),
        Ok([TEXT, TEXT].concat())
    );
    let damage = |at: usize| {
        let mut bytes = named.clone();
        bytes[at] ^= 1;
        malformed(decompress(Codec::Gzip, &bytes, 1000))
    };
    assert_eq!(damage(0), "not a gzip header");
    assert_eq!(damage(named.len() - 1), "the size differs");
    assert_eq!(damage(named.len() - 8), "the checksum differs");
    let cut = |len: usize| malformed(decompress(Codec::Gzip, &named[..len], 1000));
    assert_eq!([cut(9), cut(14)], ["the header is cut off"; 2]);
    assert_eq!(cut(30), "the data is cut off");
    assert_eq!(cut(named.len() - 9), "the data is cut off");
    assert_eq!(cut(named.len() - 6), "the checksum is cut off");
}

#[test]
fn zstd_frames_of_others() {
    let checked =
        unhex("28b52ffd248c0d0100d06f74746c612077726974657320746f206974732062726f6b657201002f6929022254c3cb");
    let streamed =
        unhex("28b52ffd00580d0100d06f74746c612077726974657320746f206974732062726f6b657201002f692902");
    for frame in [&checked, &streamed] {
        assert_eq!(decompress(Codec::Zstd, frame, TEXT.len()).as_deref(), Ok(TEXT));
    }
    let twice = [checked.clone(), streamed].concat();
    assert_eq!(decompress(Codec::Zstd, &twice, 1000), Ok([TEXT, TEXT].concat()));
    let mut damaged = checked.clone();
    *damaged.last_mut().expect("a checksum") ^= 1;
    assert_eq!(
        malformed(decompress(Codec::Zstd, &damaged, 1000)),
        "the checksum differs"
    );
    assert_eq!(
        malformed(decompress(Codec::Zstd, &checked[..20], 1000)),
        "the frame is cut off"
    );
    assert_eq!(
        malformed(decompress(Codec::Zstd, b"no frame", 1000)),
        "not a zstd frame"
    );
}

fn any_codec() -> impl Strategy<Value = Codec> {
    proptest::sample::select(COMPRESSED.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_round_trips(
        codec in any_codec(),
        pieces in vec((vec(any::<u8>(), 0..50), 1..400_usize), 0..12),
    ) {
        let input: Vec<u8> = pieces.into_iter().flat_map(|(piece, times)| piece.repeat(times)).collect();
        let packed = squeeze(codec, &input);
        prop_assert_eq!(decompress(codec, &packed, input.len()), Ok(input));
    }

    #[test]
    fn arbitrary_bytes_never_panic(codec in any_codec(), bytes in vec(any::<u8>(), 0..200), framed in any::<bool>()) {
        let mut input = if framed { squeeze(codec, b"")[..7.min(squeeze(codec, b"").len())].to_vec() } else { vec![] };
        input.extend(bytes);
        if let Ok(out) = decompress(codec, &input, 4096) {
            prop_assert!(out.len() <= 4096);
        }
    }

    #[test]
    fn damaged_frames_never_panic(
        codec in any_codec(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = squeeze(codec, &[TEXT, &noise(300), &[7; 3000]].concat());
        bytes.truncate(cut.index(bytes.len()) + 1);
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(out) = decompress(codec, &bytes, 8192) {
            prop_assert!(out.len() <= 8192);
        }
    }
}
