//! `ottla demo`: a cluster, a bridge and the page, in one process on loopback.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use ottla::admin::{Admin, AdminOptions, NewTopic};
use ottla_bridge::{Bridge, Config};
use ottla_sim::tcp::{Server, ServerOptions};

use crate::commands::bridge::stop_signal;
use crate::commands::console_consumer::into_failure;
use crate::exit::{Failure, Outcome, written};
use crate::page_server::{self, Site};

/// Partitions of a topic that is created for the demonstration.
const PARTITIONS: i32 = 3;

/// Serve the page with a cluster behind it, until Ctrl-C.
///
/// Prints the page's address on standard output once everything listens.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla demo --page target/page
  ottla demo --page target/page --kafka localhost:9092 --topic clicks --no-open

`cargo xtask demo` builds the page first.")]
pub(crate) struct DemoArgs {
    /// The directory with the built page.
    #[arg(long, value_name = "DIR", default_value = "target/page")]
    page: PathBuf,
    /// A real Kafka instead of a simulated cluster: HOST:PORT,HOST:PORT.
    #[arg(long, value_name = "SERVERS")]
    kafka: Option<String>,
    /// What the page may publish to; created if it does not exist. May be repeated.
    #[arg(long = "topic", value_name = "TOPIC", default_value = "ottla-demo")]
    topics: Vec<String>,
    /// The page's port; 0 lets the system pick.
    #[arg(long, value_name = "PORT", default_value_t = 7447)]
    port: u16,
    /// Do not open the page in a browser.
    #[arg(long)]
    no_open: bool,
}

/// Runs the command.
pub(crate) async fn run(args: DemoArgs) -> Outcome {
    if !args.page.join("index.html").is_file() {
        let page = args.page.display();
        return Err(Failure::Usage(format!(
            "--page {page}: no index.html there; `cargo xtask demo` builds the page"
        )));
    }
    let simulated = match &args.kafka {
        Some(_) => None,
        None => Some(
            Server::start(ServerOptions::default())
                .await
                .map_err(Failure::usage)?,
        ),
    };
    let bootstrap = match (&simulated, &args.kafka) {
        (Some(server), _) => server.bootstrap(),
        (None, kafka) => kafka.clone().unwrap_or_default(),
    };
    let (listener, address) = page_server::bind(args.port).await.map_err(|error| {
        Failure::Usage(format!(
            "--port {}: {error}; --port 0 takes any free one",
            args.port
        ))
    })?;
    // The bridge's rules refuse what is no address or no topic name before anything is created.
    let config = bridge_config(&bootstrap, &args.topics, address)?;
    create_topics(&bootstrap, &args.topics).await?;
    let bridge = Bridge::bind(config).await.map_err(Failure::usage)?;
    let bridge_address = bridge.local_addrs().first().copied();
    let bridge_address =
        bridge_address.ok_or_else(|| Failure::Usage("the bridge has no listener".to_owned()))?;
    let url = format!("ws://{bridge_address}/k/main");
    let cluster = if simulated.is_some() { "simulated" } else { "kafka" };
    let metas = [
        ("ottla-bridge", url.as_str()),
        ("ottla-topics", &args.topics.join(",")),
        ("ottla-cluster", cluster),
    ];
    let site = Site::read(&args.page, &metas, &format!("ws://{bridge_address}")).map_err(Failure::usage)?;
    eprintln!(
        "cluster  {bootstrap} ({cluster}), topics {}",
        args.topics.join(", ")
    );
    eprintln!("bridge   {url}");
    let page = format!("http://{address}/");
    written(writeln!(io::stdout(), "{page}"))?;
    eprintln!("Ctrl-C ends all of them.");
    if !args.no_open {
        open(&page);
    }
    tokio::select! {
        () = bridge.run(stop_signal()) => Ok(()),
        never = page_server::serve(listener, site) => match never {},
    }
}

/// Creates the topics that do not exist yet.
async fn create_topics(bootstrap: &str, names: &[String]) -> Outcome {
    let mut admin = Admin::connect(AdminOptions::new(bootstrap))
        .await
        .map_err(into_failure)?;
    let existing = admin.topics().await.map_err(into_failure)?;
    for name in names
        .iter()
        .filter(|name| existing.iter().all(|topic| topic.name != **name))
    {
        let topic = NewTopic {
            name: name.clone(),
            partitions: PARTITIONS,
            replication_factor: -1,
            ..NewTopic::default()
        };
        admin.create_topic(topic).await.map_err(into_failure)?;
        eprintln!("created topic {name} with {PARTITIONS} partitions");
    }
    Ok(())
}

/// A bridge for this page alone.
fn bridge_config(bootstrap: &str, topics: &[String], page: SocketAddr) -> Result<Config, Failure> {
    let servers: Vec<&str> = bootstrap.split(',').map(str::trim).collect();
    let port = page.port();
    // A JSON string or list of strings is a TOML one too.
    let list = |items: &[&str]| serde_json::to_string(items).map_err(Failure::usage);
    let config = format!(
        "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"browser\"\norigins = {}\n\
         [[cluster]]\nname = \"main\"\nbootstrap = {}\ntopics = {}\n",
        list(&[
            &format!("http://127.0.0.1:{port}"),
            &format!("http://localhost:{port}")
        ])?,
        list(&servers)?,
        list(&topics.iter().map(String::as_str).collect::<Vec<_>>())?,
    );
    Config::from_toml_str(&config).map_err(|errors| Failure::Usage(format!("--kafka or --topic: {errors}")))
}

/// Opens the page in the user's browser, where there is one.
fn open(page: &str) {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if !cfg!(target_os = "macos") && !has_screen {
        return;
    }
    let started = Command::new(program)
        .arg(page)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        eprintln!("{program} is not there: open the address in a browser yourself");
    }
}
