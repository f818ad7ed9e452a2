//! The proxy before a broker of three lines: it answers every frame with its correlation id.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{INIT_PRODUCER_ID, Moment, PRODUCE, Proxy, frames};
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(5);

/// Counts the requests that reach it.
fn broker() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let reached = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reached);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, count) = (stream.unwrap(), Arc::clone(&count));
            std::thread::spawn(move || {
                while let Ok(Some(frame)) = frames::read(&mut stream) {
                    count.fetch_add(1, Ordering::SeqCst);
                    let head = frames::request_head(&frame).unwrap();
                    let answer = [&4_i32.to_be_bytes()[..], &head.correlation_id.to_be_bytes()].concat();
                    if stream.write_all(&answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, reached)
}

fn setup() -> (Proxy, Arc<AtomicUsize>) {
    let (address, reached) = broker();
    let proxy = Proxy::start();
    proxy.set_upstream(&address);
    (proxy, reached)
}

fn request(api_key: i16, correlation_id: i32) -> Vec<u8> {
    let body = [
        &api_key.to_be_bytes()[..],
        &7_i16.to_be_bytes(),
        &correlation_id.to_be_bytes(),
        b"rest",
    ]
    .concat();
    [&i32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

/// Sends and reads until the connection ends or `answers` have come; returns how many came.
fn talk(client: &mut TcpStream, requests: &[Vec<u8>], answers: usize) -> usize {
    client.set_read_timeout(Some(LIMIT)).unwrap();
    for request in requests {
        // One byte at a time: frames need not arrive in one piece.
        for byte in request {
            if client.write_all(&[*byte]).is_err() {
                break;
            }
        }
    }
    (0..answers)
        .take_while(|_| matches!(frames::read(client), Ok(Some(_))))
        .count()
}

#[test]
fn frames_pass_and_are_counted_by_kind() {
    let (proxy, reached) = setup();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let requests = [
        request(INIT_PRODUCER_ID, 1),
        request(PRODUCE, 2),
        request(PRODUCE, 3),
    ];
    assert_eq!(talk(&mut client, &requests, 3), 3);
    assert_eq!(
        (
            proxy.count(PRODUCE),
            proxy.count(INIT_PRODUCER_ID),
            proxy.connections()
        ),
        (2, 1, 1)
    );
    assert_eq!(reached.load(Ordering::SeqCst), 3);
    assert_eq!((proxy.seen()[0].api_version, proxy.seen()[0].length), (7, 12));
}

#[test]
fn a_cut_before_the_answer_lets_the_broker_see_the_request() {
    let (proxy, reached) = setup();
    proxy.cut(PRODUCE, 2, Moment::BeforeAnswer);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let requests = [
        request(PRODUCE, 1),
        request(INIT_PRODUCER_ID, 2),
        request(PRODUCE, 3),
    ];
    assert_eq!(
        talk(&mut client, &requests, 3),
        2,
        "the third answer must not arrive"
    );
    proxy.wait_for_cuts(1, LIMIT);
    assert_eq!(reached.load(Ordering::SeqCst), 3);
    // Only that connection and only once.
    let mut again = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(
        talk(&mut again, &[request(PRODUCE, 3), request(PRODUCE, 4)], 2),
        2
    );
    assert_eq!(proxy.cuts_made(), 1);
}

#[test]
fn a_cut_before_the_request_keeps_it_from_the_broker() {
    let (proxy, reached) = setup();
    proxy.cut(PRODUCE, 1, Moment::BeforeRequest);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(talk(&mut client, &[request(INIT_PRODUCER_ID, 1)], 1), 1);
    assert_eq!(talk(&mut client, &[request(PRODUCE, 2)], 1), 0);
    proxy.wait_for_cuts(1, LIMIT);
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[test]
fn an_answer_that_is_delayed_arrives_later() {
    let (proxy, _) = setup();
    let delay = Duration::from_millis(60);
    proxy.delay_answers(delay);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let asked = Instant::now();
    assert_eq!(talk(&mut client, &[request(PRODUCE, 1)], 1), 1);
    assert!(asked.elapsed() >= delay);
}

#[test]
fn cut_all_ends_connections_and_lets_new_ones_in() {
    let (proxy, _) = setup();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(talk(&mut client, &[request(PRODUCE, 1)], 1), 1);
    proxy.cut_all();
    assert_eq!(client.read(&mut [0]).unwrap_or(0), 0);
    let mut again = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(talk(&mut again, &[request(PRODUCE, 2)], 1), 1);
}

#[test]
fn an_answer_that_never_comes_leaves_the_connection_open() {
    let (proxy, reached) = setup();
    proxy.cut(PRODUCE, 2, Moment::Never);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(
        talk(&mut client, &[request(PRODUCE, 1), request(PRODUCE, 2)], 1),
        1
    );
    proxy.wait_for_cuts(1, LIMIT);
    // The third passes over the same connection, so the second's answer did not end it; that one's own is kept, too.
    client.write_all(&request(INIT_PRODUCER_ID, 3)).unwrap();
    wait_until("the third answer to be kept", LIMIT, || proxy.withheld() == 2);
    assert_eq!(reached.load(Ordering::SeqCst), 3);
    client.set_nonblocking(true).unwrap();
    let error = client.peek(&mut [0]).unwrap_err();
    assert_eq!(
        error.kind(),
        std::io::ErrorKind::WouldBlock,
        "neither an answer nor the end, but {error}"
    );
}
