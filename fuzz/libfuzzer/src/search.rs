//! Searches for inputs that break one target, which `OTTLA_FUZZ_TARGET` names. The arguments are libFuzzer's.
#![no_main]

use std::sync::OnceLock;

use ottla_fuzz::Target;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("OTTLA_FUZZ_TARGET").unwrap_or_default();
        let target = Target::find(&name).unwrap_or_else(|| panic!("OTTLA_FUZZ_TARGET={name}: there is no such target"));
        TARGET.get_or_init(|| target);
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            target.run(input);
        }
    }
);
