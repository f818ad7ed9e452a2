//! Primitive types: public vectors, round trips, limits.

use bytes::Bytes;
use ottla_wire::primitives::{DecodeErrorKind, Reader, Writer};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Writer)) -> Bytes {
    let mut w = Writer::new();
    write(&mut w);
    w.into_vec().into()
}

/// From Kafka's ByteUtilsTest.
#[test]
fn varints_have_kafkas_encoding() {
    let vectors: [(i32, &[u8]); 11] = [
        (0, &[0x00]),
        (-1, &[0x01]),
        (1, &[0x02]),
        (63, &[0x7e]),
        (-64, &[0x7f]),
        (64, &[0x80, 0x01]),
        (-65, &[0x81, 0x01]),
        (8191, &[0xfe, 0x7f]),
        (-8193, &[0x81, 0x80, 0x01]),
        (i32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
        (i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
    ];
    for (value, bytes) in vectors {
        assert_eq!(written(|w| w.varint(value)), bytes, "{value}");
        assert_eq!(written(|w| w.varlong(value.into())), bytes, "{value}");
    }
    let vectors: [(i64, &[u8]); 2] = [
        (
            i64::MAX,
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        (
            i64::MIN,
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
    ];
    for (value, bytes) in vectors {
        assert_eq!(written(|w| w.varlong(value)), bytes, "{value}");
    }
}

#[test]
fn a_varint_without_an_end_is_an_error() {
    for (endless, shift) in [(&[0xff; 5][..], 5), (&[0x80, 0x80, 0x80, 0x80, 0x10], 5)] {
        let bytes = Bytes::copy_from_slice(endless);
        let mut r = Reader::new(&bytes);
        assert_eq!(
            r.uvarint().expect_err("33 bits").kind,
            DecodeErrorKind::VarintTooLong
        );
        assert_eq!(r.position(), shift);
    }
    for endless in [
        [0xff; 10],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
    ] {
        let bytes = Bytes::copy_from_slice(&endless);
        assert_eq!(
            Reader::new(&bytes).varlong().expect_err("65 bits").kind,
            DecodeErrorKind::VarintTooLong
        );
    }
}

#[test]
fn strings_are_checked() {
    let latin1 = Bytes::from_static(&[0, 1, 0xe9]);
    assert_eq!(
        Reader::new(&latin1).string(false).expect_err("not UTF-8").kind,
        DecodeErrorKind::InvalidUtf8
    );
    let null = Bytes::from_static(&[0xff, 0xff]);
    assert_eq!(Reader::new(&null).nullable_string(false), Ok(None));
    assert_eq!(
        Reader::new(&null).string(false).expect_err("null").kind,
        DecodeErrorKind::UnexpectedNull
    );
    let below_null = Bytes::from_static(&[0xff, 0xfe]);
    let error = Reader::new(&below_null).nullable_string(false).expect_err("-2");
    assert_eq!(error.kind, DecodeErrorKind::NegativeLength(-2));
}

#[test]
fn a_limited_value_fills_its_limit() {
    let bytes = Bytes::from_static(&[0, 0, 0, 1, 9, 9]);
    let mut r = Reader::new(&bytes);
    let error = r.limited(3, Reader::i32).expect_err("4 bytes do not fit in 3");
    assert_eq!(error.kind, DecodeErrorKind::Truncated { needed: 4, left: 3 });
    let error = Reader::new(&bytes)
        .limited(5, Reader::i32)
        .expect_err("one byte is left");
    assert_eq!(error.kind, DecodeErrorKind::TrailingBytes { left: 1 });
    let mut r = Reader::new(&bytes);
    assert_eq!(r.limited(4, Reader::i32), Ok(1));
    assert_eq!(r.remaining(), 2);
    assert!(r.limited(usize::MAX, Reader::i32).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        (a, b, c, d) in any::<(i32, i64, u32, u16)>(),
        text in proptest::option::of(".{0,200}"),
        blob in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
        flexible in any::<bool>(),
    ) {
        let blob = blob.map(Bytes::from);
        let bytes = written(|w| {
            w.varint(a);
            w.varlong(b);
            w.uvarint(c);
            w.u16(d);
            w.string(flexible, text.as_deref()).expect("short");
            w.bytes(flexible, blob.as_ref()).expect("short");
        });
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(r.varint(), Ok(a));
        prop_assert_eq!(r.varlong(), Ok(b));
        prop_assert_eq!(r.uvarint(), Ok(c));
        prop_assert_eq!(r.u16(), Ok(d));
        prop_assert_eq!(r.nullable_string(flexible), Ok(text));
        prop_assert_eq!(r.nullable_bytes(flexible), Ok(blob));
        prop_assert_eq!(r.finish(), Ok(()));
    }
}
