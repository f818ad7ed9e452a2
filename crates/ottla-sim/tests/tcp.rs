//! The cluster behind real listeners.

#![cfg(feature = "tcp")]

use std::{io::ErrorKind, net::SocketAddr};

use bytes::Bytes;
use ottla_broker::{NewTopic, Settings};
use ottla_sim::{
    BrokerState,
    tcp::{Server, ServerOptions},
};
use ottla_wire::{
    Message, decode_response, encode_request,
    messages::metadata::{MetadataRequest, MetadataResponse},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn ask<Q: Message, A: Message>(stream: &mut TcpStream, version: i16, request: &Q) -> A {
    stream
        .write_all(&encode_request(1, None, version, request).unwrap())
        .await
        .unwrap();
    let length = stream.read_u32().await.unwrap();
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await.unwrap();
    decode_response(version, &Bytes::from(frame)).unwrap().1
}

async fn start() -> Server {
    let mut settings = Settings {
        default_replication_factor: 3,
        ..Settings::default()
    };
    settings.set("broker.session.timeout.ms", "1").unwrap();
    let topics = vec![NewTopic {
        name: "orders".to_owned(),
        partitions: 3,
        replication_factor: 3,
        ..NewTopic::default()
    }];
    Server::start(ServerOptions {
        settings,
        topics,
        ..ServerOptions::default()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn clients_are_told_where_the_brokers_listen() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addresses()[&2]).await.unwrap();
    let request = MetadataRequest {
        topics: None,
        ..MetadataRequest::default()
    };
    let response: MetadataResponse = ask(&mut stream, 12, &request).await;
    let told: Vec<String> = response
        .brokers
        .iter()
        .map(|it| format!("{}:{}", it.host, it.port))
        .collect();
    assert_eq!(told.join(","), server.bootstrap());
    assert_eq!(response.topics[0].partitions.len(), 3);
}

#[tokio::test]
async fn a_killed_broker_hangs_up_refuses_and_comes_back_at_its_port() {
    let server = start().await;
    let address = server.addresses()[&1];
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert!(server.kill(1).await);
    assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)));
    refused(address).await;
    assert!(server.restart(1).await);
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.states().await[0], (1, BrokerState::Up));
}

/// Waits until nobody listens there: the listener closes a moment after the broker died.
async fn refused(address: SocketAddr) {
    loop {
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let server = start().await;
    let port_base = server.addresses()[&1].port();
    let error = Server::start(ServerOptions {
        port_base,
        ..ServerOptions::default()
    })
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("cannot listen on 127.0.0.1:{port_base}")),
        "{error}"
    );
}

#[tokio::test]
async fn a_dropped_server_ends() {
    let server = start().await;
    let address = server.addresses()[&3];
    drop(server);
    refused(address).await;
}
