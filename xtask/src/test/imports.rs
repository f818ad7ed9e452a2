//! What a wasm module asks of its host: only what wasm-bindgen's JavaScript gives. An import from `env` is a C
//! function that nobody provides, and the module fails when it is loaded.

use std::path::PathBuf;

use crate::failure::{Failure, Result, at};
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{Outcome, step};

const IMPORT_SECTION: u8 = 2;

pub(crate) fn check() -> Result<()> {
    step("wasm imports", || {
        let files: [PathBuf; 2] = [
            Page::Release.dir().join("web_bg.wasm"),
            NpmPackage::Release.dir().join("wasm/ottla_bg.wasm"),
        ];
        let mut count = 0;
        for file in &files {
            let bytes = at(file, std::fs::read(file))?;
            let imports =
                imports(&bytes).ok_or_else(|| Failure::step(format!("{}: not wasm", file.display())))?;
            if let Some((_, name)) = imports.iter().find(|(module, _)| module == "env") {
                return Err(Failure::step(format!(
                    "{}: imports `{name}` from `env`: a dependency expects a C library",
                    file.display()
                )));
            }
            count += imports.len();
        }
        Ok(Outcome::Done(format!(
            "{count} in {} modules, none from `env`",
            files.len()
        )))
    })
}

/// Every import as (module, name), or `None` for bytes that are not a wasm module.
fn imports(wasm: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader {
        rest: wasm.strip_prefix(b"\0asm\x01\0\0\0")?,
    };
    while !reader.rest.is_empty() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let section = reader.take(length)?;
        if id == IMPORT_SECTION {
            return Reader { rest: section }.imports();
        }
    }
    Some(Vec::new())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// LEB128, at most 64 bits.
    fn number(&mut self) -> Option<usize> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let length = self.number()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }

    fn imports(mut self) -> Option<Vec<(String, String)>> {
        let count = self.number()?;
        let mut imports = Vec::new();
        for _ in 0..count {
            imports.push((self.name()?, self.name()?));
            match self.byte()? {
                // A function or a tag, a table, a memory, a global.
                0 => drop(self.number()?),
                1 => {
                    self.byte()?;
                    self.limits()?;
                }
                2 => self.limits()?,
                3 => drop(self.take(2)?),
                4 => {
                    self.byte()?;
                    self.number()?;
                }
                _ => return None,
            }
        }
        Some(imports)
    }
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn imports_of_every_kind_are_read_to_the_last() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 4, 1, 0x60, 0, 0]);
        let section = [
            &[3_u8][..],
            b"\x03wbg\x03abc\x00\x00",
            b"\x03wbg\x01t\x01\x70\x01\x01\x02",
            b"\x03env\x06memory\x02\x00\x11",
        ]
        .concat();
        wasm.extend([2, u8::try_from(section.len()).unwrap()]);
        wasm.extend(&section);
        let names: Vec<(String, String)> = imports(&wasm).unwrap();
        assert_eq!(names.len(), 3);
        assert_eq!(names[2], ("env".to_owned(), "memory".to_owned()));
        assert_eq!(imports(b"\x7fELF"), None);
        assert_eq!(imports(&wasm[..wasm.len() - 1]), None);
    }
}
