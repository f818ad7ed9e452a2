//! Origins of web pages (RFC 6454), compared byte for byte.

/// Checks that a configured origin is what a browser would send, so that a rule that could never match, or that
/// matches more than it seems to, is refused. The error says what to write instead.
pub(super) fn validate(origin: &str) -> Result<(), String> {
    let example =
        "write it as the browser sends it: \"https://shop.example.com\" or \"http://127.0.0.1:8080\"";
    if origin == "null" {
        return Err(
            "origin \"null\" is what every sandboxed page and local file sends; serve the page over HTTP \
                    and name its origin"
                .to_owned(),
        );
    }
    if origin.contains('*') {
        return Err(format!(
            "origin {origin:?} has a wildcard, but origins are compared exactly; list each one"
        ));
    }
    let Some((scheme, authority)) = origin.split_once("://") else {
        return Err(format!("origin {origin:?} has no scheme; {example}"));
    };
    if !matches!(scheme, "http" | "https" | "chrome-extension" | "moz-extension") {
        return Err(format!(
            "origin {origin:?} has a scheme that no web page has; {example}"
        ));
    }
    let (host, port) = split_port(authority);
    let host_is_plain = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._[]:".contains(&b));
    if !host_is_plain {
        return Err(format!(
            "origin {origin:?} has a path, user, capital or other character too many; {example}"
        ));
    }
    match port {
        None => Ok(()),
        Some(port) if port.parse::<u16>().is_err() => {
            Err(format!("origin {origin:?} has no valid port; {example}"))
        }
        Some("80") if scheme == "http" => Err(default_port(origin, ":80")),
        Some("443") if scheme == "https" => Err(default_port(origin, ":443")),
        Some(_) => Ok(()),
    }
}

fn default_port(origin: &str, port: &str) -> String {
    format!("origin {origin:?} names the default port, which browsers leave out; remove {port:?}")
}

/// Splits `host:port`; the colons of a bracketed IPv6 host stay with the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::validate;

    #[test]
    fn accepts_what_browsers_send() {
        for origin in [
            "https://shop.example.com",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert_eq!(validate(origin), Ok(()), "{origin}");
        }
    }

    #[test]
    fn refuses_what_could_never_match_or_match_too_much() {
        for origin in [
            "null",
            "*",
            "https://*.example.com",
            "shop.example.com",
            "https://shop.example.com/",
            "https://Shop.example.com",
            "https://user@shop.example.com",
            "https://shop.example.com:443",
            "http://shop.example.com:80",
            "https://shop.example.com:",
            "file://",
            "https://",
        ] {
            assert!(validate(origin).is_err(), "{origin}");
        }
    }
}
