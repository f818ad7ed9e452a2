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
    failed: usize,
}

impl Shell {
    fn now(&self) -> Instant {
        Instant::from_micros(self.started.elapsed().as_micros() as u64)
    }

    /// Does what the producer wants, waits for what comes of it, and hands that in. False when it is closed.
    fn turn(&mut self) -> bool {
        let at = loop {
            match self.producer.poll(self.now()) {
                Output::Dial { conn, address, .. } => match self.dial(conn, &address) {
                    Ok(()) => self.tell(Input::Connected { conn }),
                    Err(error) => self.tell(closed(conn, &error.to_string())),
                },
                Output::Transmit { conn, chunks } => {
                    let mut socket = &self.sockets[&conn];
                    let count = chunks.len();
                    match chunks.iter().try_for_each(|chunk| socket.write_all(chunk)) {
                        Ok(()) => self.tell(Input::Written { conn, count }),
                        Err(error) => self.tell(closed(conn, &error.to_string())),
                    }
                }
                Output::Hangup { conn } => {
                    drop(
                        self.sockets
                            .remove(&conn)
                            .map(|socket| socket.shutdown(Shutdown::Both)),
                    );
                }
                Output::Seal(job) => self.producer.handle(self.now(), Input::Sealed(job.run())),
                Output::Done(batch) => {
                    println!("{}", batch.describe());
                    self.failed += usize::from(!batch.is_ok());
                }
                Output::Room | Output::Flushed(_) => {}
                Output::Closed => return false,
                Output::Wait { at, .. } => break at,
            }
        };
        let wait = at.map_or(Duration::MAX, |at| at.saturating_since(self.now()));
        let wait = wait.min(Duration::from_secs(3600));
        let input = self.inputs.1.recv_timeout(wait).unwrap_or(Input::Timeout);
        self.producer.handle(self.now(), input);
        true
    }

    fn tell(&self, input: Input) {
        self.inputs.0.send(input).expect("we hold the receiver");
    }

    fn dial(&mut self, conn: ConnId, address: &Address) -> std::io::Result<()> {
        let socket = TcpStream::connect(address.to_string())?;
        socket.set_nodelay(true)?;
        let (mut reader, tell) = (socket.try_clone()?, self.inputs.0.clone());
        self.sockets.insert(conn, socket);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let bytes = buffer[..count].to_vec().into();
                drop(tell.send(Input::Received { conn, bytes }));
            }
            drop(tell.send(closed(conn, "the broker closed it")));
        });
        Ok(())
    }
}

fn closed(conn: ConnId, why: &str) -> Input {
    Input::Closed {
        conn,
        why: why.to_owned(),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [servers, topic, options @ ..] = &words[..] else {
        panic!("usage: std_tcp HOST:PORT TOPIC [OPTION=VALUE...] < lines");
    };
    let options = options.iter().filter_map(|option| option.split_once('='));
    let config =
        Config::parse(options.chain([("bootstrap.servers", servers.as_str())])).expect("good options");
    let (producer, started) = (
        Producer::new(config, std::process::id().into()),
        std::time::Instant::now(),
    );
    let mut shell = Shell {
        producer,
        sockets: BTreeMap::new(),
        inputs: channel(),
        started,
        failed: 0,
    };
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let mut record = Record::to(topic.as_str())
            .value(line)
            .at(Timestamp(wall.as_millis() as i64));
        while let Err(error) = shell.producer.send(shell.now(), record) {
            let SendError::Full { record: back } = error else {
                panic!("{error}")
            };
            record = back;
            shell.turn();
        }
    }
    shell.producer.close(shell.now(), None);
    while shell.turn() {}
    std::process::exit(i32::from(shell.failed > 0));
}
