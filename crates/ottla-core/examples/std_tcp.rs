//! A producer on nothing but the standard library: one thread writes, one thread per connection reads.
//!
//! `cargo run -p ottla-core --example std_tcp -- localhost:9092 clicks` sends the lines of stdin to the topic `clicks`.
//! Further arguments are options, as `linger.ms=20`.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the shell: the clock is its business"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ottla_core::{Address, Config, ConnId, Input, Instant, Output, Producer, Record, SendError, Timestamp};

struct Shell {
    producer: Producer,
    sockets: BTreeMap<ConnId, TcpStream>,
    inputs: (Sender<Input>, Receiver<Input>),
    started: std::time::Instant,
    failed: u64,
}

impl Shell {
    fn now(&self) -> Instant {
        Instant::from_micros(self.started.elapsed().as_micros() as u64)
    }

    /// Does what the producer wants, waits for what comes of it, and hands that in. False when it is closed.
    fn turn(&mut self) -> bool {
        let at = loop {
            match self.producer.poll(self.now()) {
                Output::Dial { conn, address, .. } => self.dial(conn, address),
                Output::Transmit { conn, chunks } => {
                    let count = chunks.len();
                    let mut socket = &self.sockets[&conn];
                    let input = match chunks.iter().try_for_each(|chunk| socket.write_all(chunk)) {
                        Ok(()) => Input::Written { conn, count },
                        Err(error) => Input::Closed {
                            conn,
                            why: error.to_string(),
                        },
                    };
                    self.inputs.0.send(input).expect("we hold the receiver");
                }
                Output::Hangup { conn } => {
                    let socket = self.sockets.remove(&conn);
                    socket.map(|socket| socket.shutdown(Shutdown::Both));
                }
                Output::Seal(job) => self.producer.handle(self.now(), Input::Sealed(job.run())),
                Output::Done(batch) => {
                    println!("{}", batch.describe());
                    self.failed += if batch.is_ok() { 0 } else { batch.len() as u64 };
                }
                Output::Room | Output::Flushed(_) => {}
                Output::Closed => return false,
                Output::Wait { at, .. } => break at,
            }
        };
        let now = self.now();
        let wait = at.map_or(Duration::from_secs(3600), |at| at.saturating_since(now));
        let input = self.inputs.1.recv_timeout(wait).unwrap_or(Input::Timeout);
        self.producer.handle(self.now(), input);
        true
    }

    fn dial(&mut self, conn: ConnId, address: Address) {
        let tell = self.inputs.0.clone();
        let opened = match address {
            Address::Tcp { host, port } => TcpStream::connect((host.as_str(), port)),
            Address::Bridge { .. } => Err(std::io::Error::other("this example speaks TCP only")),
        };
        let clone = opened.and_then(|socket| Ok((socket.set_nodelay(true), socket.try_clone()?, socket)));
        let (mut reader, socket) = match clone {
            Ok((_, reader, socket)) => (reader, socket),
            Err(error) => {
                return drop(tell.send(Input::Closed {
                    conn,
                    why: error.to_string(),
                }));
            }
        };
        self.sockets.insert(conn, socket);
        tell.send(Input::Connected { conn })
            .expect("we hold the receiver");
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let bytes = buffer[..count].to_vec().into();
                if tell.send(Input::Received { conn, bytes }).is_err() {
                    return;
                }
            }
            drop(tell.send(Input::Closed {
                conn,
                why: "the broker closed it".into(),
            }));
        });
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(servers), Some(topic)) = (arguments.next(), arguments.next()) else {
        panic!("usage: std_tcp HOST:PORT TOPIC [OPTION=VALUE...] < lines");
    };
    let options: Vec<_> = arguments.collect();
    let options = options.iter().filter_map(|option| option.split_once('='));
    let config =
        Config::parse(options.chain([("bootstrap.servers", servers.as_str())])).expect("good options");
    let producer = Producer::new(config, std::process::id().into());
    let started = std::time::Instant::now();
    let mut shell = Shell {
        producer,
        sockets: BTreeMap::new(),
        inputs: channel(),
        started,
        failed: 0,
    };
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_millis();
        let mut record = Record::to(topic.as_str()).value(line).at(Timestamp(wall as i64));
        while let Err(error) = shell.producer.send(shell.now(), record) {
            match error {
                SendError::Full { record: back } => record = back,
                refused => panic!("{refused}"),
            }
            shell.turn();
        }
    }
    shell.producer.close(shell.now(), None);
    while shell.turn() {}
    std::process::exit(i32::from(shell.failed > 0));
}
