//! Logging in over a connection: order of the messages, refusals, sessions that end (behaviour 57).
#![cfg(feature = "sasl")]

mod common;

use bytes::Bytes;
use common::Bench;
use ottla_core::delivery::Persisted;
use ottla_core::sasl::{Given, NONCE_LEN, Token};
use ottla_core::{DeliveryErrorKind, Input};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::sasl::{SaslAuthenticateResponse, SaslHandshakeResponse};

const PLAIN: &str =
    "org.apache.kafka.common.security.plain.PlainLoginModule required username=kim password=pencil;";
const SCRAM: &str =
    "org.apache.kafka.common.security.scram.ScramLoginModule required username=kim password=pencil;";

fn with(mechanism: &str, jaas: &str) -> Bench {
    let mut options = vec![
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", mechanism),
        ("linger.ms", "0"),
        ("delivery.timeout.ms", "120000"),
    ];
    if !jaas.is_empty() {
        options.push(("sasl.jaas.config", jaas));
    }
    let mut bench = Bench::new(1, &options);
    bench.versions.push((ApiKey::SaslHandshake, 0, 1));
    bench.versions.push((ApiKey::SaslAuthenticate, 0, 2));
    bench
}

fn given(token: Option<&str>) -> Result<Given, String> {
    Ok(Given {
        nonce: [1; NONCE_LEN],
        token: token.map(Token::new),
    })
}

/// Gives every login that is asked for its part, until none is.
fn give_all(bench: &mut Bench, token: Option<&str>) {
    bench.run();
    while let Some(conn) = bench.logins.pop() {
        bench.handle(Input::Given {
            conn,
            given: given(token),
        });
    }
}

fn consent(lifetime_ms: i64) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse {
        session_lifetime_ms: lifetime_ms,
        ..Default::default()
    }
}

fn refusal(words: &str) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse {
        error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
        error_message: Some(words.to_owned()),
        ..Default::default()
    }
}

fn apis(bench: &Bench) -> Vec<(ApiKey, i16)> {
    bench
        .requests
        .iter()
        .map(|(_, api, version)| (*api, *version))
        .collect()
}

#[test]
fn a_login_comes_after_api_versions_and_before_anything_else() {
    let mut bench = with("PLAIN", PLAIN);
    bench.sasl_answers.extend([consent(0), consent(0)]);
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(bench.results(), ["0@100"]);
    let begin = [
        (ApiKey::ApiVersions, 4),
        (ApiKey::SaslHandshake, 1),
        (ApiKey::SaslAuthenticate, 2),
    ];
    assert_eq!(
        apis(&bench)[..4],
        [&begin[..], &[(ApiKey::Metadata, 13)]].concat()
    );
    // The connection to the leader logs in as well.
    assert_eq!(apis(&bench)[5..8], begin);
    assert_eq!(bench.said[..2], [b"PLAIN".to_vec(), b"\0kim\0pencil".to_vec()]);
}

#[test]
fn nothing_is_sent_before_the_shell_gives_its_part_and_not_forever() {
    let mut bench = with("OAUTHBEARER", "");
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(apis(&bench), [(ApiKey::ApiVersions, 4)]);
    assert_eq!(bench.logins.len(), 1);
    bench.advance_ms(30_000);
    assert_eq!(bench.hung_up.len(), 1, "request.timeout.ms is also for tokens");
    // A part that comes too late is for nobody.
    let conn = bench.logins[0];
    bench.handle(Input::Given {
        conn,
        given: given(Some("late")),
    });
    assert!(bench.said.is_empty());
}

#[test]
fn a_wrong_password_fails_at_once_and_is_not_tried_again_by_itself() {
    let mut bench = with("PLAIN", PLAIN);
    bench
        .sasl_answers
        .push_back(refusal("Authentication failed: Invalid username or password"));
    bench.send_to(0, "a");
    bench.send_to(0, "b");
    give_all(&mut bench, None);
    assert_eq!(bench.done.len(), 2, "both at once");
    let error = bench.done[0].1.clone().expect_err("refused");
    assert_eq!(
        (error.code, error.kind),
        ("SASL_AUTHENTICATION_FAILED", DeliveryErrorKind::Authorization)
    );
    assert_eq!(error.persisted, Persisted::No);
    let text = error.to_string();
    for needle in [
        "boot:9092",
        "\"kim\"",
        "PLAIN",
        "Invalid username or password",
        "sasl.jaas.config",
    ] {
        assert!(text.contains(needle), "{text}");
    }
    assert!(!text.contains("pencil") && text.lines().count() == 1, "{text}");
    let dialled = bench.dialled.len();
    bench.advance_ms(60_000);
    assert_eq!(bench.dialled.len(), dialled, "nobody asked for anything since");
    // Somebody may have changed the password: a new record tries again.
    bench.sasl_answers.extend([consent(0), consent(0)]);
    bench.send_to(0, "c");
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(bench.results().last().map(String::as_str), Some("0@100"));
}

