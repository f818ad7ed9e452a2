//! Tokens, and sessions that end while records are sent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use ottla::sasl::Token;
use ottla::trace::{Event, Level};
use ottla::{Builder, KafkaError, Record};
use ottla_tests::places::run_dir;
use tokio::time::timeout;

use super::{Guarded, LIMIT, MODULES, TOPIC, builder, refused, send};

/// An unsigned token for a user, which brokers for tests take.
fn token(user: &str) -> Token {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let claims = format!("{{\"sub\":\"{user}\",\"iat\":{now},\"exp\":{}}}", now + 600);
    Token::new(format!(
        "{}.{}.",
        url_base64(b"{\"alg\":\"none\"}"),
        url_base64(claims.as_bytes())
    ))
}

fn url_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |chunk: &[u8], at: usize| {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63])
    };
    let digits = bytes
        .chunks(3)
        .flat_map(|chunk| (0..=chunk.len()).map(move |at| digit(chunk, at)));
    digits.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_from_options_a_file_and_a_callback() {
    let guarded = Guarded::get();
    let jaas = format!(
        "{MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"kim\";"
    );
    let at = guarded.at("LOGIN");
    let unsecured = builder(&at, &guarded.oauth()).set("sasl.jaas.config", jaas);
    assert!(send(unsecured).await.is_ok());
    let callback = builder(&at, &guarded.oauth()).oauth_token(|| async { Ok(token("kim")) });
    assert!(send(callback).await.is_ok());
    let file = run_dir("token").join("token");
    let url = format!("file://{}", file.display());
    let from_file = || builder(&at, &guarded.oauth()).set("sasl.oauthbearer.token.endpoint.url", url.clone());
    refused(
        from_file(),
        "SASL_AUTHENTICATION_FAILED",
        &["no token", "cannot be read"],
    )
    .await;
    std::fs::write(&file, "not.a.token").expect("a temporary file");
    refused(
        from_file(),
        "SASL_AUTHENTICATION_FAILED",
        &["OAUTHBEARER", "token"],
    )
    .await;
}

/// What the trace has told of connections.
#[derive(Debug, Default)]
struct Connections {
    dials: usize,
    logins: usize,
    lost: Vec<String>,
}

impl Connections {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Dialing { .. } => self.dials += 1,
            Event::RequestQueued { api, .. } if api.as_str() == "SaslHandshake" => self.logins += 1,
            Event::Disconnected { because, .. } => self.lost.push(because.to_string()),
            _ => {}
        }
    }
}

/// Sends one record after the other, until one fails or it is enough; returns all results with what was traced.
async fn send_until(
    builder: Builder,
    enough: impl Fn(&[Result<i64, KafkaError>], &Connections) -> bool,
) -> (Vec<Result<i64, KafkaError>>, Connections) {
    let trace = Arc::new(Mutex::new(Connections::default()));
    let sink = Arc::clone(&trace);
    let producer = builder
        .set("linger.ms", "0")
        .trace(Level::Batch, move |envelope| {
            sink.lock().expect("no holder panics").note(&envelope.event);
        })
        .start()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut results = Vec::new();
    let sending = async {
        while results.last().is_none_or(Result::is_ok) {
            let delivery = producer
                .send(Record::to(TOPIC).key("kim").value("again"))
                .await
                .expect("room");
            results.push(delivery.await.map(|metadata| metadata.offset));
            if enough(&results, &trace.lock().expect("no holder panics")) {
                break;
            }
        }
    };
    timeout(LIMIT, sending)
        .await
        .unwrap_or_else(|_| panic!("never enough: {:?}", trace.lock()));
    producer.close(LIMIT).await.expect("nothing is left");
    let connections = std::mem::take(&mut *trace.lock().expect("no holder panics"));
    (results, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_renewed_over_the_same_connection() {
    let guarded = Guarded::get();
    let options = guarded.login("PLAIN", "pencil");
    let (results, mut connections) = send_until(builder(&guarded.at("SHORT"), &options), |_, so_far| {
        so_far.logins >= so_far.dials + 2
    })
    .await;
    assert!(results.iter().all(Result::is_ok), "{:?}", results.last());
    // A bootstrap connection may be superfluous; none may be lost.
    let ended = ["nodes are connected themselves", "the producer is closed"];
    connections.lost.retain(|why| !ended.contains(&why.as_str()));
    assert!(connections.lost.is_empty(), "{:?}", connections.lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_renewed_ends_with_one_line() {
    let guarded = Guarded::get();
    let delivered = Arc::new(AtomicBool::new(false));
    let renewals = Arc::new(AtomicUsize::new(0));
    let (is_delivered, count) = (Arc::clone(&delivered), Arc::clone(&renewals));
    let builder = builder(&guarded.at("SHORT"), &guarded.oauth()).oauth_token(move || {
        // Whichever connections are needed for the first record are let in.
        let is_renewal = is_delivered.load(Ordering::SeqCst);
        count.fetch_add(usize::from(is_renewal), Ordering::SeqCst);
        async move {
            Ok(if is_renewal {
                Token::new("worn.out.")
            } else {
                token("kim")
            })
        }
    });
    let (results, _) = send_until(builder, |results, _| {
        delivered.fetch_or(results[0].is_ok(), Ordering::SeqCst);
        false
    })
    .await;
    let (last, before) = results.split_last().expect("at least one");
    assert!(!before.is_empty() && before.iter().all(Result::is_ok));
    let error = last.as_ref().expect_err("the session ended");
    assert_eq!(error.code(), "SASL_AUTHENTICATION_FAILED", "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(renewals.load(Ordering::SeqCst) >= 1);
}
