//! Short names for imports: wasm-bindgen's carry a hash that no compressor shortens, and stand in the module and in its
//! JavaScript.

use std::collections::HashMap;

use walrus::Module;

/// Short names for what a module imports from its JavaScript.
pub(crate) struct Names {
    /// The JavaScript file, as imports name it.
    file: String,
    short: HashMap<String, String>,
}

impl Names {
    /// Gives the imports from `file` short names.
    pub(crate) fn shorten(module: &mut Module, file: &str) -> Self {
        let file = format!("./{file}");
        let mut short = HashMap::new();
        for import in module.imports.iter_mut().filter(|it| it.module == file) {
            let next = name(short.len());
            let given = short.entry(import.name.clone()).or_insert(next);
            import.name.clone_from(given);
            "a".clone_into(&mut import.module);
        }
        Self { file, short }
    }

    /// The JavaScript with the same names.
    ///
    /// # Errors
    ///
    /// Says how many names it does not find.
    pub(crate) fn apply(&self, js: &str) -> Result<String, String> {
        let mut out = String::with_capacity(js.len());
        let mut renamed = 0;
        for line in js.lines() {
            let known = line.trim_start().split_once(": ").and_then(|(name, rest)| {
                let of_module = name.trim_matches('"') == self.file;
                let short = if of_module { "a" } else { self.short.get(name)? };
                renamed += usize::from(!of_module);
                Some(format!("{short}: {rest}"))
            });
            out.push_str(known.as_deref().unwrap_or(line));
            out.push('\n');
        }
        if renamed == self.short.len() {
            Ok(out)
        } else {
            Err(format!("{renamed} of {} imports found", self.short.len()))
        }
    }
}

/// `a` to `z`, `aa` and so on.
fn name(n: usize) -> String {
    let last = char::from(b'a' + (n % 26) as u8);
    match n / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", name(before - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            file: "./web_bg.js".to_owned(),
            short: HashMap::from([("__wbg_now_1f".to_owned(), "b".to_owned())]),
        }
    }

    #[test]
    fn names_are_short_and_differ() {
        let all: std::collections::HashSet<_> = (0..2_000).map(name).collect();
        assert_eq!(all.len(), 2_000);
        assert_eq!(
            [name(0), name(25), name(26), name(701), name(702)],
            ["a", "z", "aa", "zz", "aaa"]
        );
    }

    #[test]
    fn imports_are_renamed_and_the_rest_stays() {
        let js = "const it = {\n    __wbg_now_1f: function() {\n        // now: it\n    },\n};\n    \"./web_bg.js\": it,\n";
        let short = "const it = {\nb: function() {\n        // now: it\n    },\n};\na: it,\n";
        assert_eq!(names().apply(js).unwrap(), short);
    }

    #[test]
    fn a_name_that_is_missing_is_an_error() {
        assert!(names().apply("const it = {};\n").unwrap_err().contains("0 of 1"));
    }
}
