//! The bridge as a program of its own; `ottla bridge` is the same behind the command line's flags.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use ottla_bridge::{Bridge, Config};
use tracing_subscriber::EnvFilter;

const USAGE: &str = "usage: ottla-bridge run CONFIG    serve until Ctrl-C or SIGTERM
       ottla-bridge check CONFIG  say in plain words what a configuration allows
examples/bridge.toml in the sources shows every key. RUST_LOG=debug says more.";

/// Exit codes as those of `ottla`: 2 for wrong usage or configuration, 3 for an address that is not to be had.
#[tokio::main]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to its terminal"
)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, path] = &arguments[..] else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let config = match Config::from_file(path) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    match command.as_str() {
        "check" => say(&config.check().to_string()),
        "run" => {
            let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .init();
            let bridge = match Bridge::bind(config).await {
                Ok(bridge) => bridge,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::from(3);
                }
            };
            for address in bridge.local_addrs() {
                say(&format!("listening on ws://{address}\n"));
            }
            if let Some(address) = bridge.admin_addr() {
                say(&format!("metrics on http://{address}/metrics\n"));
            }
            bridge.run(told_to_stop()).await;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Writes to standard output. Whoever closed it (`| head`) does not want to know more, which is no error.
fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    drop(output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

/// Ctrl-C, or on Unix SIGTERM. If neither can be waited for, the program runs until it is killed.
fn told_to_stop() -> impl Future<Output = ()> {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    async {
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}
