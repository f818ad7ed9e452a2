//! Targets for fuzzing: each takes any bytes, and panics when something does not hold for them.
//!
//! `tests/corpus.rs` runs the kept inputs (`corpus/`) through their targets; `libfuzzer/` searches for new ones, by
//! `cargo xtask prove fuzz`. Memory is part of what has to hold: each target says how much an input may take.

#[path = "../../crates/ottla-wire/tests/oracle/counting.rs"]
mod counting;
mod gateway;
mod journal;
mod messages;
mod producer;
mod records;
mod scram;
mod split;
mod trace;

pub use messages::seeds as message_seeds;

use counting::peak_of;

/// Something that reads bytes of others.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its directory in `corpus/`.
    pub name: &'static str,
    /// Longest input in bytes that a search tries.
    pub max_len: usize,
    run: fn(&[u8]),
    /// How many bytes of memory an input of that length may take.
    memory: fn(usize) -> usize,
}

/// What a decoder needs whatever comes: tables, an error's text.
const FIXED: usize = 4 << 10;

/// A decoded message takes at most 50 times the memory of its frame (`ottla-wire` says so); here it is there up to three
/// times: decoded, written, and decoded again.
fn of_messages(len: usize) -> usize {
    FIXED + 200 * len
}

/// As its tests have it: tables of a decompressor, and never more than twice its limit.
fn of_records(len: usize) -> usize {
    (400 << 10) + 200 * len + 4 * records::LIMIT
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target {
        name: "requests",
        max_len: 1024,
        run: messages::requests,
        memory: of_messages,
    },
    Target {
        name: "responses",
        max_len: 1024,
        run: messages::responses,
        memory: of_messages,
    },
    Target {
        name: "frames",
        max_len: 512,
        run: messages::frames,
        memory: of_messages,
    },
    Target {
        name: "batches",
        max_len: 512,
        run: records::batches,
        memory: of_records,
    },
    Target {
        name: "codecs",
        max_len: 512,
        run: records::codecs,
        // It compresses, too.
        memory: |len| (2 << 20) + of_records(len),
    },
    Target {
        name: "web_socket",
        max_len: 512,
        run: gateway::web_socket,
        memory: of_messages,
    },
    Target {
        name: "gateway_requests",
        max_len: 1024,
        run: gateway::requests,
        memory: |len| (32 << 10) + 200 * len,
    },
    Target {
        name: "gateway_answers",
        max_len: 1024,
        run: gateway::answers,
        memory: |len| (32 << 10) + 200 * len,
    },
    Target {
        name: "trace",
        max_len: 1024,
        run: trace::lines,
        memory: |len| (16 << 10) + 400 * len,
    },
    Target {
        name: "scram",
        max_len: 256,
        run: scram::conversation,
        memory: |len| (16 << 10) + 50 * len,
    },
    Target {
        name: "journal",
        max_len: 1024,
        run: journal::file,
        memory: |len| (400 << 10) + 200 * len + 4 * records::LIMIT,
    },
    Target {
        name: "producer",
        max_len: 512,
        run: producer::operations,
        // Its buffer, its world's copies, and a compressor's tables.
        memory: |len| (8 << 20) + 4000 * len,
    },
];

impl Target {
    /// The target of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Runs one input.
    ///
    /// # Panics
    /// When something does not hold for it, or it takes too much memory.
    pub fn run(&self, input: &[u8]) {
        let ((), peak) = peak_of(|| (self.run)(input));
        let allowed = (self.memory)(input.len());
        assert!(
            peak <= allowed,
            "{}: {peak} bytes of memory for an input of {}, {allowed} are allowed",
            self.name,
            input.len()
        );
    }
}
