//! Addresses in `bootstrap.servers`.

use crate::{io::Address, quoted::Quoted};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use ottla_sorted::split_once;

impl Address {
    /// Reads one entry of `bootstrap.servers`.
    ///
    /// # Errors
    /// One line that says what is wrong with it and what it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match split_once(text, "://") {
            Some((scheme, rest)) => bridge(text, scheme, rest),
            None => tcp(text),
        }
    }

    /// Whether this is the address of a bridge.
    pub fn is_bridge(&self) -> bool {
        matches!(self, Self::Bridge { .. })
    }
}

/// Reads `bootstrap.servers`.
pub(super) fn parse_list(text: &str) -> Result<Vec<Address>, String> {
    let entries: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    if entries.is_empty() {
        return Err("at least one address is needed, as host:port".to_owned());
    }
    let mut addresses = Vec::with_capacity(entries.len());
    for entry in entries {
        let address = Address::parse(entry)?;
        if addresses.contains(&address) {
            return Err(format!("{address} is there twice; name every address once"));
        }
        addresses.push(address);
    }
    if addresses.iter().any(Address::is_bridge) && !addresses.iter().all(Address::is_bridge) {
        return Err(
            "brokers (host:port) and bridges (ws://, wss://) cannot be mixed; give one kind".to_owned(),
        );
    }
    Ok(addresses)
}

fn tcp(text: &str) -> Result<Address, String> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((host, port)) = split_once(rest, "]:") else {
            return Err(format!("\"{text}\" has no port; write [address]:9092"));
        };
        if !host.as_bytes().contains(&b':')
            || !host.bytes().all(|b| b.is_ascii_hexdigit() || b":.%".contains(&b))
        {
            return Err(format!(
                "\"{host}\" is no IPv6 address; brackets are only for those"
            ));
        }
        (host, port)
    } else {
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(format!("\"{text}\" has no port; write {text}:9092"));
        };
        if host.as_bytes().contains(&b':') {
            return Err(format!(
                "\"{text}\": an IPv6 address goes into brackets, as [::1]:9092"
            ));
        }
        (host, port)
    };
    check_host(text, host)?;
    Ok(Address::Tcp {
        host: host.to_owned(),
        port: check_port(text, port)?,
    })
}

fn bridge(text: &str, scheme: &str, rest: &str) -> Result<Address, String> {
    if !matches!(scheme, "ws" | "wss") {
        return Err(match scheme {
            "http" | "https" => format!(
                "\"{text}\": a bridge is reached by WebSocket; write {}://{rest}",
                if scheme == "http" { "ws" } else { "wss" }
            ),
            _ => format!(
                "\"{text}\": write host:port without {scheme}://, or a bridge address that begins with ws:// or wss://"
            ),
        });
    }
    if rest.contains(['?', '#', '@']) {
        return Err("a bridge address has no user, query or fragment; tokens never go into a URL".to_owned());
    }
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let cluster = path.strip_prefix("k/").unwrap_or("");
    if cluster.is_empty()
        || !cluster
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        return Err(format!(
            "\"{text}\": the path of a bridge names its cluster; write {scheme}://{authority}/k/CLUSTER"
        ));
    }
    let host = match authority.strip_prefix('[') {
        Some(inner) => match inner.split_once(']') {
            Some((host, "")) => host,
            Some((host, port)) => {
                check_port(text, port.strip_prefix(':').unwrap_or(port))?;
                host
            }
            None => return Err(format!("\"{text}\": the bracket is not closed")),
        },
        None => match authority.split_once(':') {
            Some((host, port)) => {
                check_port(text, port)?;
                host
            }
            None => authority,
        },
    };
    check_host(text, host)?;
    Ok(Address::Bridge {
        url: format!("{scheme}://{rest}"),
    })
}

fn check_host(text: &str, host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err(format!("\"{text}\" has no host; write host:port"));
    }
    match host
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '%')))
    {
        Some(wrong) => Err(format!(
            "\"{text}\": {} cannot be part of a host name",
            Quoted::char(wrong)
        )),
        None => Ok(()),
    }
}

fn check_port(text: &str, port: &str) -> Result<u16, String> {
    match port.parse() {
        Ok(0) | Err(_) => Err(format!(
            "\"{text}\": the port must be a number from 1 to 65535, not \"{port}\""
        )),
        Ok(port) => Ok(port),
    }
}
