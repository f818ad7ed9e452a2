//! What a peer announces costs nothing: whatever count or length it writes, memory stays within a small multiple of the
//! bytes that it sent. Every byte of every message, batch and compressed stream is taken for a length once.

use bytes::Bytes;
use ottla_wire::Message;
use ottla_wire::batch::crc::crc32c;
use ottla_wire::batch::{BatchBuilder, RecordHeader, read_batches};
use ottla_wire::codec::{self, Codec};
use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::*;
use ottla_wire::primitives::Reader;

use crate::counting::peak_of;
use crate::sample::Sample;
use crate::{encode, sample_expressible};

/// Bytes of memory for a byte of a message: a struct is wider than its fields on the wire, and a growing list is
/// there twice for a moment.
const MESSAGE_FACTOR: usize = 50;
/// What a decoder needs whatever comes: tables of a decompressor, an error's text.
const FIXED: usize = 4 << 10;

/// The bytes with each hostile length once at `at`: the largest, and one more than the bytes that are left, as every
/// type that the protocol has for lengths.
fn hostile_at(bytes: &[u8], at: usize) -> Vec<Vec<u8>> {
    let left = |width: usize| bytes.len().saturating_sub(at + width);
    let mut all = Vec::new();
    let mut put = |width: usize, length: &[u8]| {
        if at + width <= bytes.len() {
            all.push([&bytes[..at], length, &bytes[at + width..]].concat());
        }
    };
    put(2, &i16::MAX.to_be_bytes());
    put(2, &(left(2) as i16 + 1).to_be_bytes());
    for length in [i32::MAX, left(4) as i32 + 1] {
        put(4, &length.to_be_bytes());
        put(4, &length.to_le_bytes());
    }
    // Unsigned (a compact length is one more than what it means), and in zigzag.
    for length in [0x7fff_ffff, 0x8000_0000, left(1) as u32 + 2] {
        put(1, &varint(length));
        put(1, &varint(length << 1));
    }
    all
}

fn varint(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn message<M: Message + Sample>(seed: u64) {
    for version in M::API.versions() {
        let value: M = sample_expressible(version, seed);
        let bytes = encode(&value, version).expect("sampled for this version");
        for at in 0..bytes.len() {
            for hostile in hostile_at(&bytes, at) {
                let input = Bytes::from(hostile);
                let (_, peak) = peak_of(|| M::decode(version, &mut Reader::new(&input)).is_ok());
                assert!(
                    peak <= MESSAGE_FACTOR * input.len() + FIXED,
                    "{} version {version}: {peak} bytes for {} with a hostile length at {at}",
                    M::API,
                    input.len()
                );
            }
        }
    }
}

macro_rules! messages {
    ($($module:ident::$name:ident;)*) => {
        #[test]
        fn no_length_in_a_message_makes_memory() {
            for seed in 0..2 {
                $( message::<$module::$name>(seed); )*
            }
        }
    };
}

every_message!(messages);

/// The test of this test: the counter sees what a decoder that trusts its peer would do.
#[test]
fn memory_is_counted() {
    let (taken, peak) = peak_of(|| Vec::<u8>::with_capacity(1 << 20).capacity());
    assert!(peak >= taken && taken >= 1 << 20, "{peak} of {taken}");
    let (_, peak) = peak_of(|| ());
    assert_eq!(peak, 0);
}

#[test]
fn an_announced_frame_makes_no_memory() {
    for announced in [i32::MAX, -1, 1 << 20] {
        let (_, peak) = peak_of(|| {
            let mut decoder = FrameDecoder::new(usize::MAX);
            decoder.push(&announced.to_be_bytes()[..]);
            decoder.push(&b"ten bytes."[..]);
            decoder.next_frame().is_ok()
        });
        assert!(peak <= FIXED, "{peak} bytes for a frame of {announced}");
    }
}

fn batch(codec: Codec) -> Vec<u8> {
    let mut builder = BatchBuilder::new(1 << 12);
    for n in 0..4 {
        let headers = [RecordHeader::new("h", Some(b"1"))];
        builder
            .append(
                n,
                Some(b"key"),
                Some(b"a value of some bytes"),
                headers.into_iter(),
            )
            .expect("there is room");
    }
    builder
        .seal(codec, None)
        .expect("every codec is built in")
        .to_bytes()
        .to_vec()
}

/// Where the checksum is, and where the bytes begin that it is of.
const CRC: std::ops::Range<usize> = 17..21;

#[test]
fn no_length_in_a_batch_makes_memory() {
    const LIMIT: usize = 1 << 16;
    for codec in Codec::ALL {
        let good = batch(codec);
        for at in 0..good.len() {
            for mut hostile in hostile_at(&good, at) {
                // Who is hostile computes a good checksum.
                if hostile.len() > CRC.end && at >= CRC.end {
                    let crc = crc32c(&hostile[CRC.end..]);
                    hostile[CRC].copy_from_slice(&crc.to_be_bytes());
                }
                let length = hostile.len();
                let input = Bytes::from(hostile);
                let (_, peak) = peak_of(|| {
                    for batch in read_batches(input).flatten() {
                        let Ok(records) = batch.open(LIMIT) else { continue };
                        for record in records.iter().flatten() {
                            assert!(record.headers.count() <= length);
                        }
                    }
                });
                let allowed = room(codec, length, LIMIT);
                assert!(
                    peak <= allowed,
                    "{codec}: {peak} bytes for {length} with a hostile length at {at}"
                );
            }
        }
    }
}

/// What a decompressor may take: its tables, the input some times, and never more than twice its limit (a list that
/// grows is there twice for a moment).
fn room(codec: Codec, input: usize, limit: usize) -> usize {
    let tables = match codec {
        Codec::None | Codec::Snappy => FIXED,
        Codec::Gzip | Codec::Lz4 => 80 << 10,
        Codec::Zstd => 400 << 10,
    };
    tables + 50 * input + 2 * limit
}

/// A stream that claims 2 GiB, with a limit that would let it: what it holds is what counts. And a real bomb: the limit
/// is what counts.
#[test]
fn no_length_in_a_compressed_stream_makes_memory() {
    for codec in Codec::ALL {
        let input = b"some text, some text, some text, and more of it".repeat(4);
        let good = codec::compress(codec, None, &input).expect("every codec is built in");
        for at in 0..good.len() {
            for hostile in hostile_at(&good, at) {
                let (_, peak) = peak_of(|| codec::decompress(codec, &hostile, i32::MAX as usize).is_ok());
                // A stream that is not broken by it may say "this byte, so many times", which is true and not
                // announced: such a one is held to the limit below.
                let allowed = room(codec, hostile.len(), 1 << 17);
                assert!(
                    peak <= allowed,
                    "{codec}: {peak} bytes for {} with a hostile length at {at}",
                    hostile.len()
                );
            }
        }
        let bomb = codec::compress(codec, None, &vec![0; 1 << 22]).expect("every codec is built in");
        for limit in [0, 1 << 10, 1 << 16, 1 << 20] {
            let (opened, peak) = peak_of(|| codec::decompress(codec, &bomb, limit).is_ok());
            assert!(!opened, "{codec}: 4 MiB within {limit}");
            let allowed = room(codec, 0, limit);
            assert!(peak <= allowed, "{codec}: {peak} bytes with a limit of {limit}");
        }
    }
}
