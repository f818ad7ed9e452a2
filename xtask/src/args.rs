//! Command line arguments: every option is asked for by name, and what nobody asked for is refused.

use crate::failure::{Failure, Result};

/// The words after the command that no option has taken yet.
#[derive(Debug)]
pub(crate) struct Args {
    command: String,
    words: Vec<String>,
}

impl Args {
    pub(crate) fn new(command: &str, words: Vec<String>) -> Self {
        Self {
            command: command.to_owned(),
            words,
        }
    }

    /// Takes `--name`; true when it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let found = self.words.iter().position(|word| word == name);
        if let Some(at) = found {
            self.words.remove(at);
        }
        found.is_some()
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        if let Some(at) = self.words.iter().position(|word| word.starts_with(&prefix)) {
            return Ok(Some(self.words.remove(at)[prefix.len()..].to_owned()));
        }
        let Some(at) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        self.words.remove(at);
        if at >= self.words.len() || self.words[at].starts_with("--") {
            return Err(self.refusal(&format!("{name} needs a value")));
        }
        Ok(Some(self.words.remove(at)))
    }

    /// Takes the remaining words that are not options.
    pub(crate) fn targets(&mut self) -> Vec<String> {
        let (targets, rest) = self.words.drain(..).partition(|word| !word.starts_with('-'));
        self.words = rest;
        targets
    }

    /// Refuses whatever was not taken.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(self.refusal(&format!("`{word}` is not an argument of this command"))),
        }
    }

    pub(crate) fn refusal(&self, what: &str) -> Failure {
        Failure::usage(format!("{what}; see `cargo xtask {} --help`", self.command))
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(words: &[&str]) -> Args {
        Args::new("demo", words.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn options_are_taken_in_any_order_and_spelling() {
        let mut args = args(&["--port=8080", "--no-open", "--kafka", "localhost:9092"]);
        assert_eq!(args.value("--kafka").unwrap().as_deref(), Some("localhost:9092"));
        assert_eq!(args.value("--port").unwrap().as_deref(), Some("8080"));
        assert!(args.flag("--no-open"));
        assert!(!args.flag("--no-open"));
        args.finish().unwrap();
    }

    #[test]
    fn what_nobody_asked_for_is_refused_by_name() {
        let message = args(&["--prot", "1"]).finish().unwrap_err();
        assert_eq!(message.exit_code(), 2);
        assert!(message.message().contains("`--prot`"), "{message:?}");
    }

    #[test]
    fn an_option_does_not_swallow_its_neighbour() {
        let mut args = args(&["--port", "--no-open"]);
        assert!(
            args.value("--port")
                .unwrap_err()
                .message()
                .contains("--port needs a value")
        );
    }

    #[test]
    fn targets_leave_options_to_be_refused() {
        let mut args = args(&["encode", "--fast"]);
        assert_eq!(args.targets(), ["encode"]);
        assert!(args.finish().is_err());
    }
}
