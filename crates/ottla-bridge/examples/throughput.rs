//! How much of a direct TCP connection's throughput is left through the bridge.
//!
//! `cargo run --release -p ottla-bridge --example throughput [-- MESSAGES [BYTES]]`
//!
//! One connection sends Produce requests to a sink that reads them and answers like a broker; five are in flight, as
//! with Kafka's clients, or none is answered (acks=0). The same requests go directly, through the bridge, and through
//! a relay that copies bytes from socket to socket and nothing else (what any additional hop costs), in turns,
//! fifteen times; all of it in one process, each part on threads of its own. The client masks its messages once, before
//! the clock starts: what is measured is the bridge. Where cores are few, read the CPU time: a hop that has no core of
//! its own takes from client and sink what it needs.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use ottla_bridge::{Bridge, Config};
use ottla_wire::api::ApiKey;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_wire::{encode_request, encode_response};

const IN_FLIGHT: usize = 5;
const ROUNDS: usize = 15;
const MASK: [u8; 4] = [0x3a, 0x91, 0x5c, 0xe7];

fn main() -> io::Result<()> {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse().map_err(io::Error::other));
    let messages = arguments.next().transpose()?.unwrap_or(4_000);
    let payload_len = arguments.next().transpose()?.unwrap_or(65_536);
    let sink = start_sink()?;
    let relay = start_relay(sink)?;
    let bridge = start_bridge(sink)?;
    for acks in [1, 0] {
        let mut paths = [Path::new("direct"), Path::new("relay"), Path::new("bridge")];
        for _ in 0..ROUNDS {
            paths[0].add(|| {
                run(
                    TcpStream::connect(sink)?,
                    &request(acks, payload_len),
                    messages,
                    acks,
                    0,
                )
            })?;
            paths[1].add(|| {
                run(
                    TcpStream::connect(relay)?,
                    &request(acks, payload_len),
                    messages,
                    acks,
                    0,
                )
            })?;
            let message = masked(&request(acks, payload_len));
            paths[2].add(|| run(open_websocket(bridge)?, &message, messages, acks, 2))?;
        }
        for path in &paths {
            println!(
                "bridge_throughput path={} acks={acks} bytes={payload_len} mb_per_s={:.0} of_direct={:.3} cpu_ms_per_gb={:.0}",
                path.name,
                median(&path.rates),
                median(&path.ratios_to(&paths[0])),
                path.cpu_seconds * 1e3 / (ROUNDS * messages * payload_len) as f64 * 1e9
            );
        }
    }
    Ok(())
}

/// A way from the client to the sink, with what was measured of it.
struct Path {
    name: &'static str,
    /// MB/s of each round.
    rates: Vec<f64>,
    /// Of everybody: client, sink, and what is between them.
    cpu_seconds: f64,
}

