//! Puts functions that are alike next to each other, where compressors find more in common and say more shortly where.
//!
//! Only names are written: `wasm-opt --reorder-functions-by-name` moves the functions and whatever refers to them.

use std::collections::HashMap;

/// Bytes of a function that are compared at a time.
const PIECE: usize = 4;
/// Pieces that more functions have than this say nothing about likeness.
const COMMON: usize = 1_000;

/// The module with names whose alphabetical order is the better one; `None` if it is not a module as compilers make
/// them.
pub(crate) fn named(wasm: &[u8]) -> Option<Vec<u8>> {
    let mut names = Vec::new();
    let functions = Functions::of(wasm)?;
    let order = order(&functions.bodies);
    let mut rank = vec![0; order.len()];
    for (at, function) in order.into_iter().enumerate() {
        rank[function] = at;
    }
    let imported = (0..functions.imported).map(|at| format!("a{at:06}"));
    let defined = rank.iter().map(|at| format!("f{at:06}"));
    put(&mut names, functions.imported + functions.bodies.len());
    for (index, name) in imported.chain(defined).enumerate() {
        put(&mut names, index);
        put(&mut names, name.len());
        names.extend(name.as_bytes());
    }
    let mut section = vec![4];
    section.extend(b"name\x01");
    put(&mut section, names.len());
    section.extend(names);
    let mut out = wasm.to_vec();
    out.push(0);
    put(&mut out, section.len());
    out.extend(section);
    Some(out)
}

/// What a module says of its functions.
struct Functions<'a> {
    imported: usize,
    bodies: Vec<&'a [u8]>,
}

impl<'a> Functions<'a> {
    fn of(wasm: &'a [u8]) -> Option<Self> {
        let mut functions = Self {
            imported: 0,
            bodies: Vec::new(),
        };
        let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
        while let Some((id, after)) = rest.split_first() {
            rest = after;
            let len = number(&mut rest)?;
            let mut section = take(&mut rest, len)?;
            match id {
                2 => functions.imported = imported(&mut section)?,
                10 => {
                    for _ in 0..number(&mut section)? {
                        let len = number(&mut section)?;
                        functions.bodies.push(take(&mut section, len)?);
                    }
                }
                _ => {}
            }
        }
        Some(functions)
    }
}

/// How many functions a section of imports has; only functions may be in it.
fn imported(section: &mut &[u8]) -> Option<usize> {
    let count = number(section)?;
    for _ in 0..count {
        for _ in 0..2 {
            let len = number(section)?;
            take(section, len)?;
        }
        if take(section, 1)? != [0] {
            return None;
        }
        number(section)?;
    }
    section.is_empty().then_some(count)
}

/// Each function is followed by the one that shares most with it, rare pieces counting more, in relation to its length;
/// if none shares anything, by the longest that is left.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<Vec<u32>> = bodies.iter().map(|body| pieces(body)).collect();
    let mut owners: HashMap<u32, Vec<usize>> = HashMap::new();
    for (function, pieces) in pieces.iter().enumerate() {
        for piece in pieces {
            owners.entry(*piece).or_default().push(function);
        }
    }
    owners.retain(|_, owners| owners.len() <= COMMON);
    let mut longest: Vec<usize> = (0..bodies.len()).collect();
    longest.sort_by_key(|function| bodies[*function].len());
    let mut left = vec![true; bodies.len()];
    let mut order = Vec::with_capacity(bodies.len());
    let mut shares = vec![0.0_f64; bodies.len()];
    while order.len() < bodies.len() {
        let best = order.last().and_then(|last: &usize| {
            shares.fill(0.0);
            for owners in pieces[*last].iter().filter_map(|piece| owners.get(piece)) {
                let weight = (bodies.len() as f64 / owners.len() as f64).log2();
                for function in owners.iter().filter(|function| left[**function]) {
                    shares[*function] += weight;
                }
            }
            let likeness =
                |function: usize| shares[function] / (pieces[function].len() as f64 + 30.0).powf(0.8);
            let sharing = (0..bodies.len()).filter(|function| shares[*function] > 0.0);
            sharing.max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
        });
        let next = best.or_else(|| {
            while longest.last().is_some_and(|function| !left[*function]) {
                longest.pop();
            }
            longest.last().copied()
        });
        let Some(next) = next else { break };
        left[next] = false;
        order.push(next);
    }
    order
}

fn pieces(body: &[u8]) -> Vec<u32> {
    let piece = |bytes: &[u8]| bytes.iter().fold(0, |piece, byte| piece << 8 | u32::from(*byte));
    let mut pieces: Vec<u32> = body.windows(PIECE).map(piece).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(taken)
}

/// An unsigned LEB128 of at most 32 bits.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return usize::try_from(value).ok();
        }
    }
    None
}

fn put(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one imported function and one section of code.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0\x02\x07\x01\x01a\x01b\0\0".to_vec();
        let mut code = Vec::new();
        put(&mut code, bodies.len());
        for body in bodies {
            put(&mut code, body.len());
            code.extend(*body);
        }
        wasm.push(10);
        put(&mut wasm, code.len());
        wasm.extend(code);
        wasm
    }

    #[test]
    fn functions_that_are_alike_become_neighbours() {
        let (long, other): (Vec<u8>, Vec<u8>) = ((0..100).collect(), (100..190).collect());
        assert_eq!(order(&[&other[..40], &long[..60], &other, &long]), [3, 1, 2, 0]);
    }

    #[test]
    fn every_function_has_a_name_and_the_module_stays() {
        let wasm = module(&[b"0123456", b"abcdefgh", b"0123456x", b""]);
        let named = named(&wasm).unwrap();
        let names = named.strip_prefix(&wasm[..]).unwrap();
        let text = String::from_utf8_lossy(names);
        for name in ["a000000", "f000000", "f000001", "f000002", "f000003"] {
            assert_eq!(text.matches(name).count(), 1, "{name}");
        }
        assert_eq!(usize::from(names[1]) + 2, names.len());
    }

    #[test]
    fn what_is_no_module_of_functions_is_left_alone() {
        let wasm = module(&[b"0123456"]);
        assert!(named(&wasm[..wasm.len() - 1]).is_none());
        assert!(named(&wasm[1..]).is_none());
        let mut memory = wasm;
        // The import is a memory.
        memory[15] = 2;
        assert!(named(&memory).is_none());
    }
}
