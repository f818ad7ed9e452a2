//! The one macro that turns a table of fields into a struct that reads and writes itself.
//!
//! The tables say what Kafka's message JSON says, in the same order, in Rust's words:
//!
//! ```text
//! field: Type [ versions, null versions, tag N, ignorable ] = default;
//! ```
//!
//! * `versions`: those that have the field. In others it is left out when it holds its default or is `ignorable`,
//!   and is an error otherwise;
//! * `null versions`: those in which an `Option` may be null;
//! * `tag N`: the field is a tagged one, written only when it differs from its default. An `Option` of a struct
//!   says by `None` that the tag is absent.

macro_rules! schema {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field:ident: $ty:ty [ $($spec:tt)* ] $(= $default:expr)?;
            )*
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $ty, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::schema::default_of!($($default)?), )* }
            }
        }

        impl $crate::primitives::Value for $name {
            fn write(
                &self,
                format: $crate::primitives::Format,
                w: &mut $crate::primitives::Writer,
            ) -> Result<(), $crate::primitives::EncodeError> {
                $(
                    w.enter(concat!(stringify!($name), ".", stringify!($field)));
                    $crate::schema::check_field!(
                        format, w, self.$field, $crate::schema::default_of!($($default)?), [$($spec)*]);
                    $crate::schema::write_field!(format, w, self.$field, [$($spec)*]);
                )*
                if format.flexible {
                    #[allow(unused_mut, reason = "many structs have no tagged field")]
                    let mut tags = 0u32;
                    $( $crate::schema::count_tag!(
                        format, tags, self.$field, $crate::schema::default_of!($($default)?), [$($spec)*]); )*
                    w.uvarint(tags);
                    $( $crate::schema::write_tag!(
                        format, w, self.$field, $crate::schema::default_of!($($default)?), [$($spec)*]); )*
                }
                Ok(())
            }

            fn read(
                format: $crate::primitives::Format,
                r: &mut $crate::primitives::Reader<'_>,
            ) -> Result<Self, $crate::primitives::DecodeError> {
                let mut out = Self::default();
                $(
                    r.enter(concat!(stringify!($name), ".", stringify!($field)));
                    $crate::schema::read_field!(format, r, out.$field, [$($spec)*]);
                )*
                if format.flexible {
                    r.enter(concat!(stringify!($name), " (tagged fields)"));
                    for _ in 0..r.uvarint()? {
                        let tag = r.uvarint()?;
                        let size = r.uvarint()? as usize;
                        $( $crate::schema::read_tag!(format, r, tag, size, out.$field, [$($spec)*]); )*
                        let _ = tag;
                        r.skip(size)?;
                    }
                }
                Ok(out)
            }
        }

        impl $crate::primitives::Value for Option<$name> {
            fn write(
                &self,
                format: $crate::primitives::Format,
                w: &mut $crate::primitives::Writer,
            ) -> Result<(), $crate::primitives::EncodeError> {
                self.as_ref().map_or(Ok(()), |value| value.write(format, w))
            }
            fn read(
                format: $crate::primitives::Format,
                r: &mut $crate::primitives::Reader<'_>,
            ) -> Result<Self, $crate::primitives::DecodeError> {
                <$name as $crate::primitives::Value>::read(format, r).map(Some)
            }
        }
    )* };
}

/// `!=` for two values of the same type, so that a default's type follows from its field's.
pub(crate) fn differ<T: PartialEq>(value: &T, default: &T) -> bool {
    value != default
}

macro_rules! default_of {
    () => {
        Default::default()
    };
    ($default:expr) => {
        $default
    };
}

/// Refuses values that this version has no place for.
macro_rules! check_field {
    ($format:ident, $w:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)? $(, tag $tag:literal)?, ignorable]) => {
        $crate::schema::check_null!($format, $w, $value, $versions $(, $nulls)?);
    };
    ($format:ident, $w:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)? $(, tag $tag:literal)?]) => {
        $crate::schema::check_null!($format, $w, $value, $versions $(, $nulls)?);
        if !($versions).contains(&$format.version) && $crate::schema::differ(&$value, &$default) {
            let version = $format.version;
            return Err($w.error($crate::primitives::EncodeErrorKind::NotInVersion { version }));
        }
    };
}

