//! `ottla bridge`: WebSocket to Kafka, for pages and edge workers.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ottla_bridge::{Bridge, Config};

use crate::exit::{Failure, Outcome, written};

/// Run the bridge from WebSocket to Kafka, or check its configuration.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla bridge check bridge.toml
  ottla bridge run bridge.toml

A small bridge.toml:
  [[listener]]
  bind = \"127.0.0.1:8080\"
  class = \"browser\"
  origins = [\"http://localhost:8000\"]

  [[cluster]]
  name = \"main\"
  bootstrap = [\"localhost:9092\"]
  topics = [\"clicks\", \"logs-*\"]

examples/bridge.toml has every key with its meaning. Without tokens, which are still to come, the bridge listens on loopback only.")]
pub(crate) struct BridgeArgs {
    #[command(subcommand)]
    command: BridgeCommand,
}

#[derive(Subcommand, Debug)]
enum BridgeCommand {
    /// Serve until Ctrl-C or SIGTERM; prints an address a line once it listens.
    #[command(after_help = "Example:\n  ottla bridge run bridge.toml")]
    Run {
        /// The configuration.
        config: PathBuf,
    },
    /// Say in plain words what the configuration allows; fails when it is wrong.
    #[command(after_help = "Example:\n  ottla bridge check bridge.toml")]
    Check {
        /// The configuration.
        config: PathBuf,
    },
}

/// Runs the command.
pub(crate) async fn run(args: BridgeArgs) -> Outcome {
    match args.command {
        BridgeCommand::Check { config } => {
            let config = Config::from_file(&config).map_err(Failure::usage)?;
            written(writeln!(io::stdout(), "{}", config.check()))
        }
        BridgeCommand::Run { config } => serve(Config::from_file(&config).map_err(Failure::usage)?).await,
    }
}

async fn serve(config: Config) -> Outcome {
    let clusters: Vec<_> = config
        .clusters
        .iter()
        .map(|cluster| cluster.name.clone())
        .collect();
    let bridge = Bridge::bind(config).await.map_err(Failure::usage)?;
    let mut lines = String::new();
    for address in bridge.local_addrs() {
        for cluster in &clusters {
            lines += &format!("ws://{address}/k/{cluster}\n");
        }
    }
    written(io::stdout().write_all(lines.as_bytes()))?;
    if let Some(admin) = bridge.admin_addr() {
        eprintln!("metrics at http://{admin}/metrics, health at http://{admin}/health");
    }
    bridge.run(stop_signal()).await;
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
pub(crate) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the process by itself, which is what was asked for.
    let _ = tokio::signal::ctrl_c().await;
}
