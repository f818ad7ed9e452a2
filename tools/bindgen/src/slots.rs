//! Takes functions out of the table of function pointers that nobody points to.
//!
//! Code that is cut leaves the functions behind whose addresses it took, such as those that format a value for the
//! message of a panic: the table names them, so no later step can tell that they are unused.

use std::collections::{HashMap, HashSet};

use walrus::ir::{Call, Const, Instr, RefFunc, ReturnCall, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind,
    GlobalKind, Module,
};

/// Lets a function that traps stand where nobody points to. An address is the number of a place in the table, and is
/// found as a constant in code that runs or as an aligned word of the data: the compiler has no other way to say it.
/// A word that only happens to have such a value keeps a function that could go.
pub(crate) fn prune(module: &mut Module) {
    let Some(slots) = slots(module) else { return };
    let live = live(module, &slots);
    if slots.keys().all(|slot| live.contains(slot)) {
        return;
    }
    let mut body = FunctionBuilder::new(&mut module.types, &[], &[]);
    body.func_body().unreachable();
    let trap = body.finish(Vec::new(), &mut module.funcs);
    for element in module.elements.iter_mut() {
        let (Some(start), ElementItems::Functions(functions)) = (start_of(&element.kind), &mut element.items)
        else {
            continue;
        };
        for (slot, function) in (start..).zip(functions) {
            if !live.contains(&slot) {
                *function = trap;
            }
        }
    }
}

/// The functions of the table; none if somebody outside of the module could use it, or it is filled in another way than
/// the compiler's.
fn slots(module: &Module) -> Option<HashMap<u32, FunctionId>> {
    let mut slots = HashMap::new();
    for element in module.elements.iter() {
        let ElementKind::Active { table, .. } = element.kind else {
            return None;
        };
        let shared = module.tables.get(table).import.is_some()
            || module
                .exports
                .iter()
                .any(|export| matches!(export.item, ExportItem::Table(id) if id == table));
        let (false, Some(start), ElementItems::Functions(functions)) =
            (shared, start_of(&element.kind), &element.items)
        else {
            return None;
        };
        slots.extend((start..).zip(functions.iter().copied()));
    }
    Some(slots)
}

fn start_of(kind: &ElementKind) -> Option<u32> {
    match kind {
        ElementKind::Active {
            offset: ConstExpr::Value(Value::I32(start)),
            ..
        } => u32::try_from(*start).ok(),
        _ => None,
    }
}

/// The slots that something points to which is used itself.
fn live(module: &Module, slots: &HashMap<u32, FunctionId>) -> HashSet<u32> {
    let mut found = Found::default();
    found.numbers.extend(words(module));
    found
        .numbers
        .extend(module.globals.iter().filter_map(|global| match global.kind {
            GlobalKind::Local(ConstExpr::Value(Value::I32(value))) => Some(value as u32),
            _ => None,
        }));
    found.functions.extend(module.start);
    found
        .functions
        .extend(module.exports.iter().filter_map(|export| match export.item {
            ExportItem::Function(id) => Some(id),
            _ => None,
        }));
    let (mut seen, mut live) = (HashSet::new(), HashSet::new());
    loop {
        for number in std::mem::take(&mut found.numbers) {
            if let Some(function) = slots.get(&number)
                && live.insert(number)
            {
                found.functions.push(*function);
            }
        }
        let Some(id) = found.functions.pop() else {
            return live;
        };
        if seen.insert(id)
            && let FunctionKind::Local(function) = &module.funcs.get(id).kind
        {
            dfs_in_order(&mut found, function, function.entry_block());
        }
    }
}

/// The aligned words of the data.
fn words(module: &Module) -> impl Iterator<Item = u32> + '_ {
    module.data.iter().flat_map(|data| {
        let start = match data.kind {
            DataKind::Active {
                offset: ConstExpr::Value(Value::I32(start)),
                ..
            } => start as u32 as usize,
            _ => 0,
        };
        let first = data.value.len().min(start.wrapping_neg() % 4);
        let (words, _) = data.value[first..].as_chunks::<4>();
        words.iter().map(|word| u32::from_le_bytes(*word))
    })
}

/// What the code of used functions names.
#[derive(Default)]
struct Found {
    functions: Vec<FunctionId>,
    numbers: Vec<u32>,
}

impl Visitor<'_> for Found {
    fn visit_instr(&mut self, instr: &Instr, _: &walrus::ir::InstrLocId) {
        match instr {
            Instr::Call(Call { func })
            | Instr::ReturnCall(ReturnCall { func })
            | Instr::RefFunc(RefFunc { func }) => self.functions.push(*func),
            Instr::Const(Const {
                value: Value::I32(value),
            }) => self.numbers.push(*value as u32),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use walrus::{ModuleConfig, RefType};

    use super::*;

    /// A module with four functions in slots 1 to 4: the first two are pointed to, by code that runs and by data.
    fn module(exported: bool) -> (Module, Vec<FunctionId>) {
        let mut module = Module::with_config(ModuleConfig::new());
        let functions: Vec<FunctionId> = (0..5)
            .map(|slot| {
                let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
                // Slot 3 is unused, so that it points to slot 4 does not count.
                function
                    .func_body()
                    .i32_const(if slot == 3 { 4 } else { 0 })
                    .drop();
                function.finish(Vec::new(), &mut module.funcs)
            })
            .collect();
        let mut start = FunctionBuilder::new(&mut module.types, &[], &[]);
        start.func_body().i32_const(1).drop();
        let start = start.finish(Vec::new(), &mut module.funcs);
        module.exports.add("run", start);
        let table = module.tables.add_local(false, 5, Some(5), RefType::FUNCREF);
        if exported {
            module.exports.add("table", table);
        }
        let kind = ElementKind::Active {
            table,
            offset: ConstExpr::Value(Value::I32(1)),
        };
        let items = ElementItems::Functions(functions[1..].to_vec());
        module.elements.add(kind, items);
        let memory = module.memories.add_local(false, false, 1, None, None);
        let kind = DataKind::Active {
            memory,
            offset: ConstExpr::Value(Value::I32(1026)),
        };
        module.data.add(kind, vec![0, 0, 2, 0, 0, 0]);
        (module, functions)
    }

    fn table(module: &Module) -> Vec<FunctionId> {
        let element = module.elements.iter().next().expect("one was added");
        match &element.items {
            ElementItems::Functions(functions) => functions.clone(),
            ElementItems::Expressions(..) => panic!("they were functions"),
        }
    }

    #[test]
    fn only_what_is_pointed_to_stays() {
        let (mut module, functions) = module(false);
        prune(&mut module);
        let table = table(&module);
        assert_eq!(table[..2], functions[1..3]);
        assert_eq!(table[2], table[3]);
        assert!(!functions.contains(&table[2]));
    }

    #[test]
    fn a_table_that_others_see_stays_as_it_is() {
        let (mut module, functions) = module(true);
        prune(&mut module);
        assert_eq!(table(&module), functions[1..]);
    }
}
