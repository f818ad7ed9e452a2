//! Maps and sets as sorted vectors.
//!
//! For dozens of entries, or for keys that mostly come in ascending order: brokers, partitions, connections. Finding takes
//! a binary search; inserting and removing move what is behind. They iterate in the order of their keys, as `BTreeMap`
//! does, whose name each method has. What they are for is size: each type of key and value costs a page 3 KB of wasm as a
//! `BTreeMap`, and some 300 bytes here. Where thousands of keys come in no order, use a `BTreeMap`.

#![no_std]
extern crate alloc;

mod map;
mod set;
mod sort;
mod text;

pub use map::{Entry, Iter, IterMut, SortedMap};
pub use set::SortedSet;
pub use sort::{sort, sort_by_key};
pub use text::split_once;
