//! What the pieces of a target say that they covered, added up over interrupted runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at};
use crate::tree;

/// Counts by name, from one unit up to another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    from: u64,
    to: u64,
    counts: BTreeMap<String, u64>,
}

const FROM: &str = "from";
const TO: &str = "to";

impl Figures {
    fn path(target: &str) -> PathBuf {
        tree::target().join("prove").join(format!("{target}.figures"))
    }

    /// What was counted up to `next`; nothing if what is kept ends elsewhere, because it was begun again.
    pub(crate) fn kept(target: &str, next: u64) -> Self {
        let text = std::fs::read_to_string(Self::path(target)).unwrap_or_default();
        let kept = Self::parse(&text);
        kept.filter(|kept| kept.to == next).unwrap_or(Self {
            from: next,
            to: next,
            counts: BTreeMap::new(),
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(|line| line.rsplit_once(": "));
        let mut counts = lines
            .map(|line| line.and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?))))
            .collect::<Option<BTreeMap<String, u64>>>()?;
        let (from, to) = (counts.remove(FROM)?, counts.remove(TO)?);
        Some(Self { from, to, counts })
    }

    pub(crate) fn store(&self, target: &str) -> Result<()> {
        let path = Self::path(target);
        let ends = [(FROM, self.from), (TO, self.to)];
        let counts = self.counts.iter().map(|(name, count)| (name.as_str(), *count));
        let lines = ends.into_iter().chain(counts);
        let text: String = lines.map(|(name, count)| format!("{name}: {count}\n")).collect();
        let dir = path.parent().unwrap_or(Path::new("."));
        at(dir, std::fs::create_dir_all(dir))?;
        at(&path, std::fs::write(&path, text))
    }

    /// Adds the lines `figure NAME: COUNT` of one piece's output.
    ///
    /// # Errors
    /// When there is none: the piece did nothing.
    pub(crate) fn read(&mut self, piece: &str, output: &str) -> Result<()> {
        let figure = |line: &str| {
            let (name, count) = line.trim().strip_prefix("figure ")?.rsplit_once(": ")?;
            Some((name.to_owned(), count.parse::<u64>().ok()?))
        };
        let mut figures = output.lines().filter_map(figure).peekable();
        if figures.peek().is_none() {
            return Err(Failure::step(format!(
                "{piece}: it says nothing of what it covered"
            )));
        }
        figures.for_each(|(name, count)| self.add(&name, count));
        Ok(())
    }

    pub(crate) fn add(&mut self, name: &str, count: u64) {
        *self.counts.entry(name.to_owned()).or_default() += count;
    }

    /// All up to `to` is counted.
    pub(crate) fn reach(&mut self, to: u64) {
        self.to = to;
    }

    pub(crate) fn get(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn range(&self) -> (u64, u64) {
        (self.from, self.to)
    }

    /// The counts whose names begin so, without that, the most frequent first.
    pub(crate) fn group(&self, prefix: &str) -> Vec<(&str, u64)> {
        let mut group: Vec<_> = self
            .counts
            .iter()
            .filter_map(|(name, count)| Some((name.strip_prefix(prefix)?, *count)))
            .collect();
        group.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        group
    }
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn pieces_are_added_up() {
        let mut figures = Figures::default();
        let output = "running 1 test\nfigure records: 3\nfigure fault, kill: 1\nfigure fault, cut: 5\ntest one ... ok\n";
        figures.read("a", output).unwrap();
        figures.read("b", output).unwrap();
        assert_eq!(figures.get("records"), 6);
        assert_eq!(figures.group("fault, "), [("cut", 10), ("kill", 2)]);
        assert!(figures.read("c", "test one ... ok\n").is_err());
    }

    #[test]
    fn what_is_kept_is_what_was_stored_and_damage_is_no_figure() {
        let text = "from: 10\nto: 20\nfault, kill: 4\n";
        let figures = Figures::parse(text).unwrap();
        assert_eq!((figures.range(), figures.get("fault, kill")), ((10, 20), 4));
        assert_eq!(Figures::parse("from: 10\nto: many\n"), None);
        assert_eq!(Figures::parse(""), None);
    }
}
