//! Numbers and truth values in the layouts of `org.apache.kafka.common.serialization`: big-endian, of fixed length.

use alloc::borrow::Cow;

use super::{SerializeError, Serializer};

macro_rules! big_endian {
    ($($(#[$doc:meta])* $name:ident of $number:ty = $bits:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        impl Serializer<$number> for $name {
            fn serialize<'a>(
                &self,
                _topic: &str,
                value: &'a $number,
            ) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
                let bits: fn($number) -> _ = $bits;
                Ok(Some(Cow::Owned(bits(*value).to_be_bytes().to_vec())))
            }
        }
    )* };
}

big_endian! {
    /// 2 bytes (`ShortSerializer`).
    Short of i16 = |value| value;
    /// 4 bytes (`IntegerSerializer`).
    Integer of i32 = |value| value;
    /// 8 bytes (`LongSerializer`).
    Long of i64 = |value| value;
    /// IEEE 754 of 4 bytes; the payload of a NaN is kept (`FloatSerializer`, `Float.floatToRawIntBits`).
    Float of f32 = f32::to_bits;
    /// IEEE 754 of 8 bytes; every NaN is the same one (`DoubleSerializer`, `Double.doubleToLongBits`).
    Double of f64 = |value| if value.is_nan() { CANONICAL_NAN } else { value.to_bits() };
}

/// What `Double.doubleToLongBits` makes of every NaN.
const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// One byte, 0 or 1 (`BooleanSerializer`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boolean;

impl Serializer<bool> for Boolean {
    fn serialize<'a>(&self, _topic: &str, value: &'a bool) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        let byte: &'static [u8] = if *value { &[1] } else { &[0] };
        Ok(Some(Cow::Borrowed(byte)))
    }
}

/// Always null (`VoidSerializer`): of topics that have no keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Void;

impl Serializer<()> for Void {
    fn serialize<'a>(&self, _topic: &str, (): &'a ()) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<T: Copy, S: Serializer<T>>(serializer: &S, value: T) -> alloc::vec::Vec<u8> {
        let bytes = serializer.serialize("t", &value).expect("every number has bytes");
        bytes.expect("not null").into_owned()
    }

    #[test]
    fn numbers_are_big_endian() {
        assert_eq!(bytes(&Short, -2), [0xff, 0xfe]);
        assert_eq!(bytes(&Integer, 0x1234_5678), [0x12, 0x34, 0x56, 0x78]);
        assert_eq!(bytes(&Integer, i32::MIN), [0x80, 0, 0, 0]);
        assert_eq!(bytes(&Long, 1 << 40), [0, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(&Long, -1), [0xff; 8]);
        assert_eq!(bytes(&Float, 1.5), [0x3f, 0xc0, 0, 0]);
        assert_eq!(bytes(&Double, 1.0), [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(&Double, -0.0), [0x80, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_float_keeps_its_nan_and_a_double_does_not() {
        assert_eq!(
            bytes(&Float, f32::from_bits(0xffc0_0001)),
            [0xff, 0xc0, 0x00, 0x01]
        );
        assert_eq!(
            bytes(&Double, f64::from_bits(0xfff8_0000_0000_0001)),
            [0x7f, 0xf8, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn truth_is_one_byte_and_void_is_null() {
        assert_eq!(
            (bytes(&Boolean, true), bytes(&Boolean, false)),
            ([1].into(), [0].into())
        );
        assert_eq!(Void.serialize("t", &()), Ok(None));
    }
}
