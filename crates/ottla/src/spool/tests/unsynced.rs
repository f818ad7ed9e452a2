//! A sync that fails: the system may have forgotten what it could not write, and calls it written ever after. Nothing is
//! promised on such a file any more, and the next start writes it anew.

use std::fs;
use std::time::Duration;

use super::super::Fsync;
use super::super::disk::Call;
use super::super::faults::{EIO, Faults};
use super::super::log::unsynced_path;
use super::*;

/// Expects that the next start has these values on the disk, whatever it was told that was there already.
#[track_caller]
fn assert_renewed(faults: &Faults, values: &[&str]) {
    let first = segment_path(faults.dir(), 1);
    assert!(unsynced_path(faults.dir(), 1).exists());
    faults.forget();
    let (opened, there, said) = reopen(faults.dir());
    assert_eq!(there, values);
    assert_eq!((opened.status.damaged, opened.status.lost), (0, 0));
    assert_eq!(said.count("could not bring it to the disk"), 1);
    assert_eq!(faults.synced(&first), fs::read(&first).expect("a file"));
    assert!(!unsynced_path(faults.dir(), 1).exists());
    drop(opened);
    assert_eq!(reopen(faults.dir()).2.count("could not bring"), 0, "it is done");
}

#[tokio::test]
async fn after_a_sync_that_failed_nothing_is_taken_even_if_the_next_one_would_not_fail() {
    let (faults, said) = (Faults::new(), Said::default());
    let spool = start(faults.dir(), said.options());
    send(&spool, "a").await.expect("kept");
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
    for value in ["b", "c"] {
        let words = ["cannot sync", "000000000001.spool", "look after that disk"];
        refused(send(&spool, value).await, &words);
    }
    let status = spool.status();
    assert_eq!((status.taken, status.pending), (1, 1));
    assert!(status.broken.expect("it says so").contains("cannot sync"));
    assert!(!spool.drained(PATIENCE).await);
    assert!(spool.room(0, PATIENCE).await, "nobody waits for room in it");
    close(spool).await;
    assert_eq!(said.count("nothing is taken or sent until the next start"), 1);
    assert_renewed(&faults, &["a"]);
}

#[tokio::test]
async fn nothing_is_sent_of_which_nobody_knows_whether_it_is_noted() {
    let (cluster, faults) = (cluster(1 << 20).await, Faults::new());
    let spool = start(faults.dir(), SpoolOptions::default());
    send(&spool, "a").await.expect("kept");
    close(spool).await;
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
    let spool = start_at(&cluster.bootstrap(), faults.dir(), SpoolOptions::default()).expect("a spool");
    until(&spool, |status| status.broken.is_some()).await;
    assert!(!spool.drained(PATIENCE).await);
    close(spool).await;
    assert!(stored(&cluster).await.is_empty());
    let spool = start_at(&cluster.bootstrap(), faults.dir(), SpoolOptions::default()).expect("a spool");
    assert!(spool.drained(PATIENCE).await);
    spool.close(PATIENCE).await.expect("closed");
    assert_eq!(stored(&cluster).await, ["a"]);
}

#[tokio::test]
async fn what_was_taken_before_a_later_sync_failed_is_kept_and_written_anew() {
    let faults = Faults::new();
    let options = SpoolOptions::default().fsync(Fsync::Every(Duration::from_millis(1)));
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 2);
    // The first one is that of the empty file.
    refused(
        start_at(NOBODY, faults.dir(), options.clone()).map(drop),
        &["cannot sync", "1.spool"],
    );
    faults.heal();
    let spool = start(faults.dir(), options);
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
    let mut taken = Vec::new();
    for n in 0..10_000 {
        match send(&spool, n.to_string()).await {
            Ok(()) => taken.push(n.to_string()),
            Err(error) => {
                refused(Err(error), &["cannot sync"]);
                break;
            }
        }
    }
    close(spool).await;
    assert_renewed(&faults, &taken.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_cannot_be_synced_at_its_end_is_not_followed_by_another() {
    let faults = Faults::new();
    let options = SpoolOptions::default().fsync(Fsync::Never).segment_bytes(4096);
    let spool = start(faults.dir(), options);
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
    let mut taken = Vec::new();
    for n in 0..100 {
        let value = format!("{n:0500}");
        match send(&spool, value.as_str()).await {
            Ok(()) => taken.push(value),
            Err(error) => {
                refused(Err(error), &["cannot sync"]);
                break;
            }
        }
    }
    assert!(taken.len() >= 7, "{}", taken.len());
    close(spool).await;
    assert!(!segment_path(faults.dir(), 2).exists());
    assert_renewed(&faults, &taken.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_last_sync_of_a_spool_that_is_closed_is_missed() {
    let faults = Faults::new();
    let spool = start(faults.dir(), SpoolOptions::default().fsync(Fsync::Never));
    send(&spool, "a").await.expect("kept");
    faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
    let error = spool.close(Duration::ZERO).await.expect_err("not on the disk");
    refused(Err(error), &["cannot sync"]);
    assert_renewed(&faults, &["a"]);
}

#[tokio::test]
async fn a_start_that_cannot_write_a_file_anew_leaves_it_for_the_next_one() {
    for call in [Call::Create, Call::Write, Call::Sync, Call::Rename] {
        let faults = Faults::new();
        let spool = start(faults.dir(), SpoolOptions::default());
        send(&spool, "a").await.expect("kept");
        faults.refuse_after(Call::Sync, "1.spool", EIO, 0, 1);
        refused(send(&spool, "b").await, &["cannot sync"]);
        close(spool).await;
        let name = if call == Call::Rename { "1.spool" } else { "1.tmp" };
        faults.refuse_after(call, name, EIO, 3, 1);
        let error = start_at(NOBODY, faults.dir(), SpoolOptions::default()).expect_err("refused");
        refused(Err(error), &["000000000001."]);
        assert_renewed(&faults, &["a"]);
        let names = fs::read_dir(faults.dir()).expect("a directory");
        let names = names.map(|entry| entry.expect("an entry").file_name());
        assert!(
            names
                .into_iter()
                .all(|name| !name.to_string_lossy().ends_with("tmp"))
        );
    }
}
