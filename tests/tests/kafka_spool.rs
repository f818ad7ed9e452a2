//! A spool and a broker that forgets: what may have been stored is told as unknown, and the policy decides.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::spool::{SpoolOptions, SpoolProducer, SpoolStatus, Unknown};
use ottla::{Producer, Record, Timestamp};
use ottla_tests::cli::console_producer;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::places::{program, run_dir};
use ottla_tests::process::Process;
use ottla_tests::proxy::{Moment, PRODUCE};
use ottla_tests::run::Finished;
use ottla_tests::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(60);
const TWO_DAYS: i64 = 2 * 24 * 60 * 60 * 1000;

fn lines(kafka: &Kafka, topic: &str) -> Vec<String> {
    let records = kcat::records(kafka.bootstrap(), topic).into_iter();
    records
        .map(|record| String::from_utf8(record.value.expect("a line")).expect("text"))
        .collect()
}

/// A producer that the broker's answer does not reach, and that is killed then: the batch is stored, and nobody knows.
fn stored_and_killed(kafka: &Kafka, topic: &str, dir: &Path) {
    let proxy = kafka.proxy(1);
    let cuts = proxy.cuts_made();
    proxy.cut(PRODUCE, 1, Moment::Never);
    let mut command = Command::new(program("ottla"));
    command
        .args([
            "console-producer",
            "--bootstrap-server",
            &kafka.proxied_bootstrap(),
        ])
        .args(["--topic", topic, "--spool"])
        .arg(dir);
    let mut producer =
        Process::start_at_keyboard("console-producer", &mut command, &dir.with_extension("log"));
    producer.type_line("stored");
    proxy.wait_for_cuts(cuts + 1, LIMIT);
    producer.kill();
    assert!(producer.log().contains("spooled 1"), "{}", producer.log());
}

fn resume(kafka: &Kafka, topic: &str, dir: &Path, args: &[&str]) -> Finished {
    console_producer(&kafka.proxied_bootstrap(), topic)
        .args(["--spool"])
        .args([dir])
        .args(args)
        .input("new\n")
        .finish()
}

/// Waits until no producer of the topic is known to its broker any more.
fn wait_for_oblivion(kafka: &Kafka, topic: &str) {
    wait_until("the broker to forget the producer", LIMIT, || {
        let known = kafka
            .tools()
            .class("org.apache.kafka.tools.TransactionsCommand")
            .args(["--bootstrap-server", kafka.bootstrap()])
            .args(["describe-producers", "--topic", topic, "--partition", "0"])
            .ok();
        known.lines().len() <= 1
    });
}

#[test]
fn what_a_broker_forgot_is_unknown_and_the_policy_is_obeyed() {
    let kafka = Kafka::options()
        .proxied()
        .config("producer.id.expiration.ms", "5000")
        .config("producer.id.expiration.check.interval.ms", "1000")
        .start();
    let window = ["--command-property", "ottla.dedup.window.ms=5000"];
    let cases: [(&str, i32, &str, &[&str]); 3] = [
        (
            "hold",
            1,
            "1 records are set aside: OUTCOME_UNKNOWN",
            &["stored", "new"],
        ),
        (
            "resend",
            0,
            "1 records are sent again and may be there twice",
            &["stored", "new", "stored"],
        ),
        (
            "drop",
            1,
            "1 records are dropped and may be missing",
            &["stored", "new"],
        ),
    ];
    for (policy, code, said, there) in cases {
        let (topic, dir) = (Kafka::topic_name(policy), run_dir("forgotten").join("spool"));
        kafka.tools().create_topic(&topic, 1, &[]);
        stored_and_killed(&kafka, &topic, &dir);
        wait_for_oblivion(&kafka, &topic);
        let args = [&window[..], &["--spool-unknown", policy]].concat();
        let run = resume(&kafka, &topic, &dir, &args);
        assert_eq!(run.code, Some(code), "{run}");
        assert!(run.errors().contains(said), "{run}");
        let mut lines = lines(&kafka, &topic);
        lines[1..].sort();
        assert_eq!(lines, there, "{policy}");
        if policy == "hold" {
            let run = resume(&kafka, &topic, &dir, &["--spool-unknown", "resend"]);
            assert_eq!(run.code, Some(0), "{run}");
            assert!(
                run.errors()
                    .contains("1 records that were set aside are sent again"),
                "{run}"
            );
            let mut lines = self::lines(&kafka, &topic);
            lines[1..].sort();
            assert_eq!(lines, ["stored", "new", "new", "stored"]);
        }
    }
}

