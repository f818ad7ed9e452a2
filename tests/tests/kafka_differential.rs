//! The simulated cluster answers as Apache Kafka does: every scenario is played on both, and compared field by field.
//! `OTTLA_WRITE_DOCS=1` writes `docs/differential.md` anew.

mod differential;

use std::time::SystemTime;

use differential::page::{self, Compared};
use differential::play::{Played, Player};
use differential::scenarios;
use differential::{cluster::Cluster, script::Scenario};
use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::kafka::Kafka;
use ottla_tests::places;

/// Fewer than these would prove little.
const LEAST_SCENARIOS: usize = 40;
const LEAST_AGREEMENTS: usize = 35;

/// Both clusters have these, beside what their defaults have in common.
const SETTINGS: &[(&str, &str)] = &[
    ("auto.create.topics.enable", "false"),
    ("broker.session.timeout.ms", "2500"),
    ("broker.heartbeat.interval.ms", "500"),
    ("num.partitions", "2"),
    ("producer.id.expiration.check.interval.ms", "500"),
];

fn start_kafka() -> Kafka {
    SETTINGS
        .iter()
        .fold(Kafka::options().brokers(3), |options, (name, value)| {
            options.config(name, value)
        })
        .start()
}

fn start_simulated() -> DevCluster {
    let settings: Vec<String> = SETTINGS
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    DevCluster::start_with(&[], &settings)
}

fn play(cluster: &mut dyn Cluster, began: i64, scenarios: &[Scenario]) -> Vec<Vec<Played>> {
    Player::new(cluster, began).play_all(scenarios)
}

#[test]
fn the_simulated_cluster_answers_as_kafka_does() {
    let scenarios = selected(scenarios::all());
    let mut kafka = start_kafka();
    let mut simulated = start_simulated();
    let began = SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("it is later than 1970")
        .as_millis() as i64;
    let (real, ours) = std::thread::scope(|scope| {
        let real = scope.spawn(|| play(&mut kafka, began, &scenarios));
        let ours = play(&mut simulated, began, &scenarios);
        (real.join().expect("the other player's panic says why"), ours)
    });
    let compared: Vec<Compared<'_>> = scenarios
        .iter()
        .zip(real)
        .zip(&ours)
        .map(|((scenario, kafka), simulated)| page::compare(scenario, kafka, simulated))
        .collect();
    check(&compared);
}

/// All, or those whose names contain `OTTLA_SCENARIO`.
fn selected(mut all: Vec<Scenario>) -> Vec<Scenario> {
    if let Ok(part) = std::env::var("OTTLA_SCENARIO") {
        all.retain(|scenario| scenario.name.contains(&part));
        assert!(
            !all.is_empty(),
            "OTTLA_SCENARIO={part}: no scenario's name contains it"
        );
    }
    all
}

fn check(compared: &[Compared<'_>]) {
    let (agreeing, differing): (Vec<_>, Vec<_>) = compared.iter().partition(|it| it.differences.is_empty());
    let unexplained = differing.iter().filter(|it| it.scenario.differs.is_none());
    let unexplained: Vec<String> = unexplained.map(|it| list(it)).collect();
    assert!(
        unexplained.is_empty(),
        "nothing says why these may differ:\n{}",
        unexplained.concat()
    );
    let excused = agreeing.iter().filter(|it| it.scenario.differs.is_some());
    let excused: Vec<&str> = excused.map(|it| it.scenario.name).collect();
    assert!(excused.is_empty(), "{excused:?} agree: take their excuses away");
    if std::env::var_os("OTTLA_SCENARIO").is_some() {
        return;
    }
    assert!(
        compared.len() >= LEAST_SCENARIOS && agreeing.len() >= LEAST_AGREEMENTS,
        "{} of {} agree",
        agreeing.len(),
        compared.len()
    );
    compare_page(&page::write(compared));
}

fn list(it: &Compared<'_>) -> String {
    let head = format!("{} ({})\n", it.scenario.name, it.scenario.what);
    let lines = it.differences.iter().map(|difference| {
        let page::Difference {
            step,
            path,
            kafka,
            simulated,
        } = difference;
        format!("    {step}: {path}: Kafka {kafka}, simulated {simulated}\n")
    });
    [head].into_iter().chain(lines).collect()
}

fn compare_page(page: &str) {
    let path = places::root().join("docs/differential.md");
    if std::env::var_os("OTTLA_WRITE_DOCS").is_some() {
        std::fs::write(&path, page).expect("docs can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/differential.md is not what was found; write it anew with OTTLA_WRITE_DOCS=1"
    );
}
