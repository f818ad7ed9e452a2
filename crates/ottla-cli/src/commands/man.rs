//! `ottla man`: manual pages.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::exit::{Failure, Outcome, written};

/// Print the manual page of ottla or of one command, or write all of them to a folder.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla man | man -l -
  ottla man topics | man -l -
  ottla man --out-dir ~/.local/share/man/man1        # then `man ottla-topics`")]
pub(crate) struct ManArgs {
    /// The command, such as topics.
    #[arg(conflicts_with = "out_dir")]
    command: Option<String>,
    /// Write ottla.1, ottla-topics.1 and so on to this folder, which is made if it is not there.
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ManArgs, mut cli: Command, out: &mut impl Write) -> Outcome {
    cli = cli.disable_help_subcommand(true);
    if let Some(dir) = &args.out_dir {
        let fault = |e: std::io::Error| Failure::Usage(format!("{}: cannot be written: {e}", dir.display()));
        std::fs::create_dir_all(dir).map_err(fault)?;
        return clap_mangen::generate_to(cli, dir).map_err(fault);
    }
    cli.build();
    let page = match &args.command {
        None => cli,
        Some(name) => {
            let found = cli.find_subcommand(name).cloned();
            let names = || {
                let names: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
                Failure::Usage(format!("{name} is no command; there are: {}", names.join(", ")))
            };
            // `find_subcommand` leaves the page's name to the reader: ottla-topics, as the file is called.
            let found = found.ok_or_else(names)?;
            let title = format!("ottla-{}", found.get_name());
            found.display_name(title)
        }
    };
    written(Man::new(page).render(out))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn page(command: Option<&str>) -> Result<String, String> {
        let args = ManArgs {
            command: command.map(str::to_owned),
            out_dir: None,
        };
        let mut out = Vec::new();
        run(&args, crate::Cli::command(), &mut out).map_err(|failure| failure.message().to_owned())?;
        Ok(String::from_utf8(out).expect("text"))
    }

    #[test]
    fn each_command_has_a_page_and_an_unknown_one_has_not() {
        assert!(page(None).expect("the program's").contains("ottla\\-topics(1)"));
        let topics = page(Some("topics")).expect("a command's");
        assert!(topics.contains(".TH ottla-topics 1"), "{topics}");
        assert!(
            topics.contains("\\-\\-under\\-min\\-isr\\-partitions"),
            "{topics}"
        );
        let error = page(Some("dance")).expect_err("none");
        assert!(
            error.contains("dance is no command") && error.contains("console-producer"),
            "{error}"
        );
    }
}
