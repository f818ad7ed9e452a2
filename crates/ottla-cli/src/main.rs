//! `ottla`: Kafka on the command line, with the flags of Kafka's own tools.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 done and every record delivered,
//! 1 a delivery failed or the cluster refused, 2 the command line or the input is wrong, 3 no cluster answers.

#![allow(
    clippy::print_stderr,
    reason = "standard error is where a command speaks to people"
)]

mod classes;
mod commands;
mod connection;
mod exit;
mod formatter;
mod line_reader;
mod metrics;
mod page_server;
mod progress;
mod properties;
mod seed_trace;
mod spelling;
mod throughput;
mod topic_name;
mod trace_file;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::exit::{Failure, Outcome};

/// Kafka for the places Kafka clients cannot reach.
#[derive(Parser, Debug)]
#[command(name = "ottla", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "Examples:
  ottla dev-cluster --topic orders:3
  echo 'kim	{\"order\":1}' | ottla console-producer --bootstrap-server localhost:9092 --topic orders --reader-property parse.key=true
  ottla console-consumer --bootstrap-server localhost:9092 --topic orders --from-beginning --formatter-property print.key=true
  ottla console-producer --bootstrap-server ws://localhost:8080/k/main --origin http://localhost:8000 --topic orders

Exit codes: 0 done and every record delivered, 1 a delivery failed or the cluster refused, 2 wrong usage or input (a topic name that Kafka forbids as well), 3 no cluster answers.
`ottla COMMAND --help` shows the options of a command with examples.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    ConsoleProducer(Box<commands::console_producer::ConsoleProducerArgs>),
    ConsoleConsumer(commands::console_consumer::ConsoleConsumerArgs),
    Topics(commands::topics::TopicsArgs),
    Configs(commands::configs::ConfigsArgs),
    BrokerApiVersions(commands::broker_api_versions::BrokerApiVersionsArgs),
    Partition(commands::partition::PartitionArgs),
    ProducerPerfTest(commands::producer_perf_test::PerfArgs),
    VerifiableProducer(commands::verifiable_producer::VerifiableArgs),
    Spool(commands::spool::SpoolCommandArgs),
    DevCluster(commands::dev_cluster::DevClusterArgs),
    Bridge(commands::bridge::BridgeArgs),
    Demo(commands::demo::DemoArgs),
    Trace(commands::trace::TraceArgs),
    Sim(commands::sim::SimArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

fn main() -> ExitCode {
    let spelled = match spelling::modernize(std::env::args_os().map(|a| a.to_string_lossy().into_owned())) {
        Ok(spelled) => spelled,
        Err(why) => return fail(&Failure::Usage(why)),
    };
    for warning in &spelled.warnings {
        eprintln!("warning: {warning}");
    }
    let mut matches = negatives_are_values(Cli::command()).get_matches_from(spelled.args);
    let cli = match Cli::from_arg_matches_mut(&mut matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut Cli::command()).exit(),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

/// `--partitions -1` has a value that is out of its range; it is no unknown option `-1`.
fn negatives_are_values(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_action() {
        ArgAction::Set | ArgAction::Append => arg.allow_negative_numbers(true),
        _ => arg,
    });
    command.mut_subcommands(negatives_are_values)
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("ottla: {}", failure.message());
    failure.code()
}

fn run(command: Command) -> Outcome {
    let mut out = BufWriter::new(io::stdout().lock());
    let outcome = match command {
        Command::Partition(args) => commands::partition::run(&args, &mut out),
        Command::Spool(args) => commands::spool::run(&args, &mut out),
        Command::Trace(args) => commands::trace::run(&args, &mut out),
        Command::Sim(args) => commands::sim::run(args, &mut out),
        Command::Completions(args) => commands::completions::run(&args, Cli::command(), &mut out),
        Command::Man(args) => commands::man::run(&args, Cli::command(), &mut out),
        command => {
            drop(out);
            return in_runtime(command);
        }
    };
    exit::written(out.flush())?;
    outcome
}

fn in_runtime(command: Command) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::Usage(format!("the runtime cannot start: {e}")))?;
    let outcome = runtime.block_on(async {
        match command {
            Command::ConsoleProducer(args) => commands::console_producer::run(*args).await,
            Command::ConsoleConsumer(args) => commands::console_consumer::run(args).await,
            Command::Topics(args) => commands::topics::run(args).await,
            Command::Configs(args) => commands::configs::run(args).await,
            Command::BrokerApiVersions(args) => commands::broker_api_versions::run(args).await,
            Command::ProducerPerfTest(args) => commands::producer_perf_test::run(args).await,
            Command::VerifiableProducer(args) => commands::verifiable_producer::run(args).await,
            Command::DevCluster(args) => commands::dev_cluster::run(args).await,
            Command::Bridge(args) => commands::bridge::run(args).await,
            Command::Demo(args) => commands::demo::run(args).await,
            Command::Partition(_)
            | Command::Spool(_)
            | Command::Trace(_)
            | Command::Sim(_)
            | Command::Completions(_)
            | Command::Man(_) => unreachable!("these need no runtime"),
        }
    });
    // A thread that waits for standard input cannot be interrupted; it must not hold the exit up.
    runtime.shutdown_background();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_well_formed_and_has_examples() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        cli.build();
        for command in cli.get_subcommands().filter(|it| it.get_name() != "help") {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} says nothing about itself");
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("Example"), "{name} has no example");
        }
    }

    /// Every command with its own commands, by name.
    fn all(of: &clap::Command, into: &mut Vec<(String, clap::Command)>) {
        for command in of.get_subcommands().filter(|it| it.get_name() != "help") {
            into.push((command.get_name().to_owned(), command.clone()));
            all(command, into);
        }
    }

    /// clap breaks lines where the terminal ends; one that was broken before is broken twice.
    #[test]
    fn no_help_is_broken_into_lines_by_hand() {
        let cli = Cli::command();
        let mut commands = vec![("ottla".to_owned(), cli.clone())];
        all(&cli, &mut commands);
        for (name, command) in commands {
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            for line in help.lines().filter(|it| !it.is_empty() && !it.starts_with(' ')) {
                assert!(
                    line.ends_with(['.', ':']),
                    "{name}: {line:?} goes on in the next line"
                );
            }
        }
    }

    #[test]
    fn only_commands_that_produce_offer_what_bridges_take() {
        let cli = Cli::command();
        let mut commands = Vec::new();
        all(&cli, &mut commands);
        let connected = commands
            .iter_mut()
            .filter(|(_, it)| it.get_arguments().any(|arg| arg.get_id() == "bootstrap_server"));
        let mut bridged = Vec::new();
        for (name, command) in connected {
            let help = command.render_help().to_string();
            assert!(help.contains("HOST:PORT"), "{help}");
            assert_eq!(
                help.contains("--origin"),
                help.contains("or one bridge"),
                "{help}"
            );
            if help.contains("--origin") {
                bridged.push(name.as_str());
            }
        }
        assert_eq!(
            bridged,
            ["console-producer", "producer-perf-test", "verifiable-producer"]
        );
    }

    #[test]
    fn a_negative_number_is_a_value() {
        let refused = |line: &str| {
            let words = ["ottla"].into_iter().chain(line.split(' '));
            let parsed = negatives_are_values(Cli::command()).try_get_matches_from(words);
            parsed.expect_err("out of range").to_string()
        };
        for line in [
            "topics --bootstrap-server b:1 --create --topic t --partitions -1",
            "partition --key k --partitions -1",
            "sim seeds 0..9 --jobs -1",
        ] {
            let said = refused(line);
            assert!(said.contains("-1 is not in 1.."), "{said}");
        }
        let said = refused("topics --list -x");
        assert!(said.contains("unexpected argument '-x'"), "{said}");
    }
}
