//! The native run of what `ottla-js` runs in Node and in a browser.
#![cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]

#[path = "everywhere/mod.rs"]
mod shared;

#[test]
fn checksum() {
    shared::the_checksum_is_crc_32c();
}

#[test]
fn same_bytes() {
    shared::batches_have_the_same_bytes_everywhere();
}

#[test]
fn read_back() {
    shared::batches_are_read_back();
}
