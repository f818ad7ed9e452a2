//! Takes out of a module what only a panic's message needs.
//!
//! A panic in these modules ends in a trap, and nobody sees its message: there is no standard error, and the package
//! sets no hook. Building the message nevertheless takes code at every place that may panic, and the names of source
//! files, with lines and columns, in the data. JavaScript sees the same `RuntimeError` with and without them.

use std::collections::{BTreeSet, HashMap, HashSet};

use walrus::ir::{Instr, InstrSeqId, Unreachable, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataKind, FunctionId, FunctionKind, LocalFunction, Module};

/// Where panics and failed allocations enter the standard library's reporting, which ends in a trap.
const REPORTERS: [&str; 3] = ["rust_begin_unwind", "handle_alloc_error", "rust_oom"];

/// Traps at once where the module would trap after preparing a message, and blanks what is known of source files.
pub(crate) fn slim(module: &mut Module) {
    let trapping = trapping_functions(module);
    for (id, function) in module.funcs.iter_local_mut() {
        if trapping.contains(&id) {
            let entry = function.entry_block();
            function.block_mut(entry).instrs = vec![(Unreachable {}.into(), Default::default())];
        } else {
            cut_before_traps(function, &trapping);
        }
    }
    blank_locations(module);
}

/// Functions that never return and that nobody can see working: they call nothing of JavaScript, nor a function that is
/// not known here.
fn trapping_functions(module: &Module) -> HashSet<FunctionId> {
    let reporters: HashSet<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| module.funcs.get(*id).name.as_deref().is_some_and(is_reporter))
        .collect();
    let shapes: HashMap<FunctionId, Shape> = module
        .funcs
        .iter_local()
        .map(|(id, function)| (id, Shape::of(function)))
        .collect();
    let mut visible: HashSet<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| !matches!(function.kind, FunctionKind::Local(_)))
        .map(walrus::Function::id)
        .collect();
    visible.extend(
        shapes
            .iter()
            .filter(|(id, shape)| shape.calls_unknown && !reporters.contains(id))
            .map(|(id, _)| *id),
    );
    loop {
        let more: Vec<FunctionId> = shapes
            .iter()
            .filter(|(id, shape)| {
                !visible.contains(id)
                    && !reporters.contains(id)
                    && shape.calls.iter().any(|callee| visible.contains(callee))
            })
            .map(|(id, _)| *id)
            .collect();
        if more.is_empty() {
            break;
        }
        visible.extend(more);
    }
    let endless = shapes
        .iter()
        .filter(|(id, shape)| shape.never_returns && !visible.contains(id))
        .map(|(id, _)| *id);
    endless.chain(reporters.iter().copied()).collect()
}

/// Names are demangled; the hash of a crate stands between brackets.
fn is_reporter(name: &str) -> bool {
    let last = name.rsplit("::").find(|part| !is_hash(part)).unwrap_or(name);
    REPORTERS.contains(&last)
}