#[test]
fn what_a_broker_remembers_is_there_once() {
    let kafka = Kafka::options().proxied().start();
    let (topic, dir) = (
        Kafka::topic_name("remembered"),
        run_dir("remembered").join("spool"),
    );
    kafka.tools().create_topic(&topic, 1, &[]);
    stored_and_killed(&kafka, &topic, &dir);
    let run = resume(&kafka, &topic, &dir, &[]);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(lines(&kafka, &topic), ["stored", "new"]);
}

/// What a spool gave notice of.
type Said = Arc<Mutex<Vec<String>>>;

fn start(kafka: &Kafka, dir: &Path, policy: Unknown) -> (SpoolProducer, Said) {
    let said = Said::default();
    let sink = said.clone();
    let options = SpoolOptions::default()
        .unknown(policy)
        .on_notice(move |line| sink.lock().expect("nobody panicked").push(line.to_owned()));
    let builder = Producer::builder().bootstrap_servers(kafka.proxied_bootstrap());
    let spool = SpoolProducer::start(builder, dir, options).expect("a spool");
    (spool, said)
}

async fn finish(spool: SpoolProducer) -> SpoolStatus {
    assert!(spool.drained(LIMIT).await, "{:?}", spool.status());
    spool.close(LIMIT).await.expect("written down")
}

fn old(topic: &str, value: &str) -> Record<'static> {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let now = i64::try_from(now.as_millis()).expect("before the year 292 million");
    Record::to(topic.to_owned())
        .value(value.to_owned())
        .at(Timestamp(now - TWO_DAYS))
}

/// Brokers forget a producer by the timestamps of its records: with old ones, at once.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_two_days_ago_are_unknown_once_an_answer_is_lost() {
    let kafka = Kafka::options()
        .proxied()
        .config("producer.id.expiration.check.interval.ms", "1000")
        .start();
    let cases = [
        (
            Unknown::Hold,
            vec!["plain", "doubtful"],
            "set aside: OUTCOME_UNKNOWN",
        ),
        (
            Unknown::Resend,
            vec!["plain", "doubtful", "doubtful"],
            "may be there twice: OUTCOME_UNKNOWN",
        ),
        (
            Unknown::Drop,
            vec!["plain", "doubtful"],
            "dropped and may be missing: OUTCOME_UNKNOWN",
        ),
    ];
    for (policy, there, needle) in cases {
        let (topic, dir): (_, PathBuf) = (Kafka::topic_name("old"), run_dir("old").join("spool"));
        kafka.tools().create_topic(&topic, 1, &[]);
        let (spool, said) = start(&kafka, &dir, policy);
        spool.send(old(&topic, "plain")).await.expect("room");
        assert!(
            spool.drained(LIMIT).await,
            "an answer that comes leaves no doubt: {:?}",
            spool.status()
        );
        let cuts = kafka.proxy(1).cuts_made();
        kafka.proxy(1).cut(PRODUCE, 1, Moment::BeforeAnswer);
        spool.send(old(&topic, "doubtful")).await.expect("room");
        kafka.proxy(1).wait_for_cuts(cuts + 1, LIMIT);
        let status = finish(spool).await;
        let counts = match policy {
            Unknown::Hold => (1, 0, 0),
            Unknown::Resend => (0, 1, 0),
            Unknown::Drop => (0, 0, 1),
        };
        assert_eq!(
            (status.unknown, status.resent, status.dropped),
            counts,
            "{policy:?}"
        );
        let said = said.lock().expect("nobody panicked").clone();
        assert!(said.iter().any(|line| line.contains(needle)), "{said:?}");
        assert_eq!(lines(&kafka, &topic), there, "{policy:?}");
    }
}
