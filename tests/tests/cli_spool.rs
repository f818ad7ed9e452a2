//! `console-producer --spool`, without a cluster and with a simulated one: what is kept, what is refused, what is delivered,
//! and what is said about it.

use std::fs;
use std::path::Path;

use ottla_tests::cli::{console_producer, ottla};
use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::kcat;
use ottla_tests::places::{program, run_dir};
use ottla_tests::run::{Finished, Run};

/// Towards nobody, and with little patience for that.
fn spooling(dir: &Path, args: &[&str], input: &str) -> Run {
    spooling_for("t", dir, args, input)
}

fn spooling_for(topic: &str, dir: &Path, args: &[&str], input: &str) -> Run {
    console_producer("127.0.0.1:1", topic)
        .args(["--spool"])
        .args([dir])
        .args(["--command-property", "request.timeout.ms=100"])
        .args(["--command-property", "delivery.timeout.ms=200"])
        .args(args)
        .input(input)
}

/// Towards a cluster.
fn delivering(cluster: &DevCluster, topic: &str, dir: &Path, args: &[&str], input: &str) -> Finished {
    console_producer(cluster.bootstrap(), topic)
        .args(["--spool"])
        .args([dir])
        .args(args)
        .input(input)
        .finish()
}

fn values(cluster: &DevCluster, topic: &str) -> Vec<String> {
    let records = kcat::records(cluster.bootstrap(), topic).into_iter();
    records
        .map(|record| String::from_utf8(record.value.expect("a line")).expect("text"))
        .collect()
}

fn last_line(run: &Finished) -> String {
    run.errors().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn lines_are_kept_while_there_is_no_cluster_and_the_exit_code_says_that_they_are_not_delivered() {
    let dir = run_dir("kept").join("spool");
    let run = spooling(&dir, &[], "a\nb\n").finish();
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(run.lines().last().map(String::as_str), Some("spooled 2"));
    assert!(last_line(&run).contains("2 records stay in"), "{run}");
    let run = spooling(&dir, &[], "c\n").finish();
    assert!(
        run.errors()
            .contains("2 records that an earlier run left go out first"),
        "{run}"
    );
    assert_eq!(run.lines().last().map(String::as_str), Some("spooled 1"));
    assert!(last_line(&run).contains("3 records stay in"), "{run}");
}

#[test]
fn a_full_spool_names_the_first_line_that_it_does_not_keep() {
    let dir = run_dir("full").join("spool");
    let line = "x".repeat(100);
    let input: String = (0..100).map(|n| format!("{n}{line}\n")).collect();
    let limits = [
        "--spool-max-bytes",
        "4000",
        "--command-property",
        "max.block.ms=0",
    ];
    let run = spooling(&dir, &limits, &input).finish();
    assert_eq!(run.code, Some(1), "{run}");
    let kept = run
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("spooled ")?.parse::<u64>().ok());
    let kept = kept.expect("some are kept");
    assert!((10..40).contains(&kept), "{kept}");
    let (next, errors) = (kept + 1, run.errors());
    assert!(
        errors.contains(&format!(
            "line {next} and those behind it are not kept: the spool"
        )),
        "{run}"
    );
    assert!(errors.contains("of 4000 bytes are taken"), "{run}");
}

#[test]
fn a_line_that_can_never_be_sent_fails_alone_with_a_spool_and_without() {
    let cluster = DevCluster::start(&["spooled:1", "plain:1"]);
    let input = format!("a\nb\n{}\nc\n", "x".repeat(2_000_000));
    let plain = console_producer(cluster.bootstrap(), "plain")
        .input(input.as_str())
        .finish();
    assert_eq!(plain.code, Some(1), "{plain}");
    let dir = run_dir("large").join("spool");
    let run = delivering(&cluster, "spooled", &dir, &[], &input);
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(run.lines().last().map(String::as_str), Some("spooled 4"));
    assert!(
        run.errors().contains("line 3 is not kept: RECORD_TOO_LARGE"),
        "{run}"
    );
    assert!(
        last_line(&run).contains("1 lines can never be sent and are not kept"),
        "{run}"
    );
    for topic in ["spooled", "plain"] {
        assert_eq!(values(&cluster, topic), ["a", "b", "c"], "{topic}");
    }
    let run = delivering(&cluster, "spooled", &dir, &[], "d\n");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(values(&cluster, "spooled"), ["a", "b", "c", "d"]);
}

