//! Producing to a real Kafka: rates, and what they cost the producer.

pub(crate) mod cluster;
pub(crate) mod peers;

use std::path::Path;
use std::time::Duration;

use crate::bench::estimate::Takes;
use crate::bench::meter::{self, Measured};
use crate::bench::produce::cluster::Cluster;
use crate::bench::produce::peers::{Peer, Work};
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::bench::{Target, values};
use crate::failure::{Failure, Result};
use crate::steps::npm_package::NpmPackage;
use crate::steps::{binaries, node};

pub(crate) const TARGET: Target = Target {
    name: "produce",
    measures: "records/s and producer CPU seconds per million records into Apache Kafka 4.3: acks=all, idempotent, \
               linger.ms=5, 6 partitions; batch.size=16384, and beside the clients in Node that have none batches as large as theirs",
    takes: Takes { once: 15, round: 110 },
    run,
};

const VALUE_LENS: [usize; 2] = [100, 1000];
const CODECS: [&str; 2] = ["none", "lz4"];
const LIMIT: Duration = Duration::from_secs(120);
/// Ours, theirs: ours may use at most as much processor time.
const BARS: [(Peer, Peer); 3] = [
    (Peer::OttlaNative, Peer::KafkaPerfTest),
    (Peer::OttlaNode, Peer::Platformatic),
    (Peer::OttlaBridge, Peer::Platformatic),
];

/// One run of one peer.
#[derive(Debug, Clone, Copy)]
struct Figures {
    records_per_second: f64,
    cpu_per_million: Option<f64>,
    bridge_cpu_per_million: Option<f64>,
    /// With start and warm-up, over all records.
    whole_cpu_per_million: Option<f64>,
}

fn run(report: &mut Report) -> Result<()> {
    node::packages()?;
    NpmPackage::Release.build()?;
    let ottla = binaries::ottla("release")?;
    let cluster = Cluster::start(&ottla)?;
    for value_len in VALUE_LENS {
        let values = values::file(value_len)?;
        for codec in CODECS {
            let work = Work {
                values: &values,
                value_len,
                codec,
            };
            compare(report, &cluster, &ottla, work)?;
        }
    }
    Ok(())
}

fn compare(report: &mut Report, cluster: &Cluster, ottla: &Path, work: Work<'_>) -> Result<()> {
    let Work { value_len, codec, .. } = work;
    let peers = Peer::of(value_len);
    // Each round has a run of every peer, in their order.
    let rounds = in_turns(&format!("{value_len} B, {codec}"), report.rounds(), || {
        let runs = peers.iter().map(|peer| one_run(*peer, cluster, ottla, work));
        runs.collect::<Result<Vec<Figures>>>()
    })?;
    let column = |peer: Peer, pick: &dyn Fn(&Figures) -> Option<f64>| {
        let place = peers.iter().position(|other| *other == peer);
        let run = |runs: &Vec<Figures>| place.and_then(|place| runs.get(place)).and_then(pick);
        Series::of_rounds(peer.name(), rounds.len(), rounds.iter().map(run))
    };
    let mut table = Table::new(&[
        "",
        "1000 records/s",
        "CPU s/M",
        "bridge's CPU s/M",
        "CPU s/M with start and warm-up",
    ]);
    for &peer in &peers {
        table.row([
            peer.name().to_owned(),
            column(peer, &|run| Some(run.records_per_second / 1000.0))?.shown(plain),
            column(peer, &|run| run.cpu_per_million)?.shown(plain),
            column(peer, &|run| run.bridge_cpu_per_million)?.shown(plain),
            column(peer, &|run| run.whole_cpu_per_million)?.shown(plain),
        ]);
    }
    report.table(
        &format!("{value_len} B values, {codec}: CPU is the producer's, user and system"),
        &table,
    );
    settings(report, value_len);
    for (ours, theirs) in BARS {
        let what = format!(
            "{value_len} B, {codec}: CPU of {} over {}",
            ours.name(),
            theirs.name()
        );
        let cpu = |peer| column(peer, &|run| run.cpu_per_million);
        match cpu(ours)?.over(&cpu(theirs)?)?.median() {
            Some(ratio) => report.at_most(&what, ratio, 1.0, ""),
            None => report.unmeasured(
                &what,
                "the processor time of a process is read from /proc, which is not here",
            ),
        }
    }
    Ok(())
}

/// How each peer was set, for whoever reads the table.
fn settings(report: &Report, value_len: usize) {
    for peer in Peer::of(value_len) {
        let (measured, warm_up) = peer.records(value_len);
        report.note(&format!(
            "{}: {measured} records after {warm_up} to warm up; {}",
            peer.name(),
            peer.settings()
        ));
    }
    report.note(
        "Warm-up is by records, the same for all peers and any value, but five times as long for the JVM, which is \
         still compiling then.",
    );
}

fn one_run(peer: Peer, cluster: &Cluster, ottla: &Path, work: Work<'_>) -> Result<Figures> {
    let mut command = peer.command(cluster, ottla, work)?;
    let beside = peer.is_behind_a_bridge().then(|| cluster.bridge_pid());
    let measured = meter::measure(peer.name(), &mut command, beside, LIMIT)?;
    figures(peer, &measured, work.value_len, beside.is_some()).ok_or_else(|| {
        let said: Vec<&str> = measured.lines.iter().map(|(_, line)| line.as_str()).collect();
        let said = said.join("\n");
        Failure::step(format!(
            "{} printed no result:\n{said}\n{}",
            peer.name(),
            measured.stderr
        ))
    })
}

fn figures(peer: Peer, measured: &Measured, value_len: usize, bridged: bool) -> Option<Figures> {
    let mut results = measured
        .lines
        .iter()
        .filter_map(|(at, line)| Some((*at, peer.result(line)?)));
    let (end, (records, seconds)) = results.next_back()?;
    let millions = records / 1e6;
    let cpu = measured.cpu_between(end.checked_sub(Duration::from_secs_f64(seconds))?, end);
    let (measured_records, warm_up) = peer.records(value_len);
    Some(Figures {
        records_per_second: records / seconds,
        cpu_per_million: cpu.map(|cpu| cpu.own / millions),
        bridge_cpu_per_million: cpu.filter(|_| bridged).map(|cpu| cpu.beside / millions),
        whole_cpu_per_million: measured
            .cpu_in_all()
            .map(|cpu| cpu * 1e6 / (measured_records + warm_up) as f64),
    })
}
