//! `/metrics` and `/health`, for this machine only.

use std::convert::Infallible;
use std::net::IpAddr;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::gateway::Gateway;

/// Answers one request of the admin listener.
pub(crate) fn answer(gateway: &Gateway, request: &Request<Incoming>) -> Result<Response<String>, Infallible> {
    let reply = |status, body: String| {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        response
    };
    if !names_this_machine(request.headers().get(HOST)) {
        let why = "ask by IP address or localhost: another name may be a web page that was pointed here\n";
        return Ok(reply(StatusCode::FORBIDDEN, why.to_owned()));
    }
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            let (requests, answers) = (gateway.request_budget.used(), gateway.answer_budget.used());
            let mut response = reply(StatusCode::OK, gateway.metrics.render(requests, answers));
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        (&Method::GET, "/health") if *gateway.shutdown.borrow() => {
            reply(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n".to_owned())
        }
        (&Method::GET, "/health") => reply(StatusCode::OK, "ok\n".to_owned()),
        _ => reply(
            StatusCode::NOT_FOUND,
            "there are /metrics and /health\n".to_owned(),
        ),
    })
}

/// DNS rebinding: a page of a name that was made to resolve to 127.0.0.1 would otherwise read metrics as its own.
fn names_this_machine(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_name_this_machine() {
        let names = |host: &'static str| names_this_machine(Some(&HeaderValue::from_static(host)));
        for host in [
            "127.0.0.1:9081",
            "localhost:9081",
            "localhost",
            "[::1]:9081",
            "[::1]",
        ] {
            assert!(names(host), "{host}");
        }
        for host in ["rebound.example.com:9081", "127.0.0.1.example.com", ""] {
            assert!(!names(host), "{host}");
        }
        assert!(!names_this_machine(None));
    }
}