#[test]
fn a_mechanism_that_the_broker_does_not_have_names_those_that_it_has() {
    let mut bench = with("PLAIN", PLAIN);
    bench.handshake = SaslHandshakeResponse {
        error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        mechanisms: vec!["SCRAM-SHA-512".to_owned(), "OAUTHBEARER".to_owned()],
    };
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    let error = bench.done[0].1.clone().expect_err("refused");
    assert_eq!(error.code, "UNSUPPORTED_SASL_MECHANISM");
    assert!(error.message.contains("SCRAM-SHA-512, OAUTHBEARER"), "{error}");
}

#[test]
fn a_listener_without_logins_says_so() {
    for handshake in [true, false] {
        let mut bench = with("PLAIN", PLAIN);
        if handshake {
            bench.handshake.error_code = ErrorCode::ILLEGAL_SASL_STATE;
        } else {
            bench.versions.truncate(4);
        }
        bench.send_to(0, "a");
        give_all(&mut bench, None);
        let error = bench.done[0].1.clone().expect_err("refused");
        assert_eq!(error.code, "ILLEGAL_SASL_STATE");
        assert!(error.message.contains("listener"), "{error}");
    }
}

#[test]
fn a_broker_that_cannot_prove_that_it_knows_the_password_gets_no_records() {
    let mut bench = with("SCRAM-SHA-256", SCRAM);
    let nonce = "AQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    let challenge = |text: String| SaslAuthenticateResponse {
        auth_bytes: Bytes::from(text),
        ..Default::default()
    };
    bench.sasl_answers.extend([
        challenge(format!("r={}x,s=c2FsdA==,i=4096", &nonce[..24])),
        challenge("v=AAAA".to_owned()),
    ]);
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    assert_eq!(bench.said[1], format!("n,,n=kim,r={}", &nonce[..24]).into_bytes());
    let error = bench.done[0].1.clone().expect_err("not trusted");
    assert!(error.message.contains("prove"), "{error}");
    assert!(bench.pending.is_empty());
}

#[test]
fn nonce_and_iterations_of_the_broker_are_checked() {
    let nonce = "AQEBAQEBAQEBAQEBAQEBAQEB";
    for (challenge, needle) in [
        ("r=somebodyelses,s=c2FsdA==,i=4096".to_owned(), "nonce"),
        (format!("r={nonce},s=c2FsdA==,i=4096"), "nonce"),
        (format!("r={nonce}x,s=c2FsdA==,i=4095"), "4095 iterations"),
        (format!("r={nonce}x,s=c2FsdA==,i=16385"), "16385 iterations"),
    ] {
        let mut bench = with("SCRAM-SHA-512", SCRAM);
        bench.sasl_answers.push_back(SaslAuthenticateResponse {
            auth_bytes: Bytes::from(challenge.clone()),
            ..Default::default()
        });
        bench.send_to(0, "a");
        give_all(&mut bench, None);
        assert_eq!(bench.said.len(), 2, "{challenge}: no proof for such a broker");
        let error = bench.done[0].1.clone().expect_err("not trusted");
        assert!(error.message.contains(needle), "{error}");
    }
}