#[test]
fn what_an_earlier_run_left_is_delivered_whatever_the_fsync_policy() {
    let cluster = DevCluster::start(&["never:1", "5:1"]);
    for when in ["never", "5"] {
        let (dir, fsync) = (run_dir("fsync").join("spool"), ["--spool-fsync", when]);
        let run = spooling_for(when, &dir, &fsync, "a\nb\n").finish();
        assert_eq!(run.code, Some(1), "{run}");
        assert_eq!(run.lines().last().map(String::as_str), Some("spooled 2"));
        let run = delivering(&cluster, when, &dir, &fsync, "c\n");
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(values(&cluster, when), ["a", "b", "c"]);
    }
}

/// A directory with three lines for a topic, the middle one damaged. Returns the bytes of its file.
fn damage(dir: &Path, topic: &str) -> Vec<u8> {
    spooling_for(topic, dir, &[], "aaaa\nbbbb\ncccc\n").finish();
    let file = dir.join("000000000001.spool");
    let mut bytes = fs::read(&file).expect("the log");
    let at = bytes.windows(4).position(|four| four == b"bbbb").expect("a line");
    bytes[at] ^= 1;
    fs::write(&file, &bytes).expect("written");
    bytes
}

#[test]
fn damage_ends_the_run_that_finds_it_with_exit_code_1_whatever_the_policy_and_whatever_is_delivered() {
    let cluster = DevCluster::start(&["hold:1", "resend:1", "drop:1"]);
    let cases: [(&str, &str, &[&str]); 3] = [
        ("hold", "1 records are set aside: whether", &["cccc"]),
        ("resend", "1 records are lost to damage", &["aaaa", "cccc"]),
        ("drop", "1 records were dropped and may be missing", &["cccc"]),
    ];
    for (policy, needle, there) in cases {
        let dir = run_dir("found").join("spool");
        damage(&dir, policy);
        let args = ["--spool-unknown", policy];
        let run = delivering(&cluster, policy, &dir, &args, "");
        assert_eq!(run.code, Some(1), "{run}");
        for needle in [
            needle,
            "1 records are lost to damage",
            "1 damaged places were found",
        ] {
            assert!(last_line(&run).contains(needle), "no {needle:?}: {run}");
        }
        assert_eq!(values(&cluster, policy), there);
        // It is told once.
        let run = delivering(&cluster, policy, &dir, &args, "");
        assert_eq!(run.code, Some(0), "{run}");
        if policy == "hold" {
            assert!(run.errors().contains("1 records stay aside"), "{run}");
            let codes = [(); 2].map(|()| {
                let drop = ["--spool-unknown", "drop"];
                delivering(&cluster, policy, &dir, &drop, "").code
            });
            assert_eq!(codes, [Some(1), Some(0)], "what was aside is dropped once");
        }
    }
}

#[test]
fn a_damaged_spool_is_told_and_the_file_is_kept() {
    let dir = run_dir("damaged").join("spool");
    let bytes = damage(&dir, "t");
    let run = spooling(&dir, &[], "").finish();
    assert_eq!(run.code, Some(1), "{run}");
    for needle in [
        "are damaged; the file is kept as",
        "1 records are set aside: OUTCOME_UNKNOWN",
    ] {
        assert!(run.errors().contains(needle), "{run}");
    }
    assert_eq!(
        fs::read(dir.join("000000000001.damaged-0")).expect("as it was"),
        bytes
    );
}

/// The same, where no file may become longer than 4 KiB: the system refuses the rest in the middle of a write.
#[cfg(unix)]
fn with_small_files(dir: &Path, input: &str) -> Finished {
    const LIMITED: &str = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    Run::new("sh")
        .args(["-c", LIMITED, "sh"])
        .args([program("ottla")])
        .args(["console-producer", "--bootstrap-server", "127.0.0.1:1"])
        .args(["--topic", "limited", "--spool"])
        .args([dir])
        .args(["--command-property", "delivery.timeout.ms=200"])
        .args(["--command-property", "request.timeout.ms=100"])
        .input(input)
        .finish()
}

