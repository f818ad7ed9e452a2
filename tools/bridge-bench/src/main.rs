//! Produce requests of 64 KB straight to a sink, through the bridge, and through a relay that copies bytes and does
//! nothing else, in turns; JSON lines.
//!
//! ```text
//! bridge-bench OTTLA DIRECTORY ROUNDS      the program, a directory for the bridge's configuration
//! bridge-bench relay ADDRESS               the relay, which the first form starts
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

mod bridge;
mod link;
mod process;
mod relay;
mod sink;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use ottla_wire::batch::BatchBuilder;
use ottla_wire::codec::Codec;
use ottla_wire::encode_request;
use ottla_wire::messages::api_versions::ApiVersionsRequest;
use ottla_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

use crate::link::Link;
use crate::process::Process;

pub(crate) const TOPIC: &str = "clicks";
const MESSAGE: usize = 64 * 1024;
/// As many as Kafka's producer keeps on a connection.
const IN_FLIGHT: i32 = 5;
const WARM_UP: Duration = Duration::from_millis(200);
const MEASURED: Duration = Duration::from_millis(1300);
const CONNECTIONS: [usize; 2] = [1, 4];
const PRODUCE_VERSION: i16 = 11;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match &words[..] {
        [relay, sink] if relay == "relay" => match sink.parse() {
            Ok(sink) => relay::run(sink),
            Err(error) => Err(io::Error::other(format!("{sink}: {error}"))),
        },
        [program, dir, rounds] => run(Path::new(program), Path::new(dir), rounds.parse().unwrap_or(1)),
        _ => {
            eprintln!("usage: bridge-bench OTTLA DIRECTORY ROUNDS");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bridge-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: &Path, dir: &Path, rounds: usize) -> io::Result<()> {
    let request = request();
    let sink = sink::start()?;
    let relay = relay::start(sink)?;
    let bridge = bridge::start(program, &dir.join("bridge-bench.toml"), sink)?;
    for _ in 0..rounds {
        for connections in CONNECTIONS {
            let measure = |via, between: Option<&Process>, open: &(dyn Fn() -> io::Result<Link> + Sync)| {
                let before = between.and_then(Process::cpu);
                let passed = throughput(connections, &request, open)?;
                let after = between.and_then(Process::cpu);
                let used = after.zip(before).map(|(after, before)| after - before);
                report(via, connections, passed, used);
                io::Result::Ok(())
            };
            measure("direct", None, &|| Link::direct(sink))?;
            measure("relay", Some(&relay), &|| Link::direct(relay.address))?;
            measure("bridge", Some(&bridge), &|| {
                Link::bridged(bridge.address, "/k/main/1")
            })?;
        }
    }
    Ok(())
}

/// What went through.
#[derive(Clone, Copy, Default)]
struct Passed {
    bytes_per_second: f64,
    /// With the warm-up.
    bytes: f64,
}

fn report(via: &str, connections: usize, passed: Passed, cpu: Option<f64>) {
    let rate = passed.bytes_per_second / 1e6;
    let cpu = cpu.map_or(String::new(), |seconds| {
        format!(r#","cpu_s_per_gb":{:.3}"#, seconds / (passed.bytes / 1e9))
    });
    println!(r#"{{"bench":"bridge","via":"{via}","connections":{connections},"mb_per_s":{rate:.0}{cpu}}}"#);
}

fn throughput(
    connections: usize,
    request: &[u8],
    open: &(dyn Fn() -> io::Result<Link> + Sync),
) -> io::Result<Passed> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| pump(open()?, request)))
            .collect();
        let mut all = Passed::default();
        for client in clients {
            let passed = client
                .join()
                .map_err(|_| io::Error::other("a client panicked"))??;
            all.bytes_per_second += passed.bytes_per_second;
            all.bytes += passed.bytes;
        }
        Ok(all)
    })
}

/// Keeps requests in flight until the time is over.
fn pump(mut link: Link, request: &[u8]) -> io::Result<Passed> {
    let mut hello = link.message(&hello());
    link.send(&mut hello, 0)?;
    link.receive()?;
    let mut message = link.message(request);
    let mut next = 1;
    while next <= IN_FLIGHT {
        link.send(&mut message, next)?;
        next += 1;
    }
    let started = Instant::now();
    let mut measured_from = None;
    loop {
        let answer = link.receive()?;
        let expected = (next - IN_FLIGHT).to_be_bytes();
        if answer.first_chunk() != Some(&expected) {
            return Err(io::Error::other("an answer in the wrong order"));
        }
        let elapsed = started.elapsed();
        match measured_from {
            None if elapsed >= WARM_UP => measured_from = Some((elapsed, next)),
            Some((from, first)) if elapsed >= from + MEASURED => {
                let bytes = f64::from(next - first) * request.len() as f64;
                return Ok(Passed {
                    bytes_per_second: bytes / (elapsed - from).as_secs_f64(),
                    bytes: f64::from(next - IN_FLIGHT) * request.len() as f64,
                });
            }
            _ => {}
        }
        link.send(&mut message, next)?;
        next += 1;
    }
}

fn hello() -> Vec<u8> {
    let request = ApiVersionsRequest {
        client_software_name: "bridge-bench".to_owned(),
        client_software_version: "1".to_owned(),
    };
    encode_request(0, Some("bench"), 3, &request).expect("a small request")
}

/// A Produce request with one batch of one record, as long as [`MESSAGE`].
fn request() -> Vec<u8> {
    let empty = produce(&[]).len();
    // Lengths are varints, which take the same bytes for a value that is a little shorter.
    let over = produce(&vec![b'x'; MESSAGE - empty]).len() - MESSAGE;
    produce(&vec![b'x'; MESSAGE - empty - over])
}

fn produce(value: &[u8]) -> Vec<u8> {
    let mut batch = BatchBuilder::new(2 * MESSAGE);
    batch
        .append(1_700_000_000_000, None, Some(value), [].into_iter())
        .expect("far below 2 GiB");
    let sealed = batch.seal(Codec::None, None).expect("no codec, no error");
    let request = ProduceRequest {
        acks: -1,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: TOPIC.to_owned(),
            partition_data: vec![PartitionProduceData {
                index: 0,
                records: Some(sealed.to_bytes()),
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    encode_request(0, Some("bench"), PRODUCE_VERSION, &request).expect("a request of 64 KB")
}