impl Path {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            rates: Vec::new(),
            cpu_seconds: 0.0,
        }
    }

    fn add(&mut self, run: impl FnOnce() -> io::Result<f64>) -> io::Result<()> {
        let before = cpu_seconds();
        self.rates.push(run()?);
        self.cpu_seconds += cpu_seconds() - before;
        Ok(())
    }

    fn ratios_to(&self, other: &Self) -> Vec<f64> {
        self.rates
            .iter()
            .zip(&other.rates)
            .map(|(mine, theirs)| mine / theirs)
            .collect()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// CPU time of this process so far; 0 where there is no procfs. It is counted in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// Sends `message` so many times; MB/s until the last one is known to have arrived. Answers are Kafka's, behind
/// `answer_header` bytes of WebSocket header.
fn run(
    mut stream: TcpStream,
    message: &[u8],
    count: usize,
    acks: i16,
    answer_header: usize,
) -> io::Result<f64> {
    stream.set_nodelay(true)?;
    let answer = encode_response(7, 9, &answer()).map_err(io::Error::other)?;
    let mut answers = vec![0; (answer_header + answer.len()) * if acks == 0 { 0 } else { 1 }];
    let start = Instant::now();
    for sent in 0..count {
        if sent >= IN_FLIGHT {
            stream.read_exact(&mut answers)?;
        }
        stream.write_all(message)?;
    }
    for _ in 0..IN_FLIGHT.min(count) {
        stream.read_exact(&mut answers)?;
    }
    if acks == 0 {
        // The sink (and the bridge) end their side when they have read everything.
        if answer_header > 0 {
            stream.write_all(&[0x88, 0x80, 0, 0, 0, 0])?;
        } else {
            stream.shutdown(std::net::Shutdown::Write)?;
        }
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok((message.len() * count) as f64 / start.elapsed().as_secs_f64() / 1e6)
}

fn request(acks: i16, payload_len: usize) -> Vec<u8> {
    let mut batch = vec![0; 61 + payload_len];
    let len = (batch.len() - 12) as i32;
    batch[8..12].copy_from_slice(&len.to_be_bytes());
    batch[16] = 2;
    batch[60] = 1;
    let partition = PartitionProduceData {
        index: 0,
        records: Some(batch.into()),
    };
    let topic = TopicProduceData {
        name: "clicks".to_owned(),
        partition_data: vec![partition],
        ..Default::default()
    };
    let request = ProduceRequest {
        acks,
        timeout_ms: 1000,
        topic_data: vec![topic],
        ..Default::default()
    };
    encode_request(7, Some("bench"), 9, &request).unwrap_or_default()
}

fn answer() -> ProduceResponse {
    ProduceResponse::default()
}

fn masked(request: &[u8]) -> Vec<u8> {
    let mut message = vec![0x82];
    match u16::try_from(request.len()) {
        Ok(len) => {
            message.push(0x80 | 126);
            message.extend(len.to_be_bytes());
        }
        Err(_) => {
            message.push(0x80 | 127);
            message.extend((request.len() as u64).to_be_bytes());
        }
    }
    message.extend(MASK);
    message.extend(
        request
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    message
}

fn open_websocket(bridge: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(bridge)?;
    stream.write_all(
        format!(
            "GET /k/main/any HTTP/1.1\r\nHost: {bridge}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kafka.v1\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .as_bytes(),
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    if head.starts_with(b"HTTP/1.1 101") {
        Ok(stream)
    } else {
        Err(io::Error::other("no WebSocket"))
    }
}

fn start_bridge(sink: SocketAddr) -> io::Result<SocketAddr> {
    let text = format!(
        "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\
         [[cluster]]\nname = \"main\"\nbootstrap = [\"{sink}\"]\ntopics = [\"clicks\"]\n\
         [limits]\nrequest_bytes = 8388608\n"
    );
    let config = Config::from_toml_str(&text).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let bound = runtime.block_on(Bridge::bind(config)).map_err(io::Error::other)?;
    let address = bound.local_addrs()[0];
    std::thread::spawn(move || runtime.block_on(bound.run(std::future::pending())));
    Ok(address)
}

/// The least that anything between two sockets can do: it reads what there is, and writes it.
fn start_relay(sink: SocketAddr) -> io::Result<SocketAddr> {
    fn copy(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match from.read(&mut buffer)? {
                0 => return to.shutdown(std::net::Shutdown::Write),
                read => to.write_all(&buffer[..read])?,
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || -> io::Result<()> {
        for client in listener.incoming() {
            let (client, sink) = (client?, TcpStream::connect(sink)?);
            client.set_nodelay(true)?;
            sink.set_nodelay(true)?;
            let (from_client, from_sink) = (client.try_clone()?, sink.try_clone()?);
            std::thread::spawn(move || drop(copy(from_client, sink)));
            std::thread::spawn(move || drop(copy(from_sink, client)));
        }
        Ok(())
    });
    Ok(address)
}

fn start_sink() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(swallow(stream)));
        }
    });
    Ok(address)
}

/// Reads requests into the same buffer again and again, and answers those that want an answer.
fn swallow(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let versions = [
        ApiKey::Produce,
        ApiKey::Metadata,
        ApiKey::ApiVersions,
        ApiKey::InitProducerId,
    ]
    .map(|api| {
        let (min_version, max_version) = (*api.versions().start(), *api.versions().end());
        ApiVersion {
            api_key: api.key(),
            min_version,
            max_version,
        }
    });
    let versions = ApiVersionsResponse {
        api_keys: versions.to_vec(),
        ..Default::default()
    };
    let versions = encode_response(0, 0, &versions).map_err(io::Error::other)?;
    let answer = encode_response(7, 9, &answer()).map_err(io::Error::other)?;
    // Length, header with client.id "bench" and no tags, transactional id, acks.
    const HEAD: usize = 4 + 8 + 2 + 5 + 1 + 1 + 2;
    let mut buffer = vec![0; 256 * 1024];
    let (mut have, mut skip) = (0, 0_usize);
    loop {
        let read = stream.read(&mut buffer[have..])?;
        if read == 0 {
            return Ok(());
        }
        let mut at = 0;
        have += read;
        loop {
            let skipped = skip.min(have - at);
            (at, skip) = (at + skipped, skip - skipped);
            let Some(head) = buffer[at..have].first_chunk::<8>() else {
                break;
            };
            let whole = 4 + u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            if head[5] == 18 {
                (at, skip) = (at, whole);
                stream.write_all(&versions)?;
                continue;
            }
            let Some(head) = buffer[at..have].first_chunk::<HEAD>() else {
                break;
            };
            if head[HEAD - 1] != 0 {
                stream.write_all(&answer)?;
            }
            skip = whole;
        }
        buffer.copy_within(at..have, 0);
        have -= at;
    }
}
