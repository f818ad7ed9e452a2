//! One broker process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Install, Options};
use crate::places;
use crate::ports;
use crate::process::Process;
use crate::proxy::Proxy;
use crate::run::Run;
use crate::wait::poll_for;

/// Sixteen bytes as Kafka writes cluster ids; every test cluster may have the same one.
const CLUSTER_ID: &str = "b3R0bGEtdGVzdHMtMDAwMQ";
/// Printed once the broker is unfenced and its listeners accept.
const STARTED: &str = "Kafka Server started";
const START_LIMIT: Duration = Duration::from_secs(60);

/// A broker, running or killed, and its directory.
#[derive(Debug)]
pub struct Node {
    id: i32,
    address: String,
    proxied_address: String,
    /// Names and ports of further listeners.
    listeners: Vec<(String, u16)>,
    install: Install,
    dir: PathBuf,
    fast_start: bool,
    process: Option<Process>,
}

impl Node {
    /// Chooses ports and writes the files of every node.
    pub(super) fn plan(options: &Options, install: &Install, dir: &Path, proxies: &[Proxy]) -> Vec<Self> {
        let ids = 1..=options.brokers;
        let voters: Vec<(i32, u16)> = ids.map(|id| (id, ports::free())).collect();
        let quorum: Vec<String> = voters
            .iter()
            .map(|(id, port)| format!("{id}@{}:{port}", options.host))
            .collect();
        let plan = |(index, (id, controller_port)): (usize, &(i32, u16))| {
            let dir = dir.join(format!("node-{id}"));
            let address = format!("{}:{}", options.host, ports::free());
            let proxied_address = format!("{}:{}", options.host, ports::free());
            let node = Self {
                id: *id,
                address,
                proxied_address,
                listeners: options
                    .listeners
                    .iter()
                    .map(|(name, _)| (name.clone(), ports::free()))
                    .collect(),
                install: install.clone(),
                dir,
                fast_start: options.fast_start,
                process: None,
            };
            let controller = format!("{}:{controller_port}", options.host);
            node.write(options, &controller, &quorum.join(","), proxies.get(index));
            node
        };
        voters.iter().enumerate().map(plan).collect()
    }

    /// Its `node.id`.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// `host:port` of its listener.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `localhost:port` of a further listener.
    pub(super) fn listener(&self, name: &str) -> String {
        let found = self.listeners.iter().find(|(other, _)| other == name);
        let (_, port) = found.unwrap_or_else(|| panic!("broker {} has no listener {name}", self.id));
        format!("localhost:{port}")
    }

    /// Where a proxy connects, in place of [`Node::address`].
    pub fn proxied_address(&self) -> &str {
        &self.proxied_address
    }