#[cfg(unix)]
#[test]
fn files_that_may_not_grow_cost_no_line_that_was_reported() {
    let cluster = DevCluster::start(&["limited:1"]);
    let dir = run_dir("limited").join("spool");
    let line = |n: u32| format!("{n:0300}\n");
    for n in 0..20 {
        let run = with_small_files(&dir, &line(n));
        assert_eq!(run.lines().last().map(String::as_str), Some("spooled 1"), "{run}");
    }
    assert!(
        fs::read_dir(&dir).expect("a directory").count() > 2,
        "a lock and two files"
    );
    let run = with_small_files(&dir, &"x".repeat(5000));
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.lines().is_empty(), "{run}");
    let told = run.errors();
    let told = told
        .lines()
        .find(|told| told.contains("line 1 and those behind it are not kept"));
    let told = told.expect("it says which");
    assert!(
        told.contains(".spool: File too large") && told.contains("ulimit -f"),
        "{told}"
    );
    let run = delivering(&cluster, "limited", &dir, &[], "");
    assert_eq!(run.code, Some(0), "{run}");
    let expected: Vec<_> = (0..20).map(|n| line(n).trim_end().to_owned()).collect();
    assert_eq!(values(&cluster, "limited"), expected);
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_in_one_line() {
    let dir = run_dir("taken").join("spool");
    fs::create_dir_all(&dir).expect("made");
    let lock = fs::File::create(dir.join("lock")).expect("made");
    lock.lock().expect("nobody has it");
    let run = spooling(&dir, &[], "a\n").finish();
    assert_eq!((run.code, run.errors().lines().count()), (Some(2), 1), "{run}");
    assert!(run.errors().contains("another process uses the spool"), "{run}");
    drop(lock);
    let file = run_dir("file").join("file");
    fs::write(&file, "").expect("written");
    let run = spooling(&file.join("spool"), &[], "a\n").finish();
    assert_eq!((run.code, run.errors().lines().count()), (Some(2), 1), "{run}");
    assert!(run.errors().contains("cannot create"), "{run}");
    assert!(run.errors().contains("take another directory"), "{run}");
}

#[test]
fn what_waits_is_shown_and_stays() {
    let dir = run_dir("shown").join("spool");
    damage(&dir, "shown");
    let show = || ottla(&["spool", "show"]).args([&dir]).ok().lines();
    let shown = show();
    assert!(shown[0].starts_with("Files: 1\tBytes: "), "{shown:?}");
    assert_eq!(shown[1], "Waiting: 2\tInBatches: 0\tDoubtful: 1");
    let topic = "\tTopic: shown\tRecords: 2\tBytes: 8\tOldest: CreateTime:";
    assert!(shown[2].starts_with(topic), "{shown:?}");
    assert_eq!(
        shown[3..],
        [
            "SetAside: 0\tRefused: 0\tUnknown: 0",
            "Damaged: 1\tDamagedFiles: 0\tTornBytes: 0"
        ]
    );
    assert_eq!(show(), shown);
    spooling_for("shown", &dir, &[], "").finish();
    let shown = show();
    assert_eq!(shown[1], "Waiting: 1\tInBatches: 0\tDoubtful: 0");
    assert_eq!(shown[3], "SetAside: 1\tRefused: 0\tUnknown: 1");
    let run = ottla(&["spool", "show"]).args([dir.join("none")]).finish();
    assert_eq!((run.code, run.errors().lines().count()), (Some(2), 1), "{run}");
    assert!(run.errors().contains("cannot read"), "{run}");
}

#[test]
fn what_contradicts_a_spool_is_refused_before_anything_is_read() {
    let dir = run_dir("refused").join("spool");
    let cases: [(&[&str], &str); 4] = [
        (&["--sync"], "--sync"),
        (
            &["--spool-fsync", "often"],
            "allowed are always, never, or a number of milliseconds",
        ),
        (
            &["--command-property", "enable.idempotence=false"],
            "enable.idempotence=false",
        ),
        (&["--request-required-acks", "1"], "acks other than all"),
    ];
    for (args, needle) in cases {
        let run = spooling(&dir, args, "a\n").finish();
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.errors().contains(needle), "{run}");
        assert!(!dir.exists());
    }
}
