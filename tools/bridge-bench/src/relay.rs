//! The least that anything between two sockets can do: it reads what there is, and writes it. No WebSocket, no mask, no
//! request that has to be whole. What it costs is what a hop costs on this machine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use crate::process::Process;

const BUFFER: usize = 64 * 1024;

/// Starts one in a process of its own, as the bridge is.
pub(crate) fn start(sink: SocketAddr) -> io::Result<Process> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["relay", &sink.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().expect("it was piped");
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    Process::new(child, read.ok().and_then(|_| line.trim().parse().ok()), &line)
}

/// Relays connections to `sink` until it is killed; prints where it listens.
#[allow(
    clippy::print_stdout,
    reason = "this is how the other process learns the address"
)]
pub(crate) fn run(sink: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    for client in listener.incoming() {
        let (client, sink) = (client?, TcpStream::connect(sink)?);
        client.set_nodelay(true)?;
        sink.set_nodelay(true)?;
        let (from_client, from_sink) = (client.try_clone()?, sink.try_clone()?);
        // The end of a connection is the end of both directions.
        thread::spawn(move || drop(copy(from_client, sink)));
        thread::spawn(move || drop(copy(from_sink, client)));
    }
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.shutdown(std::net::Shutdown::Write),
            read => to.write_all(&buffer[..read])?,
        }
    }
}
