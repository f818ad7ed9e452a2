//! The values that every peer sends: JSON with changing numbers, which lz4 makes about half as long.

use std::fmt::Write;
use std::path::PathBuf;

use crate::bench::dir;
use crate::failure::{Result, at};

/// Different values, so that no dictionary holds all of them.
const VARIETY: usize = 10_000;

/// Writes the values, one in each line, and returns the file.
pub(crate) fn file(len: usize) -> Result<PathBuf> {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut lines = String::with_capacity(VARIETY * (len + 1));
    for number in 0..VARIETY {
        lines += &value(len, number, &mut random);
        lines.push('\n');
    }
    let path = dir()?.join(format!("values-{len}.txt"));
    at(&path, std::fs::write(&path, lines))?;
    Ok(path)
}

fn value(len: usize, number: usize, random: &mut u64) -> String {
    let mut next = |below: u64| {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random >> 20) % below
    };
    let mut text = format!(r#"{{"id":{number}"#);
    while text.len() < len {
        let (user, page, ms) = (next(1 << 32), next(5000), next(1000));
        // Writing to a string does not fail.
        let _ = write!(text, r#","user":"{user:08x}","page":"/items/{page}","ms":{ms}"#);
    }
    text.truncate(len - 1);
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_have_their_length_and_fit_a_line() {
        let mut random = 1;
        for (number, len) in [100, 1000].into_iter().enumerate() {
            let value = super::value(len, number, &mut random);
            assert_eq!(value.len(), len);
            assert!(value.is_ascii() && !value.contains('\n'));
        }
    }
}