    /// What the broker has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The process, for its id and for pausing.
    ///
    /// # Panics
    /// When the broker is killed.
    pub fn process(&self) -> &Process {
        self.process
            .as_ref()
            .unwrap_or_else(|| panic!("broker {} does not run", self.id))
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// SIGSTOP: connections stay open and nothing is answered.
    ///
    /// # Panics
    /// When the broker is killed.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// SIGCONT.
    ///
    /// # Panics
    /// When the broker is killed.
    pub fn resume(&self) {
        self.process().resume();
    }

    /// Starts it again with its data, at the same address, and waits until it is unfenced.
    ///
    /// # Panics
    /// When it does not come back; the message has the end of its log.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        if let Err(log) = self.start_and_wait() {
            panic!("broker {} did not restart:\n{log}", self.id);
        }
    }

    /// The segment files of a partition, for `kafka-dump-log`.
    ///
    /// # Panics
    /// When the partition has no directory here.
    pub fn segments(&self, topic: &str, partition: i32) -> Vec<PathBuf> {
        let dir = self.data_dir().join(format!("{topic}-{partition}"));
        let entries = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        let paths = entries.flatten().map(|entry| entry.path());
        let mut segments: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
            .collect();
        segments.sort();
        segments
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    fn properties(&self) -> PathBuf {
        self.dir.join("server.properties")
    }

    fn write(&self, options: &Options, controller: &str, quorum: &str, proxy: Option<&Proxy>) {
        let Self {
            id,
            address,
            proxied_address,
            ..
        } = self;
        let replicas = options.brokers.min(3).to_string();
        // Clients of the second listener are told to come back through the proxy.
        let proxied = proxy
            .map(|proxy| proxy.address().to_string())
            .unwrap_or_else(|| proxied_address.clone());
        let (mut listeners, mut advertised, mut protocols) = (String::new(), String::new(), String::new());
        for ((name, protocol), (_, port)) in options.listeners.iter().zip(&self.listeners) {
            listeners.push_str(&format!(",{name}://{}:{port}", options.host));
            advertised.push_str(&format!(",{name}://localhost:{port}"));
            protocols.push_str(&format!(",{name}:{protocol}"));
        }
        let mut lines: Vec<(String, String)> = [
            ("process.roles", "broker,controller"),
            ("node.id", &id.to_string()),
            ("controller.quorum.voters", quorum),
            ("controller.listener.names", "CONTROLLER"),
            (
                "listeners",
                &format!(
                    "PLAINTEXT://{address},PROXIED://{proxied_address},CONTROLLER://{controller}{listeners}"
                ),
            ),
            (
                "advertised.listeners",
                &format!("PLAINTEXT://{address},PROXIED://{proxied}{advertised}"),
            ),
            (
                "listener.security.protocol.map",
                &format!("PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}"),
            ),
            ("inter.broker.listener.name", "PLAINTEXT"),
            ("log.dirs", &self.data_dir().display().to_string()),
            ("auto.create.topics.enable", "false"),
            ("default.replication.factor", &replicas),
            ("offsets.topic.replication.factor", &replicas),
            ("offsets.topic.num.partitions", "1"),
            ("transaction.state.log.replication.factor", &replicas),
            ("transaction.state.log.num.partitions", "1"),
            ("group.initial.rebalance.delay.ms", "0"),
            // Half a minute after the start records with the time stamps of old days, as tests have them, would be deleted.
            ("log.retention.ms", "-1"),
            // A killed broker is noticed after this long instead of 9 s; its restart waits for the same.
            ("broker.session.timeout.ms", "2500"),
            ("broker.heartbeat.interval.ms", "500"),
            ("num.network.threads", "2"),
            ("num.io.threads", "2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        lines.retain(|(name, _)| options.config.iter().all(|(other, _)| other != name));
        lines.extend(options.config.iter().cloned());
        let text: String = lines
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        make_dir(&self.dir);
        let file = self.properties();
        std::fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.format(&options.scram);
    }

    /// `kafka-storage format` writes the same files for every cluster id, node id and users, so it runs once for them;
    /// later clusters copy the files.
    fn format(&self, users: &[String]) {
        let mut name = format!("{}-node-{}", self.install.release, self.id);
        for user in users {
            let word: String = user
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            name.push_str(&format!("-{word}"));
        }
        let kept = places::target().join("kafka/formatted").join(name);
        if !kept.is_dir() {
            let scratch = places::run_dir("format");
            let data = scratch.join("data");
            let properties = std::fs::read_to_string(self.properties()).expect("it was written just now");
            let properties = properties.replace(
                &self.data_dir().display().to_string(),
                &data.display().to_string(),
            );
            let file = scratch.join("server.properties");
            std::fs::write(&file, properties).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let command = self.install.java("kafka.tools.StorageTool", "warn");
            Run::from_command(command)
                .args(["format", "-t", CLUSTER_ID, "-c"])
                .args([&file])
                .args(users.iter().flat_map(|user| ["--add-scram", user]))
                .ok();
            make_dir(kept.parent().expect("it was joined from two parts"));
            // Another test binary may have been quicker; its files are as good.
            if std::fs::rename(&data, &kept).is_err() {
                assert!(
                    kept.is_dir(),
                    "cannot move {} to {}",
                    data.display(),
                    kept.display()
                );
            }
        }
        let data = self.data_dir();
        make_dir(&data);
        for entry in std::fs::read_dir(&kept)
            .unwrap_or_else(|error| panic!("{}: {error}", kept.display()))
            .flatten()
        {
            let copied = std::fs::copy(entry.path(), data.join(entry.file_name()));
            copied.unwrap_or_else(|error| panic!("{}: {error}", entry.path().display()));
        }
    }

    /// Starts the process; an error is the end of its log.
    pub(super) fn start_and_wait(&mut self) -> Result<(), String> {
        let mut command = if self.fast_start {
            self.install.java("kafka.Kafka", "info")
        } else {
            self.install.java_at_full_speed("kafka.Kafka", "info")
        };
        command.arg(self.properties()).current_dir(&self.dir);
        let log = self.log_file();
        let from = std::fs::metadata(&log).map_or(0, |meta| meta.len());
        let name = format!("Kafka broker {}", self.id);
        let mut process = Process::start(&name, &mut command, &log, Some(&self.data_dir()));
        let started = poll_for(START_LIMIT, || {
            let running = process.is_running();
            let up = process.log_from(from).contains(STARTED);
            (up || !running).then_some(up)
        });
        if started == Some(true) {
            self.process = Some(process);
            return Ok(());
        }
        let text = process.log_from(from);
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains(" INFO ")).collect();
        Err(format!(
            "{}:\n{}",
            log.display(),
            lines[lines.len().saturating_sub(40)..].join("\n")
        ))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        // What cannot be removed now goes with the run's directory after a day.
        let _ = std::fs::remove_dir_all(self.data_dir());
    }
}

fn make_dir(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
}
