//! `ottla-core` with the standard library alone: threads, `TcpStream`, no async runtime.
//!
//! ```sh
//! cargo run -p ottla --example blocking -- localhost:9092 orders
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use ottla_core::{Address, Config, ConnId, Input, Instant, Output, Producer, Record, Timestamp};

enum Event {
    Open(ConnId, TcpStream),
    Input(Input),
}

/// Connects and reads, on a thread of its own. Nobody listens any more once the producer is closed.
fn connection(conn: ConnId, address: &Address, events: &Sender<Event>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address.to_string())?;
    stream.set_nodelay(true)?;
    let _ = events.send(Event::Open(conn, stream.try_clone()?));
    let mut buffer = vec![0; 64 << 10];
    while let count @ 1.. = stream.read(&mut buffer)? {
        let bytes = buffer[..count].to_vec().into();
        let _ = events.send(Event::Input(Input::Received { conn, bytes }));
    }
    Ok(())
}

/// Handles the outputs until the producer waits; `None` when it is closed.
fn perform(
    producer: &mut Producer,
    now: &impl Fn() -> Instant,
    sockets: &mut HashMap<ConnId, TcpStream>,
    inputs: &mut VecDeque<Input>,
    events: &Sender<Event>,
) -> Option<Duration> {
    loop {
        match producer.poll(now()) {
            Output::Dial { conn, address, .. } => {
                let events = events.clone();
                std::thread::spawn(move || {
                    let ended = connection(conn, &address, &events);
                    let why = ended
                        .err()
                        .map_or("the broker hung up".into(), |error| error.to_string());
                    let _ = events.send(Event::Input(Input::Closed { conn, why }));
                });
            }
            Output::Transmit { conn, chunks } => {
                let count = chunks.len();
                if let Some(socket) = sockets.get_mut(&conn)
                    && chunks.iter().all(|chunk| socket.write_all(chunk).is_ok())
                {
                    inputs.push_back(Input::Written { conn, count });
                }
            }
            Output::Hangup { conn } => drop(sockets.remove(&conn)),
            Output::Seal(job) => inputs.push_back(Input::Sealed(job.run())),
            Output::Done(batch) => println!("{}", batch.describe()),
            Output::Closed => return None,
            Output::Room | Output::Flushed(_) => {}
            Output::Wait { at, .. } => {
                return Some(at.map_or(Duration::MAX, |at| at.saturating_since(now())));
            }
        }
    }
}

fn next(happened: &Receiver<Event>, wait: Duration, sockets: &mut HashMap<ConnId, TcpStream>) -> Input {
    match happened.recv_timeout(wait.min(Duration::from_secs(3600))) {
        Ok(Event::Open(conn, stream)) => {
            sockets.insert(conn, stream);
            Input::Connected { conn }
        }
        Ok(Event::Input(input)) => input,
        Err(_) => Input::Timeout,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let config = Config::parse([("bootstrap.servers", servers)]).map_err(|mut errors| errors.remove(0))?;

    let begin = std::time::Instant::now();
    let now = || Instant::from_micros(begin.elapsed().as_micros() as u64);
    let mut producer = Producer::new(config, 7);
    let (events, happened) = channel();
    let (mut sockets, mut inputs) = (HashMap::new(), VecDeque::new());

    for number in 0..100 {
        let (value, wall) = (
            format!("value {number}"),
            SystemTime::UNIX_EPOCH.elapsed()?.as_millis(),
        );
        producer.send(
            now(),
            Record::to(topic.as_str())
                .key("std")
                .value(&value)
                .at(Timestamp(wall as i64)),
        )?;
        perform(&mut producer, &now, &mut sockets, &mut inputs, &events);
    }
    producer.close(now(), Some(Duration::from_secs(10)));
    while let Some(wait) = perform(&mut producer, &now, &mut sockets, &mut inputs, &events) {
        let input = inputs
            .pop_front()
            .unwrap_or_else(|| next(&happened, wait, &mut sockets));
        producer.handle(now(), input);
    }
    Ok(())
}
