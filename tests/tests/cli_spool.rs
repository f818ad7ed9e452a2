//! `console-producer --spool` without any cluster: what is kept, what is refused, and what is said about it.

use std::fs;
use std::path::Path;

use ottla_tests::cli::console_producer;
use ottla_tests::places::run_dir;
use ottla_tests::run::{Finished, Run};

/// Towards nobody, and with little patience for that.
fn spooling(dir: &Path, args: &[&str], input: &str) -> Run {
    console_producer("127.0.0.1:1", "t")
        .args(["--spool"])
        .args([dir])
        .args(["--command-property", "request.timeout.ms=100"])
        .args(["--command-property", "delivery.timeout.ms=200"])
        .args(args)
        .input(input)
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
fn a_line_that_can_never_be_sent_is_named_and_those_before_it_are_kept() {
    let dir = run_dir("large").join("spool");
    let input = format!("a\nb\n{}\nc\n", "x".repeat(2_000_000));
    let run = spooling(&dir, &[], &input).finish();
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(run.lines().last().map(String::as_str), Some("spooled 2"));
    assert!(
        run.errors()
            .contains("line 3 and those behind it are not kept: RECORD_TOO_LARGE"),
        "{run}"
    );
}

#[test]
fn a_damaged_spool_is_told_and_the_file_is_kept() {
    let dir = run_dir("damaged").join("spool");
    spooling(&dir, &[], "aaaa\nbbbb\ncccc\n").finish();
    let file = dir.join("000000000001.spool");
    let mut bytes = fs::read(&file).expect("the log");
    let at = bytes.windows(4).position(|four| four == b"bbbb").expect("a line");
    bytes[at] ^= 1;
    fs::write(&file, &bytes).expect("written");
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