macro_rules! check_null {
    ($format:ident, $w:ident, $value:expr, $versions:expr) => {};
    ($format:ident, $w:ident, $value:expr, $versions:expr, $nulls:expr) => {
        if ($versions).contains(&$format.version)
            && !($nulls).contains(&$format.version)
            && $crate::primitives::Value::is_null(&$value)
        {
            let version = $format.version;
            return Err($w.error($crate::primitives::EncodeErrorKind::NullNotAllowed { version }));
        }
    };
}

macro_rules! write_field {
    ($format:ident, $w:ident, $value:expr,
     [$versions:expr $(, null $nulls:expr)?, tag $tag:literal $(, ignorable)?]) => {};
    ($format:ident, $w:ident, $value:expr, [$versions:expr $(, null $nulls:expr)? $(, ignorable)?]) => {
        if ($versions).contains(&$format.version) {
            $crate::primitives::Value::write(&$value, $format, $w)?;
        }
    };
}

macro_rules! read_field {
    ($format:ident, $r:ident, $value:expr,
     [$versions:expr $(, null $nulls:expr)?, tag $tag:literal $(, ignorable)?]) => {};
    ($format:ident, $r:ident, $value:expr, [$versions:expr $(, null $nulls:expr)? $(, ignorable)?]) => {
        if ($versions).contains(&$format.version) {
            $value = $crate::primitives::Value::read($format, $r)?;
            $(
                if !($nulls).contains(&$format.version) && $crate::primitives::Value::is_null(&$value) {
                    return Err($r.error($crate::primitives::DecodeErrorKind::UnexpectedNull));
                }
            )?
        }
    };
}

macro_rules! count_tag {
    ($format:ident, $tags:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)?, tag $tag:literal $(, ignorable)?]) => {
        if ($versions).contains(&$format.version) && $crate::schema::differ(&$value, &$default) {
            $tags += 1;
        }
    };
    ($format:ident, $tags:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)? $(, ignorable)?]) => {};
}

macro_rules! write_tag {
    ($format:ident, $w:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)?, tag $tag:literal $(, ignorable)?]) => {
        if ($versions).contains(&$format.version) && $crate::schema::differ(&$value, &$default) {
            $w.tagged($tag, |w| $crate::primitives::Value::write(&$value, $format, w))?;
        }
    };
    ($format:ident, $w:ident, $value:expr, $default:expr,
     [$versions:expr $(, null $nulls:expr)? $(, ignorable)?]) => {};
}

macro_rules! read_tag {
    ($format:ident, $r:ident, $tag_read:ident, $size:ident, $value:expr,
     [$versions:expr $(, null $nulls:expr)?, tag $tag:literal $(, ignorable)?]) => {
        if $tag_read == $tag && ($versions).contains(&$format.version) {
            $value = $r.limited($size, |r| $crate::primitives::Value::read($format, r))?;
            continue;
        }
    };
    ($format:ident, $r:ident, $tag_read:ident, $size:ident, $value:expr,
     [$versions:expr $(, null $nulls:expr)? $(, ignorable)?]) => {};
}

/// Makes structs into the request and the response of an API.
macro_rules! messages {
    ($($name:ident: $api:ident;)*) => { $(
        impl $crate::messages::Message for $name {
            const API: $crate::api::ApiKey = $crate::api::ApiKey::$api;

            fn encode(
                &self,
                version: i16,
                w: &mut $crate::primitives::Writer,
            ) -> Result<(), $crate::primitives::EncodeError> {
                let format = $crate::messages::encode_format(Self::API, version)?;
                $crate::primitives::Value::write(self, format, w)
            }

            fn decode(
                version: i16,
                r: &mut $crate::primitives::Reader<'_>,
            ) -> Result<Self, $crate::primitives::DecodeError> {
                let format = $crate::messages::decode_format(Self::API, version, r)?;
                $crate::primitives::Value::read(format, r)
            }
        }
    )* };
}

pub(crate) use {
    check_field, check_null, count_tag, default_of, messages, read_field, read_tag, schema, write_field,
    write_tag,
};
