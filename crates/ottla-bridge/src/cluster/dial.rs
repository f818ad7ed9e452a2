//! Opening a connection to a broker, and asking it things on the bridge's own behalf.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use bytes::BytesMut;
use ottla_wire::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};

use crate::config::{HostPort, Network};
use crate::socket;

/// How the bridge names itself to brokers.
const CLIENT_ID: &str = "ottla-bridge";

/// Why one address of a broker is not connected. The log names the address, since a name may have several; clients are
/// told [`Unreachable::why`].
#[derive(Debug)]
pub(super) struct Unreachable {
    address: SocketAddr,
    pub(super) why: io::Error,
}

impl Unreachable {
    fn error(address: SocketAddr, why: io::Error) -> io::Error {
        io::Error::new(why.kind(), Self { address, why })
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.address, self.why)
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.why)
    }
}

/// Connects to the first address of `broker` that may be dialled and answers. The address that was checked is the one
/// that is dialled, so a name that resolves differently the next time gains nothing.
pub(super) async fn connect(
    broker: &HostPort,
    networks: &[Network],
    kernel_buffer_bytes: u64,
) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    for address in lookup_host((broker.host.as_str(), broker.port)).await? {
        if !may_dial(address.ip(), networks) {
            let why = io::Error::new(
                io::ErrorKind::PermissionDenied,
                "its address is not in an allowed network",
            );
            last = Unreachable::error(address, why);
            continue;
        }
        match socket::bounded(address, kernel_buffer_bytes)?
            .connect(address)
            .await
        {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = Unreachable::error(address, error),
        }
    }
    Err(last)
}

/// Link-local addresses are where clouds serve credentials, and no broker is multicast or nowhere.
fn may_dial(address: IpAddr, networks: &[Network]) -> bool {
    const METADATA_SERVICE_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let never = match address.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip == METADATA_SERVICE_V6
        }
    };
    !never && (networks.is_empty() || networks.iter().any(|network| network.contains(address)))
}

/// Sends one request and reads its answer, of at most `max_len` bytes.
pub(super) async fn ask<Request: Message, Response: Message>(
    stream: &mut TcpStream,
    version: i16,
    request: &Request,
    max_len: u64,
) -> io::Result<Response> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let bytes = ottla_wire::encode_request(0, Some(CLIENT_ID), version, request)
        .map_err(|why| invalid(why.to_string()))?;
    stream.write_all(&bytes).await?;
    let len = stream.read_i32().await?;
    let len = u64::try_from(len)
        .ok()
        .filter(|len| *len <= max_len)
        .ok_or_else(|| {
            invalid(format!(
                "it answered with a length of {len}; is this a Kafka broker without TLS?"
            ))
        })?;
    let mut frame = BytesMut::new();
    let mut limited = stream.take(len);
    while limited.limit() > 0 {
        if limited.read_buf(&mut frame).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let (_, response) = ottla_wire::decode_response::<Response>(version, &frame.freeze())
        .map_err(|why| invalid(format!("its answer cannot be read: {why}")))?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(address: &str, networks: &[&str]) -> bool {
        let networks: Vec<_> = networks.iter().map(|text| text.parse_network()).collect();
        may_dial(address.parse().unwrap(), &networks)
    }

    trait ParseNetwork {
        fn parse_network(&self) -> Network;
    }

    impl ParseNetwork for &str {
        fn parse_network(&self) -> Network {
            let text = format!(
                "[[listener]]\nbind=\"127.0.0.1:0\"\nclass=\"server\"\n[[cluster]]\nname=\"c\"\n\
                 bootstrap=[\"b:1\"]\ntopics=[\"t\"]\nnetworks=[\"{self}\"]"
            );
            crate::Config::from_toml_str(&text).unwrap().clusters[0].networks[0]
        }
    }

    #[test]
    fn metadata_services_and_nowhere_are_never_dialled() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
        ] {
            assert!(!may(address, &[]), "{address}");
            assert!(!may(address, &["0.0.0.0/0", "::/0"]), "{address}");
        }
        assert!(may("127.0.0.7", &[]) && may("10.1.2.3", &[]));
    }

    #[test]
    fn configured_networks_are_the_only_ones() {
        assert!(may("10.1.2.3", &["10.0.0.0/8"]));
        assert!(!may("127.0.0.1", &["10.0.0.0/8"]));
    }
}
