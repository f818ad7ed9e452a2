//! JSON for exactly the types of the trace.
//!
//! One macro makes each type and its [`Json`]: what a general (de)serializer derives is ten times the code, and all of it
//! is downloaded by every page and npm package. Output is byte for byte what serde_json writes for these types
//! (externally tagged enums, snake case), which the tests hold it to.

mod read;
mod write;

pub(crate) use read::{Reader, parse};
pub(crate) use write::Writer;

use alloc::{string::String, vec::Vec};

/// A value of the trace.
pub(crate) trait Json: Sized {
    /// Whether a field of this type may be left out.
    const OPTIONAL: bool = false;

    /// Writes the value.
    fn put(&self, w: &mut Writer);

    /// Reads the value at the reader's place. After a mistake, which the reader remembers, it is any value: checking
    /// once at the end is a tenth of the code of checking after each field.
    fn take(r: &mut Reader<'_>) -> Self;

    /// Any value.
    #[cfg(test)]
    fn sample(rng: &mut tests::Rng) -> Self;
}

/// How a variant is written: `"name"`, `{"name":{…}}` or `{"name":…}`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Unit,
    Fields,
    Inner,
}

macro_rules! integers {
    ($($ty:ty)*) => { $(
        impl Json for $ty {
            fn put(&self, w: &mut Writer) {
                #[allow(unused_comparisons, reason = "never true for those without a sign")]
                let negative = *self < 0;
                w.whole(negative, self.abs_diff(0).into());
            }
            fn take(r: &mut Reader<'_>) -> Self {
                #[allow(clippy::cast_lossless, reason = "one of the two is, for each type")]
                let bits = r.whole(<$ty>::MIN as i64, <$ty>::MAX as u64);
                bits as $ty
            }
            #[cfg(test)]
            fn sample(rng: &mut tests::Rng) -> Self {
                *rng.of(&[0, 1, 77, <$ty>::MIN, <$ty>::MAX])
            }
        }
    )* };
}

integers! { u64 i64 u32 i32 i16 }

impl Json for bool {
    fn put(&self, w: &mut Writer) {
        w.raw(if *self { "true" } else { "false" });
    }
    fn take(r: &mut Reader<'_>) -> Self {
        r.truth()
    }
    #[cfg(test)]
    fn sample(rng: &mut tests::Rng) -> Self {
        *rng.of(&[true, false])
    }
}

impl Json for String {
    fn put(&self, w: &mut Writer) {
        w.text(self);
    }
    fn take(r: &mut Reader<'_>) -> Self {
        r.text()
    }
    #[cfg(test)]
    fn sample(rng: &mut tests::Rng) -> Self {
        (*rng.of(&[
            "",
            "orders",
            "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}",
            "차 \u{1f697}\u{2028}",
        ]))
        .into()
    }
}

impl<T: Json> Json for Option<T> {
    const OPTIONAL: bool = true;

    fn put(&self, w: &mut Writer) {
        match self {
            Some(value) => value.put(w),
            None => w.raw("null"),
        }
    }
    fn take(r: &mut Reader<'_>) -> Self {
        if r.is_null() { None } else { Some(T::take(r)) }
    }
    #[cfg(test)]
    fn sample(rng: &mut tests::Rng) -> Self {
        (*rng.of(&[true, false])).then(|| T::sample(rng))
    }
}

impl<T: Json> Json for Vec<T> {
    fn put(&self, w: &mut Writer) {
        w.open('[');
        for value in self {
            w.comma();
            value.put(w);
        }
        w.close(']');
    }
    fn take(r: &mut Reader<'_>) -> Self {
        let mut values = Self::new();
        let mut next = r.first();
        while r.enter(&mut next) {
            values.push(T::take(r));
        }
        values
    }
    #[cfg(test)]
    fn sample(rng: &mut tests::Rng) -> Self {
        (0..*rng.of(&[0, 1, 3])).map(|_| T::sample(rng)).collect()
    }
}

macro_rules! tuples {
    ($(($($name:ident)*) $len:literal;)*) => { $(
        impl<$($name: Json),*> Json for ($($name,)*) {
            fn put(&self, w: &mut Writer) {
                #[allow(non_snake_case)]
                let ($($name,)*) = self;
                w.open('[');
                $( w.comma(); $name.put(w); )*
                w.close(']');
            }
            fn take(r: &mut Reader<'_>) -> Self {
                let mut next = r.exactly($len);
                ($({ r.enter(&mut next); $name::take(r) },)*)
            }
            #[cfg(test)]
            fn sample(rng: &mut tests::Rng) -> Self {
                ($($name::sample(rng),)*)
            }
        }
    )* };
}

tuples! {
    (A B) 2;
    (A B C) 3;
}

