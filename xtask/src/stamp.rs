//! Stamps: a step is skipped while the contents that it was made from are what they were.

use std::path::{Path, PathBuf};

use crate::failure::{Result, at};

/// A hash over a step's inputs, compared with the one that its last success left behind.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    hash: u64,
}

impl Stamp {
    /// Keep `file` inside what the step makes, so that deleting the product forgets the stamp.
    pub(crate) fn new(file: PathBuf) -> Self {
        const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        Self {
            file,
            hash: FNV_OFFSET,
        }
    }

    /// Adds a text that the product depends on, such as a version.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.mix(text.as_bytes());
        self
    }

    /// Adds a file's content.
    pub(crate) fn input(mut self, path: &Path) -> Result<Self> {
        let content = at(path, std::fs::read(path))?;
        self.mix(&content);
        Ok(self)
    }

    pub(crate) fn is_fresh(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.content())
    }

    pub(crate) fn leave(&self) -> Result<()> {
        if let Some(parent) = self.file.parent() {
            at(parent, std::fs::create_dir_all(parent))?;
        }
        at(&self.file, std::fs::write(&self.file, self.content()))
    }

    fn content(&self) -> String {
        format!("{:016x}\n", self.hash)
    }

    fn mix(&mut self, bytes: &[u8]) {
        const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
        // The length first: "ab" + "c" must not equal "a" + "bc".
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stamp;

    #[test]
    fn fresh_only_while_every_input_is_the_same() {
        let dir = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let file = dir.join("stamp");
        let stamp = |a: &str, b: &str| Stamp::new(file.clone()).text(a).text(b);
        assert!(!stamp("ab", "c").is_fresh());
        stamp("ab", "c").leave().unwrap();
        assert!(stamp("ab", "c").is_fresh());
        assert!(!stamp("a", "bc").is_fresh());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