fn is_hash(part: &str) -> bool {
    part.len() == 17 && part.starts_with('h') && part[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What matters of a function here.
struct Shape {
    calls: Vec<FunctionId>,
    calls_unknown: bool,
    never_returns: bool,
}

impl Shape {
    fn of(function: &LocalFunction) -> Self {
        let entry = function.entry_block();
        let mut survey = Survey {
            entry,
            calls: Vec::new(),
            calls_unknown: false,
            returns: false,
        };
        dfs_in_order(&mut survey, function, entry);
        let ends = function.block(entry).instrs.iter();
        let traps = ends
            .rev()
            .any(|(instr, _)| matches!(instr, Instr::Unreachable(_)));
        Self {
            calls: survey.calls,
            calls_unknown: survey.calls_unknown,
            never_returns: traps && !survey.returns,
        }
    }
}

struct Survey {
    entry: InstrSeqId,
    calls: Vec<FunctionId>,
    calls_unknown: bool,
    returns: bool,
}

impl Visitor<'_> for Survey {
    fn visit_instr(&mut self, instr: &Instr, _: &walrus::ir::InstrLocId) {
        match instr {
            Instr::Call(call) => self.calls.push(call.func),
            Instr::CallIndirect(_) => self.calls_unknown = true,
            Instr::Return(_) => self.returns = true,
            Instr::Br(to) => self.returns |= to.block == self.entry,
            Instr::BrIf(to) => self.returns |= to.block == self.entry,
            Instr::BrTable(table) => {
                self.returns |= table.default == self.entry || table.blocks.contains(&self.entry);
            }
            // Whatever else can leave a function is not made by this compiler; better too careful.
            Instr::ReturnCall(_) | Instr::ReturnCallIndirect(_) => {
                self.returns = true;
                self.calls_unknown = true;
            }
            _ => {}
        }
    }
}

/// Ends each sequence of instructions where it begins to prepare a call that traps.
fn cut_before_traps(function: &mut LocalFunction, trapping: &HashSet<FunctionId>) {
    let mut sequences = Sequences(Vec::new());
    dfs_in_order(&mut sequences, function, function.entry_block());
    for id in sequences.0 {
        let instrs = &mut function.block_mut(id).instrs;
        let traps =
            |(instr, _): &(Instr, _)| matches!(instr, Instr::Call(call) if trapping.contains(&call.func));
        let Some(call) = instrs.iter().position(traps) else {
            continue;
        };
        let kept = instrs[..call]
            .iter()
            .rposition(|(instr, _)| !is_local(instr))
            .map_or(0, |last| last + 1);
        instrs.truncate(kept);
        instrs.push((Unreachable {}.into(), Default::default()));
    }
}

/// All sequences of a function.
struct Sequences(Vec<InstrSeqId>);

impl<'instr> Visitor<'instr> for Sequences {
    fn start_instr_seq(&mut self, sequence: &'instr walrus::ir::InstrSeq) {
        self.0.push(sequence.id());
    }
}

/// Whether nobody outside of the module can tell that it ran, once the module has trapped.
fn is_local(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Const(_)
            | Instr::LocalGet(_)
            | Instr::LocalSet(_)
            | Instr::LocalTee(_)
            | Instr::GlobalGet(_)
            | Instr::GlobalSet(_)
            | Instr::Binop(_)
            | Instr::Unop(_)
            | Instr::Select(_)
            | Instr::Drop(_)
            | Instr::Load(_)
            | Instr::Store(_)
    )
}

/// Overwrites each `core::panic::Location` (file name, its length, line, column) with zeros, and the names.
fn blank_locations(module: &mut Module) {
    let segments: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in segments {
        let data = module.data.get_mut(id);
        let DataKind::Active {
            offset: ConstExpr::Value(Value::I32(start)),
            ..
        } = data.kind
        else {
            continue;
        };
        let mut names = BTreeSet::new();
        for at in (0..data.value.len().saturating_sub(15)).step_by(4) {
            if let Some(name) = location_name(&data.value, at, start as u32 as usize) {
                data.value[at..at + 16].fill(0);
                names.insert(name);
            }
        }
        for (at, len) in names {
            data.value[at..at + len].fill(0);
        }
    }
}

/// Place and length of the file's name if there is a location at `at` of data that is loaded to `start`.
fn location_name(data: &[u8], at: usize, start: usize) -> Option<(usize, usize)> {
    let (words, _) = data[at..at + 16].as_chunks::<4>();
    let [pointer, len, line, column] =
        [0, 1, 2, 3].map(|word: usize| u32::from_le_bytes(words[word]) as usize);
    if line == 0 || line > 1 << 20 || column == 0 || column > 1 << 12 {
        return None;
    }
    let from = pointer.checked_sub(start)?;
    let name = data.get(from..from.checked_add(len)?)?;
    let is_name = name.ends_with(b".rs") && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some((from, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reporters_are_known_by_either_mangling() {
        assert!(is_reporter("__rustc[b7974e8690430dd9]::rust_begin_unwind"));
        assert!(is_reporter("alloc::alloc::handle_alloc_error::h0123456789abcdef"));
        assert!(!is_reporter("app::handle_alloc_error::other"));
    }

    #[test]
    fn a_location_is_recognised_and_nothing_else() {
        let start = 1024;
        let mut data = b"src/a.rs....".to_vec();
        for word in [start as u32, 8, 12, 5] {
            data.extend(word.to_le_bytes());
        }
        assert_eq!(location_name(&data, 12, start), Some((0, 8)));
        // No line; a name that is cut; a pointer outside.
        for (word, value) in [(2, 0), (1, 7), (0, 1020)] {
            let mut other = data.clone();
            let at = 12 + 4 * word;
            other[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
            assert_eq!(location_name(&other, 12, start), None, "word {word}");
        }
    }
}
