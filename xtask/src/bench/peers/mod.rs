//! This project's native producer beside those of others: processor time, memory, and how soon a record is
//! acknowledged.

mod programs;

pub(crate) use programs::LIBRDKAFKA;

use std::time::Duration;

use crate::bench::estimate::Takes;
use crate::bench::meter;
use crate::bench::peers::programs::{Amount, Peer, Programs};
use crate::bench::produce::cluster::{PARTITIONS, TOPIC};
use crate::bench::produce::peers::{Peer as Tool, Work};
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::server::Kafka;
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::bench::{Target, values};
use crate::failure::{Failure, Result};
use crate::steps::{Outcome, step};

pub(crate) const TARGET: Target = Target {
    name: "peers",
    measures: "native producers into Apache Kafka 4.3: CPU seconds per million records and peak memory at full speed, \
               and p99 from send to acknowledgement at 1,000 records/s: acks=all, idempotent, linger.ms=5, \
               batch.size=16384, 32 MiB of buffers, 6 partitions",
    takes: Takes { once: 15, round: 100 },
    run,
};

const VALUE_LENS: [usize; 2] = [100, 1000];
const CODECS: [&str; 2] = ["none", "lz4"];
const LIMIT: Duration = Duration::from_secs(180);
const OTHERS: [Peer; 3] = [Peer::KafkaPerfTest, Peer::Librdkafka, Peer::FranzGo];
/// Beside the best peer of the same run.
const LATENCY_BAR: f64 = 1.2;
/// One task that sends already occupies what the broker leaves of two cores: eight may not be slower than this part of
/// its rate, nor cost more than that much of its processor time for each record.
const TASKS_RATE_BAR: f64 = 0.9;
const TASKS_CPU_BAR: f64 = 1.25;
const PACED: Amount = Amount {
    measured: 5_000,
    warm_up: 1_000,
    rate: 1_000,
};

/// One run of one peer.
#[derive(Debug, Clone, Copy)]
struct Figures {
    records_per_second: f64,
    cpu_per_million: Option<f64>,
    peak_mb: Option<f64>,
    p99_ms: f64,
}

/// All runs of the same work.
struct Runs {
    peers: Vec<Peer>,
    rounds: Vec<Vec<Figures>>,
}

impl Runs {
    fn column(&self, peer: Peer, pick: &dyn Fn(&Figures) -> Option<f64>) -> Result<Series> {
        let place = self.peers.iter().position(|other| *other == peer);
        let run = |runs: &Vec<Figures>| place.and_then(|place| runs.get(place)).and_then(pick);
        Series::of_rounds(peer.name(), self.rounds.len(), self.rounds.iter().map(run))
    }

    fn cpu(&self, peer: Peer) -> Result<Series> {
        self.column(peer, &|run| run.cpu_per_million)
    }
}

fn run(report: &mut Report) -> Result<()> {
    let programs = Programs::build(|line| report.note(line))?;
    let kafka = Kafka::start()?;
    create_topic(&kafka.bootstrap)?;
    for value_len in VALUE_LENS {
        let values = values::file(value_len)?;
        for codec in CODECS {
            let work = Work {
                values: &values,
                value_len,
                codec,
            };
            flood(report, &kafka.bootstrap, &programs, work)?;
        }
    }
    report.note(
        "Keys of 10 bytes choose the partition, but kafka-producer-perf-test has none. Each record has a callback that \
         counts. Warm-up: a tenth, half for the JVM.",
    );
    let values = values::file(VALUE_LENS[0])?;
    let work = Work {
        values: &values,
        value_len: VALUE_LENS[0],
        codec: "none",
    };
    paced(report, &kafka.bootstrap, &programs, work)
}

/// With Kafka's own tool: none of this project's programs has to be built for it.
fn create_topic(bootstrap: &str) -> Result<()> {
    let mut command = Tool::java("org.apache.kafka.tools.TopicCommand");
    command.args(["--bootstrap-server", bootstrap, "--create", "--topic", TOPIC]);
    command.args(["--partitions", PARTITIONS, "--replication-factor", "1"]);
    step("the topic", || {
        let output = command
            .output()
            .map_err(|error| Failure::step(format!("java: {error}")))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::step(format!("no topic could be made:\n{why}")));
        }
        Ok(Outcome::Done("made".to_owned()))
    })
}

fn all_runs(
    what: &str,
    report: &Report,
    bootstrap: &str,
    programs: &Programs,
    work: Work<'_>,
    of: impl Fn(Peer) -> Option<Amount>,
) -> Result<Runs> {
    let all = [Peer::Ottla, Peer::OttlaTasks].into_iter().chain(OTHERS);
    let chosen: Vec<(Peer, Amount)> = all
        .filter(|peer| programs.has(*peer))
        .filter_map(|peer| Some((peer, of(peer)?)))
        .collect();
    let rounds = in_turns(what, report.rounds(), || {
        let runs = chosen
            .iter()
            .map(|(peer, amount)| one_run(*peer, bootstrap, programs, work, *amount));
        runs.collect::<Result<Vec<Figures>>>()
    })?;
    let peers = chosen.iter().map(|(peer, _)| *peer).collect();
    Ok(Runs { peers, rounds })
}

