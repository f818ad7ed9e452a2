//! A directory over HTTP on loopback: the page, with what it must know about its surroundings written into it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinError;

use crate::seed_trace;

/// More than a built page has; a wrong directory must not be read into memory.
const MAX_FILES: usize = 200;

/// The files, in memory: what a request names is looked up, never turned into a path.
#[derive(Debug)]
pub(crate) struct Site {
    files: HashMap<String, (&'static str, Bytes)>,
    policy: HeaderValue,
}

impl Site {
    /// Reads a directory with an `index.html`. Each of `metas` becomes `<meta name=… content=…>` in its head, and
    /// `connect` is where the page may open connections besides its own server, as in a Content-Security-Policy.
    pub(crate) fn read(dir: &Path, metas: &[(&str, &str)], connect: &str) -> io::Result<Self> {
        let mut files = HashMap::new();
        collect(dir, "/", &mut files)?;
        let index = files.get_mut("/index.html").ok_or_else(|| {
            let what = format!(
                "{} has no index.html: `cargo xtask setup page` makes a page",
                dir.display()
            );
            io::Error::new(io::ErrorKind::NotFound, what)
        })?;
        index.1 = with_metas(&String::from_utf8_lossy(&index.1), metas).into();
        let index = index.clone();
        files.insert("/".to_owned(), index);
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data: blob:; font-src 'self'; connect-src 'self' {connect}; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).map_err(io::Error::other)?;
        Ok(Self { files, policy })
    }

    async fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        let (status, kind, body) = match *method {
            Method::GET | Method::HEAD => match self.find(path).await {
                Ok(Some((kind, body))) => (StatusCode::OK, kind, body),
                Ok(None) => said(StatusCode::NOT_FOUND, "no such file\n"),
                Err(_) => said(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the world of this seed panicked; the server's standard error says where\n",
                ),
            },
            _ => said(StatusCode::METHOD_NOT_ALLOWED, "only GET\n"),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // The page is rebuilt more often than its names change.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    /// What is at that path: a file, or the world of a seed, which is computed beside the connections. The error is
    /// that world's panic.
    async fn find(&self, path: &str) -> Result<Option<(&'static str, Bytes)>, JoinError> {
        if let Some(file) = self.files.get(path) {
            return Ok(Some(file.clone()));
        }
        let Some(seed) = seed_trace::seed_in(path) else {
            return Ok(None);
        };
        let trace = tokio::task::spawn_blocking(move || seed_trace::of(seed)).await?;
        Ok(trace.map(|trace| ("application/jsonl", trace)))
    }
}

fn said(status: StatusCode, text: &'static str) -> (StatusCode, &'static str, Bytes) {
    (status, "text/plain", Bytes::from_static(text.as_bytes()))
}

/// A port of 127.0.0.1 for the page.
pub(crate) async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, site: Site) -> Infallible {
    let site = Arc::new(site);
    loop {
        // A connection that could not be accepted is the client's to try again.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let site = Arc::clone(&site);
                let (head, _) = request.into_parts();
                async move { Ok::<_, Infallible>(site.answer(&head.method, head.uri.path()).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // A browser that goes away in the middle is no news.
            drop(connection.await);
        });
    }
}

fn collect(dir: &Path, prefix: &str, files: &mut HashMap<String, (&'static str, Bytes)>) -> io::Result<()> {
    let named =
        |error: io::Error, path: &Path| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    for entry in fs::read_dir(dir).map_err(|error| named(error, dir))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
            continue;
        }
        if files.len() == MAX_FILES {
            let what = format!(
                "{} has more than {MAX_FILES} files; it is not a built page",
                dir.display()
            );
            return Err(io::Error::other(what));
        }
        let body = fs::read(&path).map_err(|error| named(error, &path))?;
        files.insert(format!("{prefix}{name}"), (content_type(&name), body.into()));
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn with_metas(html: &str, metas: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
    };
    let tags: String = metas
        .iter()
        .map(|(name, content)| {
            format!(
                "<meta name=\"{}\" content=\"{}\">\n",
                escape(name),
                escape(content)
            )
        })
        .collect();
    html.replacen("</head>", &format!("{tags}</head>"), 1)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn ask(address: SocketAddr, line: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_page_is_served_with_what_it_must_know_and_nothing_else_is() {
        let dir = std::env::temp_dir().join(format!("ottla-page-{}", std::process::id()));
        fs::create_dir_all(dir.join("fonts")).unwrap();
        fs::write(dir.join("index.html"), "<head><title>t</title></head>").unwrap();
        fs::write(dir.join("web_bg.wasm"), b"\0asm").unwrap();
        fs::write(dir.join("fonts/a.woff2"), b"font").unwrap();
        fs::write(dir.join(".stamp"), b"secret").unwrap();
        let site = Site::read(
            &dir,
            &[("ottla-bridge", "ws://127.0.0.1:1/k/a\"b")],
            "ws://127.0.0.1:1",
        )
        .unwrap();
        fs::remove_dir_all(&dir).unwrap();
        let (listener, address) = bind(0).await.unwrap();
        let server = tokio::spawn(serve(listener, site));
        let index = ask(address, "GET /?x=1").await;
        assert!(
            index.contains("<meta name=\"ottla-bridge\" content=\"ws://127.0.0.1:1/k/a&quot;b\">\n</head>"),
            "{index}"
        );
        assert!(index.contains("connect-src 'self' ws://127.0.0.1:1;"), "{index}");
        assert!(
            ask(address, "GET /web_bg.wasm")
                .await
                .contains("content-type: application/wasm\r\n")
        );
        assert!(ask(address, "GET /fonts/a.woff2").await.ends_with("\r\n\r\nfont"));
        let world = ask(address, "GET /seeds/17.jsonl").await;
        let (_, trace) = world.split_once("\r\n\r\n").unwrap();
        let (_, envelopes) = ottla_trace::jsonl::read(trace).unwrap();
        assert!(envelopes.len() > 100, "{}", envelopes.len());
        assert!(
            ask(address, "POST /seeds/17.jsonl")
                .await
                .starts_with("HTTP/1.1 405")
        );
        for hidden in [
            "GET /seeds/seventeen.jsonl",
            "GET /.stamp",
            "GET /../Cargo.toml",
            "GET /%2e%2e/Cargo.toml",
            "GET /fonts",
        ] {
            assert!(ask(address, hidden).await.starts_with("HTTP/1.1 404"), "{hidden}");
        }
        assert!(ask(address, "POST /").await.starts_with("HTTP/1.1 405"));
        server.abort();
    }

    #[test]
    fn a_directory_without_a_page_is_refused_with_what_to_do() {
        let error = Site::read(&std::env::temp_dir().join("ottla-nowhere"), &[], "").unwrap_err();
        assert!(error.to_string().contains("ottla-nowhere"), "{error}");
        assert_eq!(
            with_metas("<head></head></head>", &[("a", "b")]),
            "<head><meta name=\"a\" content=\"b\">\n</head></head>"
        );
    }
}
