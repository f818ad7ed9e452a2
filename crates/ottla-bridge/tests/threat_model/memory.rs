//! Line 4, as the operating system sees it: the resident memory of a bridge process whose broker is stopped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;

use crate::support::client::{Pusher, encoded, metric};
use crate::support::{Client, FakeCluster};
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};

const CLIENTS: usize = 100;
/// KiB, of which each client may cost so many.
const MOST_PER_CLIENT: f64 = 256.0;

/// A bridge in a process of its own; killed when dropped.
struct Process(Child);

impl Process {
    /// The process, where it listens, and where its metrics are. So many requests may be in flight that only the
    /// broker's socket stops the bridge: with the default of 8 it would stop earlier and hold less.
    fn start(cluster: &FakeCluster) -> (Self, SocketAddr, SocketAddr) {
        let path = format!(
            "{}/memory-{}.toml",
            env!("CARGO_TARGET_TMPDIR"),
            std::process::id()
        );
        let text = format!(
            "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\
             [[cluster]]\nname = \"main\"\nbootstrap = {:?}\ntopics = [\"clicks\"]\n\
             [admin]\nbind = \"127.0.0.1:0\"\n[limits]\nin_flight = 1000\n",
            cluster.bootstrap()
        );
        std::fs::write(&path, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ottla-bridge"));
        let child = command
            .args(["run", &path])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = Self(child.unwrap());
        let mut output = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let mut address = |before: &str| {
            let line = output.next().unwrap().unwrap();
            line.strip_prefix(before)
                .unwrap()
                .trim_end_matches("/metrics")
                .parse()
                .unwrap()
        };
        let (clients, admin) = (address("listening on ws://"), address("metrics on http://"));
        std::fs::remove_file(path).unwrap();
        (process, clients, admin)
    }

    /// KiB.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[allow(
    clippy::print_stdout,
    reason = "the figure is wanted, not only that it is small enough"
)]
async fn t04_a_stopped_broker_costs_at_most_256_kib_of_resident_memory_per_client() {
    let cluster = FakeCluster::start(1).await;
    let (process, address, admin) = Process::start(&cluster);
    let before = process.resident();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::connect(address, "/k/main/1", None).await.unwrap();
        client
            .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
            .await
            .unwrap();
        clients.push(client);
    }
    let idle = process.resident();
    cluster.freeze();
    let request = encoded(-1, 65_536);
    let held_when_stalled = (CLIENTS * (request.len() - 4)) as f64;
    let mut pushers = clients
        .iter()
        .map(|client| Pusher::new(client, &request))
        .collect::<Vec<_>>();
    let push = async {
        while metric(admin, "ottla_bridge_request_memory_bytes").await < held_when_stalled {
            pushers.iter_mut().for_each(Pusher::push);
        }
    };
    timeout(Duration::from_secs(60), push)
        .await
        .expect("every client's request is held at last");
    let stalled = process.resident();
    let each = (stalled - before) / CLIENTS as f64;
    println!(
        "resident: {before} KiB, {idle} with {CLIENTS} clients, {stalled} when stalled: {each} KiB each"
    );
    assert!(each <= MOST_PER_CLIENT, "{each} KiB for each client");
}