/// Makes structs with the JSON of their fields.
macro_rules! json_structs {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $ty:ty, )*
        }
    )*) => { $(
        $(#[$meta])*
        #[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $ty, )*
        }

        impl $crate::json::Json for $name {
            fn put(&self, w: &mut $crate::json::Writer) {
                w.open('{');
                $( w.field(stringify!($field), &self.$field); )*
                w.close('}');
            }
            fn take(r: &mut $crate::json::Reader<'_>) -> Self {
                Self { $( $field: r.field(stringify!($field)), )* }
            }
            #[cfg(test)]
            fn sample(rng: &mut $crate::json::tests::Rng) -> Self {
                Self { $( $field: $crate::json::Json::sample(rng), )* }
            }
        }
    )* };
}

/// Makes enums with the JSON of their variants. A variant that wraps another type gives it a name: `Leaf(leaf: Leaf)`.
macro_rules! json_enums {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident
                    $( { $( $(#[$field_meta:meta])* $field:ident: $ty:ty, )* } )?
                    $( ($inner:ident: $inner_ty:ty) )?,
            )*
        }
    )*) => { $(
        $(#[$meta])*
        #[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                $variant $( { $( $(#[$field_meta])* $field: $ty, )* } )? $( ($inner_ty) )?,
            )*
        }

        impl $name {
            /// The name of the variant in JSON.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $( Self::$variant { .. } => $crate::json::snake!($variant), )*
                }
            }
        }

        impl $crate::json::Json for $name {
            fn put(&self, w: &mut $crate::json::Writer) {
                match self {
                    $( Self::$variant $( { $($field,)* } )? $( ($inner) )? => {
                        const SHAPE: $crate::json::Shape = $crate::json::shape!($( { $($field)* } )? $( ($inner) )?);
                        w.variant($crate::json::snake!($variant), SHAPE);
                        $( $( w.field(stringify!($field), $field); )* )?
                        $( $crate::json::Json::put($inner, w); )?
                        w.end_variant(SHAPE);
                    } )*
                }
            }
            fn take(r: &mut $crate::json::Reader<'_>) -> Self {
                #[derive(Clone, Copy)]
                enum Tag { $( $variant, )* }
                const TAGS: &[Tag] = &[$( Tag::$variant ),*];
                const NAMES: &[&str] = &[$( $crate::json::snake!($variant) ),*];
                let back = r.place();
                let value = match TAGS[r.variant(NAMES)] {
                    $( Tag::$variant => {
                        if $crate::json::shape!($( { $($field)* } )? $( ($inner) )?) == $crate::json::Shape::Unit {
                            r.nothing();
                        }
                        Self::$variant $( { $( $field: r.field(stringify!($field)), )* } )?
                            $( (<$inner_ty as $crate::json::Json>::take(r)) )?
                    } )*
                };
                r.leave(back);
                value
            }
            #[cfg(test)]
            fn sample(rng: &mut $crate::json::tests::Rng) -> Self {
                let makers: &[fn(&mut $crate::json::tests::Rng) -> Self] = &[$( |_rng| {
                    Self::$variant $( { $( $field: $crate::json::Json::sample(_rng), )* } )?
                        $( (<$inner_ty as $crate::json::Json>::sample(_rng)) )?
                } ),*];
                rng.of(makers)(rng)
            }
        }
    )* };
}

macro_rules! shape {
    () => {
        $crate::json::Shape::Unit
    };
    ({ $($field:ident)* }) => {
        $crate::json::Shape::Fields
    };
    (($inner:ident)) => {
        $crate::json::Shape::Inner
    };
}

/// `BatchOpened` as `"batch_opened"`.
macro_rules! snake {
    ($variant:ident) => {{
        const CAMEL: &[u8] = stringify!($variant).as_bytes();
        const SNAKE: [u8; $crate::json::to_snake_len(CAMEL)] = $crate::json::to_snake(CAMEL);
        const NAME: &str = match core::str::from_utf8(&SNAKE) {
            Ok(name) => name,
            Err(_) => panic!("names of variants are ASCII"),
        };
        NAME
    }};
}

pub(crate) use {json_enums, json_structs, shape, snake};

pub(crate) const fn to_snake_len(camel: &[u8]) -> usize {
    let (mut len, mut at) = (camel.len(), 1);
    while at < camel.len() {
        len += camel[at].is_ascii_uppercase() as usize;
        at += 1;
    }
    len
}

pub(crate) const fn to_snake<const N: usize>(camel: &[u8]) -> [u8; N] {
    let mut out = [b'_'; N];
    let (mut from, mut to) = (0, 0);
    while from < camel.len() {
        to += (from > 0 && camel[from].is_ascii_uppercase()) as usize;
        out[to] = camel[from].to_ascii_lowercase();
        (from, to) = (from + 1, to + 1);
    }
    out
}

#[cfg(test)]
pub(crate) mod tests;
