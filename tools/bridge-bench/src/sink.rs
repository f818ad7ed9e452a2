//! A broker that reads and acknowledges: the end of both paths.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use null_broker::NullBroker;

use crate::TOPIC;

/// Longer frames are nothing that this program sends.
const MAX_FRAME: usize = 1 << 20;

/// Accepts connections until the process ends, and returns where.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let broker = NullBroker::new("127.0.0.1", address.port(), TOPIC, 1);
            // The end of a connection is an error of the read that waited for more.
            thread::spawn(move || drop(serve(stream, broker)));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream, mut broker: NullBroker) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_FRAME {
            return Err(io::Error::other("a frame of more than 1 MiB"));
        }
        let mut frame = vec![0; length];
        stream.read_exact(&mut frame)?;
        if let Some(answer) = broker.answer(&Bytes::from(frame)).map_err(io::Error::other)? {
            stream.write_all(&answer)?;
        }
    }
}