#[test]
fn a_token_that_is_refused_is_refused_with_the_brokers_reason() {
    let mut bench = with("OAUTHBEARER", "");
    bench.sasl_answers.extend([
        SaslAuthenticateResponse {
            auth_bytes: Bytes::from_static(br#"{"status":"invalid_token"}"#),
            ..Default::default()
        },
        refusal("Authentication failed"),
    ]);
    bench.send_to(0, "a");
    give_all(&mut bench, Some("a.b.c"));
    assert_eq!(bench.said[2], b"\x01");
    let error = bench.done[0].1.clone().expect_err("refused");
    assert!(error.message.contains("invalid_token"), "{error}");
}

#[test]
fn no_token_fails_at_once() {
    let mut bench = with("OAUTHBEARER", "");
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.logins[0];
    bench.handle(Input::Given {
        conn,
        given: Err("no token: the vault is sealed".to_owned()),
    });
    let error = bench.done[0].1.clone().expect_err("no token");
    assert!(error.message.contains("the vault is sealed"), "{error}");
}

/// A producer that is logged in at its leader, with sessions of ten seconds.
fn logged_in() -> Bench {
    let mut bench = with("PLAIN", PLAIN);
    bench.sasl_answers.extend([consent(10_000), consent(10_000)]);
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(bench.results(), ["0@100"]);
    bench.said.clear();
    bench.done.clear();
    bench
}

#[test]
fn a_session_is_renewed_before_it_ends_and_requests_wait_for_it() {
    let mut bench = logged_in();
    bench.advance_ms(8_400);
    bench.send_to(0, "b");
    bench.answer_all();
    assert_eq!(
        (bench.results().len(), bench.said.len()),
        (1, 0),
        "not before 85 %"
    );
    // A request is in flight when the session comes near its end: its answer still counts.
    bench.send_to(0, "c");
    bench.run();
    let flying = bench.take();
    bench.advance_ms(1_200);
    bench.send_to(0, "d");
    bench.run();
    assert_eq!(bench.logins.len(), 1);
    assert!(bench.pending.is_empty(), "d waits for the login");
    bench.ok(&flying, 200);
    assert_eq!(bench.results().last().map(String::as_str), Some("0@200"));
    bench.sasl_answers.push_back(consent(10_000));
    let dialled = bench.dialled.len();
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(bench.said, [b"PLAIN".to_vec(), b"\0kim\0pencil".to_vec()]);
    assert_eq!(bench.done.len(), 3);
    assert_eq!(bench.dialled.len(), dialled, "over the same connection");
}

#[test]
fn a_session_that_is_not_renewed_fails_what_waits_and_says_what_may_be_in_the_log() {
    let mut bench = logged_in();
    bench.send_to(0, "b");
    bench.run();
    bench.advance_ms(9_600);
    bench.send_to(0, "c");
    bench.run();
    bench
        .sasl_answers
        .push_back(refusal("Cannot change principals during re-authentication"));
    let flying = bench.take();
    bench.ok(&flying, 300);
    give_all(&mut bench, None);
    assert_eq!(bench.done.len(), 2);
    let error = bench.done[1].1.clone().expect_err("refused");
    assert!(error.message.contains("Cannot change principals"), "{error}");
    assert_eq!(error.persisted, Persisted::No, "c was never sent");
}

#[test]
fn a_certificate_that_is_not_trusted_fails_at_once() {
    let mut bench = Bench::new(1, &[("security.protocol", "SSL")]);
    bench.opens = false;
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.dialled[0].0;
    bench.handle(Input::Rejected {
        conn,
        why: "the broker's certificate has expired".to_owned(),
    });
    let error = bench.done[0].1.clone().expect_err("rejected");
    assert_eq!(error.code, "SSL_AUTHENTICATION_FAILED");
    assert!(
        error.message.starts_with("boot:9092: the broker's certificate"),
        "{error}"
    );
}

#[test]
fn one_broker_that_refuses_does_not_stop_the_others() {
    let mut bench = with("PLAIN", PLAIN);
    bench.nodes = vec![1, 2];
    bench
        .topics
        .insert(common::TOPIC.to_owned(), Ok(vec![(1, 0), (2, 0)]));
    bench.sasl_answers.extend([consent(0), consent(0)]);
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    bench.answer_all();
    bench.sasl_answers.push_back(refusal("not here"));
    bench.send_to(1, "b");
    bench.send_to(0, "c");
    give_all(&mut bench, None);
    bench.answer_all();
    let mut results = bench.results();
    results.sort();
    assert_eq!(results.len(), 3);
    assert_eq!(results[..2], ["0@100", "0@100"], "{results:?}");
    assert!(bench.done.iter().any(|(_, outcome)| {
        outcome
            .as_ref()
            .is_err_and(|error| error.message.contains("not here"))
    }));
}

#[test]
fn a_session_that_is_not_renewed_leaves_those_alone_that_are_being_renewed() {
    let mut bench = with("PLAIN", PLAIN);
    bench.nodes = vec![1, 2];
    bench
        .topics
        .insert(common::TOPIC.to_owned(), Ok(vec![(1, 0), (2, 0)]));
    bench
        .sasl_answers
        .extend([consent(10_000), consent(10_000), consent(10_000)]);
    bench.send_to(0, "a");
    bench.send_to(1, "b");
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(bench.done.len(), 2);
    bench.done.clear();
    bench.advance_ms(9_600);
    bench.send_to(0, "c");
    bench.send_to(1, "d");
    bench.run();
    assert_eq!(bench.logins.len(), 2, "both sessions near their end");
    bench
        .sasl_answers
        .extend([refusal("not any more"), consent(10_000)]);
    give_all(&mut bench, None);
    bench.answer_all();
    let failed = bench.done.iter().filter(|(_, outcome)| outcome.is_err()).count();
    assert_eq!((bench.done.len(), failed), (2, 1), "{:?}", bench.results());
}

#[test]
fn a_tls_alert_in_place_of_an_answer_names_the_listener() {
    let mut bench = Bench::new(1, &[("max.block.ms", "1000")]);
    bench.answers = false;
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.conn();
    bench.receive(conn, Bytes::from_static(&[0x15, 3, 3, 0, 2, 2, 80]));
    bench.advance_ms(1_000);
    let error = bench.done[0].1.clone().expect_err("nobody answers");
    assert!(error.message.contains("the listener wants TLS"), "{error}");
}

#[test]
fn logins_and_renewals_are_counted() {
    let total = |bench: &Bench, name: &str| {
        let metrics = bench.producer.kafka_metrics(bench.now);
        let found = metrics.iter().find(|metric| metric.name == name);
        found.expect("it is there").value
    };
    let mut bench = logged_in();
    let logins = total(&bench, "successful-authentication-total");
    assert!(logins >= 1.0);
    bench.advance_ms(9_600);
    bench.send_to(0, "b");
    bench.sasl_answers.push_back(consent(10_000));
    give_all(&mut bench, None);
    bench.answer_all();
    assert_eq!(total(&bench, "successful-reauthentication-total"), 1.0);
    assert_eq!(total(&bench, "successful-authentication-total"), logins);
    assert_eq!(total(&bench, "reauthentication-latency-max"), 0.0);
    let mut bench = with("PLAIN", PLAIN);
    bench.sasl_answers.push_back(refusal("no"));
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    assert_eq!(total(&bench, "failed-authentication-total"), 1.0);
    assert_eq!(total(&bench, "failed-reauthentication-total"), 0.0);
}

/// The batch was sent, its connection is lost, and the next one does not come about: whether the broker has it nobody
/// knows, so its sequence cannot be used again.
#[test]
fn a_batch_that_fails_with_a_refused_login_leaves_its_sequence_in_doubt() {
    let mut bench = with("PLAIN", PLAIN);
    bench.sasl_answers.extend([consent(0), consent(0)]);
    bench.send_to(0, "a");
    give_all(&mut bench, None);
    bench.answer_all();
    bench.done.clear();
    bench.send_to(0, "in doubt");
    bench.run();
    let sequence = |request: &common::Pending| {
        let header = request.batch().header;
        (header.producer_id, header.producer_epoch, header.base_sequence)
    };
    let request = bench.take();
    assert_eq!(sequence(&request), (7000, 0, 1));
    bench.sasl_answers.push_back(refusal("the password has expired"));
    bench.cut(request.conn);
    for _ in 0..10 {
        bench.advance_ms(100);
        give_all(&mut bench, None);
    }
    assert_eq!(bench.results(), ["SASL_AUTHENTICATION_FAILED Possibly"]);
    bench.sasl_answers.extend([consent(0), consent(0)]);
    bench.send_to(0, "next");
    for _ in 0..10 {
        bench.advance_ms(100);
        give_all(&mut bench, None);
    }
    assert_eq!(sequence(&bench.take()), (7000, 1, 0));
}
