//! `ottla completions`: scripts that let a shell complete commands and options.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::exit::{Outcome, written};

/// Print a script with which a shell completes ottla's commands and options.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla completions bash > ~/.local/share/bash-completion/completions/ottla
  ottla completions zsh > ~/.zfunc/_ottla        # with `fpath+=~/.zfunc; autoload -Uz compinit; compinit` in ~/.zshrc
  ottla completions fish > ~/.config/fish/completions/ottla.fish
  ottla completions powershell >> $PROFILE")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(args: &CompletionsArgs, mut cli: Command, out: &mut impl Write) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "ottla", &mut script);
    written(out.write_all(&script))
}
