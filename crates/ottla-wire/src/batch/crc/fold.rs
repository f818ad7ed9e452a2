//! Shortens an input to 1672 bytes with the same remainder, by XOR alone.
//!
//! The polynomial divides a sparse one whose exponents are multiples of 64:
//! x^(64·209) + x^(64·144) + x^(64·54) + x^(64·39) + x^(64·14) + 1. A word is therefore worth the same as its copies
//! 65, 155, 170, 195 and 209 words later, and can be removed after adding it there. No step depends on one less than
//! 65 words before, so a compiler may reorder at will. Tables need a load per byte; this needs under six per eight.
//! The method is known as Chorba.

/// Distances in words from a removed word to its copies.
const TAPS: [usize; 5] = [65, 155, 170, 195, 209];
/// Words that remain: no word may be removed whose copies would fall behind the end.
const WINDOW: usize = TAPS[4];
/// Words done at once; at most the shortest distance.
const STEP: usize = 64;
/// Words written out in the loop's body. Distances that differ by less (155 and 170, 195 and 209) then share their
/// loads: in wasm 8.9 GB/s instead of 5.0. Written out by a macro, because a compiler that is to make small code does
/// not unroll.
const UNROLL: usize = 16;
/// Words in the scratch buffer behind the window.
const ROOM: usize = 8 * STEP;

/// Below this the tables are faster: it is the window and some.
pub(super) const MIN_LEN: usize = 2700;

/// The words that stand for the front of `bytes`, and the bytes behind them that stay as they are. The remainder of
/// the two in a row from state 0 is that of `bytes` from the usual all-ones state.
///
/// # Panics
/// Below [`MIN_LEN`] bytes.
pub(super) fn fold(bytes: &[u8]) -> ([[u8; 8]; WINDOW], &[u8]) {
    let (words, _) = bytes.as_chunks::<8>();
    let removed = (words.len() - WINDOW) / STEP * STEP;
    let (steps, _) = words[..removed].as_chunks::<STEP>();
    let mut scratch = [0_u64; WINDOW + ROOM];
    let mut end = WINDOW;
    for (i, step) in steps.iter().enumerate() {
        if end == scratch.len() {
            scratch.copy_within(ROOM.., 0);
            end = WINDOW;
        }
        fold_step(&mut scratch, end, step);
        if i == 0 {
            // The all-ones start of the CRC, as a change of the message.
            scratch[end] ^= 0xffff_ffff;
        }
        end += STEP;
    }
    let history = &scratch[end - WINDOW..end];
    let mut window = [[0; 8]; WINDOW];
    for (j, out) in window.iter_mut().enumerate() {
        let copies = TAPS.iter().filter(|tap| **tap > j);
        let sum = copies.fold(0, |sum, tap| sum ^ history[WINDOW + j - tap]);
        *out = (u64::from_le_bytes(words[removed + j]) ^ sum).to_le_bytes();
    }
    (window, &bytes[(removed + WINDOW) * 8..])
}

/// Writes the next words behind `end`: those of the message and the copies that earlier words left there.
#[inline]
fn fold_step(scratch: &mut [u64; WINDOW + ROOM], end: usize, step: &[[u8; 8]; STEP]) {
    // One base address with constant offsets: a single induction variable is what makes this fast in wasm.
    let span = scratch[end - WINDOW..]
        .first_chunk_mut::<{ WINDOW + STEP }>()
        .expect("`end` is a window or more, and a step or more of the room is left");
    for i in 0..STEP / UNROLL {
        let first = i * UNROLL;
        words!(span, step, first: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }
}

macro_rules! words {
    ($span:ident, $step:ident, $first:ident: $($j:literal)*) => {{
        const { assert!([$($j),*].len() == UNROLL) };
        $(word($span, $step, $first + $j);)*
    }};
}
use words;

#[inline(always)]
fn word(span: &mut [u64; WINDOW + STEP], step: &[[u8; 8]; STEP], j: usize) {
    let mut word = u64::from_le_bytes(step[j]);
    word ^= span[WINDOW + j - TAPS[0]] ^ span[WINDOW + j - TAPS[1]] ^ span[WINDOW + j - TAPS[2]];
    word ^= span[WINDOW + j - TAPS[3]] ^ span[WINDOW + j - TAPS[4]];
    span[WINDOW + j] = word;
}
