//! A producer on nothing but the standard library: one thread writes, one for each connection reads.
//!
//! `cargo run -p ottla-core --example std_tcp -- localhost:9092 clicks` sends the lines of stdin to the topic `clicks`.
#![allow(clippy::disallowed_methods, reason = "this is the shell: it has the clock")]
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, SystemTime};

use ottla_core::{Address, Config, ConnId, Input, Instant, Output, Producer, Record, SendError, Timestamp};

/// Connects, and starts the thread that reads.
fn dial(conn: ConnId, address: &Address, tell: Sender<Input>) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect(address.to_string())?;
    let mut reader = socket.try_clone()?;
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let bytes = buffer[..count].to_vec().into();
            drop(tell.send(Input::Received { conn, bytes }));
        }
        drop(tell.send(closed(conn, &"the broker closed it")));
    });
    Ok(socket)
}

fn closed(conn: ConnId, why: &impl ToString) -> Input {
    let why = why.to_string();
    Input::Closed { conn, why }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(servers), Some(topic)) = (arguments.next(), arguments.next()) else {
        return Err("usage: std_tcp HOST:PORT TOPIC < lines".into());
    };
    let config = Config::parse([("bootstrap.servers", servers)]).map_err(|mut errors| errors.remove(0))?;
    let mut producer = Producer::new(config, std::process::id().into());
    let started = std::time::Instant::now();
    let now = || Instant::from_micros(started.elapsed().as_micros() as u64);
    let (tell, told) = channel();
    let mut sockets = BTreeMap::<ConnId, TcpStream>::new();
    let mut lines = std::io::stdin().lines().peekable();
    let (mut has_room, mut closing) = (true, false);
    loop {
        match producer.poll(now()) {
            Output::Dial { conn, address, .. } => match dial(conn, &address, tell.clone()) {
                Ok(socket) => {
                    sockets.insert(conn, socket);
                    tell.send(Input::Connected { conn })?;
                }
                Err(error) => tell.send(closed(conn, &error))?,
            },
            Output::Transmit { conn, chunks } => {
                let (mut socket, count) = (&sockets[&conn], chunks.len());
                match chunks.iter().try_for_each(|chunk| socket.write_all(chunk)) {
                    Ok(()) => tell.send(Input::Written { conn, count })?,
                    Err(error) => tell.send(closed(conn, &error))?,
                }
            }
            // The thread that reads has a handle, too.
            Output::Hangup { conn } => {
                drop(
                    sockets
                        .remove(&conn)
                        .map(|socket| socket.shutdown(Shutdown::Both)),
                );
            }
            Output::Seal(job) => producer.handle(now(), Input::Sealed(job.run())),
            Output::Done(batch) => println!("{}", batch.describe()),
            Output::Room => has_room = true,
            Output::Flushed(_) | Output::Login { .. } => {}
            Output::Closed => return Ok(()),
            Output::Wait { .. } if has_room && !closing => {
                let Some(line) = lines.peek() else {
                    producer.close(now(), None);
                    closing = true;
                    continue;
                };
                let line = line.as_deref().map_err(ToString::to_string)?;
                let wall = SystemTime::UNIX_EPOCH.elapsed()?.as_millis() as i64;
                match producer.send(now(), Record::to(topic.as_str()).value(line).at(Timestamp(wall))) {
                    Err(SendError::Full { .. }) => has_room = false,
                    sent => drop((sent?, lines.next())),
                }
            }
            Output::Wait { at, .. } => {
                let wait = at.map_or(Duration::MAX, |at| at.saturating_since(now()));
                let input = told.recv_timeout(wait.min(Duration::from_secs(3600)));
                producer.handle(now(), input.unwrap_or(Input::Timeout));
            }
        }
    }
}