fn flood(report: &mut Report, bootstrap: &str, programs: &Programs, work: Work<'_>) -> Result<()> {
    let what = format!("{} B, {}", work.value_len, work.codec);
    let runs = all_runs(&what, report, bootstrap, programs, work, |peer| {
        Some(peer.flood(work.value_len))
    })?;
    let mut table = Table::new(&["", "CPU s/M", "peak MB", "1000 records/s"]);
    for peer in &runs.peers {
        table.row([
            peer.name().to_owned(),
            runs.cpu(*peer)?.shown(plain),
            runs.column(*peer, &|run| run.peak_mb)?.shown(plain),
            runs.column(*peer, &|run| Some(run.records_per_second / 1000.0))?
                .shown(plain),
        ]);
    }
    report.table(&format!("{what}: CPU is the producer's, user and system"), &table);
    for theirs in OTHERS.into_iter().filter(|peer| programs.has(*peer)) {
        let bar = format!("{what}: CPU of ottla over {}", theirs.name());
        at_most(
            report,
            &bar,
            &runs.cpu(Peer::Ottla)?.over(&runs.cpu(theirs)?)?,
            1.0,
        );
    }
    let rate = |peer| runs.column(peer, &|run| Some(run.records_per_second));
    let rates = rate(Peer::OttlaTasks)?.over(&rate(Peer::Ottla)?)?;
    if let Some(ratio) = rates.median() {
        let bar = format!("{what}: rate of send from 8 tasks over one");
        report.at_least(&bar, ratio, TASKS_RATE_BAR, "");
    }
    let bar = format!("{what}: CPU of send from 8 tasks over one");
    let cpu = runs.cpu(Peer::OttlaTasks)?.over(&runs.cpu(Peer::Ottla)?)?;
    at_most(report, &bar, &cpu, TASKS_CPU_BAR);
    Ok(())
}

fn paced(report: &mut Report, bootstrap: &str, programs: &Programs, work: Work<'_>) -> Result<()> {
    let what = format!("{} B at {} records/s", work.value_len, PACED.rate);
    let runs = all_runs(&what, report, bootstrap, programs, work, |peer| {
        (peer != Peer::OttlaTasks).then_some(PACED)
    })?;
    let mut table = Table::new(&["", "p99 ms"]);
    let p99 = |peer: Peer| runs.column(peer, &|run| Some(run.p99_ms));
    let mut best: Option<(f64, Peer)> = None;
    for peer in &runs.peers {
        let series = p99(*peer)?;
        table.row([peer.name().to_owned(), series.shown(plain)]);
        let better = |median: &f64| best.is_none_or(|(other, _)| *median < other);
        if *peer != Peer::Ottla
            && let Some(median) = series.median().filter(better)
        {
            best = Some((median, *peer));
        }
    }
    report.table(&format!("{what}: from send to the callback"), &table);
    if let Some((_, peer)) = best {
        let bar = format!("{what}: p99 of ottla over the best peer's, {}", peer.name());
        at_most(report, &bar, &p99(Peer::Ottla)?.over(&p99(peer)?)?, LATENCY_BAR);
    }
    Ok(())
}

fn at_most(report: &mut Report, bar: &str, ratios: &Series, limit: f64) {
    match ratios.median() {
        Some(ratio) => report.at_most(bar, ratio, limit, ""),
        None => report.unmeasured(
            bar,
            "the processor time of a process is read from /proc, which is not here",
        ),
    }
}

fn one_run(
    peer: Peer,
    bootstrap: &str,
    programs: &Programs,
    work: Work<'_>,
    amount: Amount,
) -> Result<Figures> {
    let mut command = peer.command(programs, bootstrap, work, amount)?;
    let measured = meter::measure(peer.name(), &mut command, None, LIMIT)?;
    let mut results = measured
        .lines
        .iter()
        .filter_map(|(at, line)| Some((*at, peer.said(line)?)));
    let Some((end, said)) = results.next_back() else {
        let lines: Vec<&str> = measured.lines.iter().map(|(_, line)| line.as_str()).collect();
        let printed = lines.join("\n");
        return Err(Failure::step(format!(
            "{} printed no result:\n{printed}\n{}",
            peer.name(),
            measured.stderr
        )));
    };
    let start = end.checked_sub(Duration::from_secs_f64(said.seconds));
    let cpu = start.and_then(|start| measured.cpu_between(start, end));
    Ok(Figures {
        records_per_second: said.records / said.seconds,
        cpu_per_million: cpu.map(|cpu| cpu.own * 1e6 / said.records),
        peak_mb: measured.peak_bytes.map(|bytes| bytes / 1e6),
        p99_ms: said.p99_ms,
    })
}
