//! A disk that refuses: what was taken stays taken, what is not is told, and it goes on when the disk does.

use std::fs;
use std::time::Duration;

use super::super::Fsync;
use super::super::disk::Call;
use super::super::faults::{EACCES, EFBIG, EIO, ENOSPC, Faults};
use super::*;

const ENOENT: i32 = 2;

#[tokio::test]
async fn a_record_that_is_written_by_half_is_refused_and_those_around_it_are_kept() {
    for short in [0, 1, 11, 30, 60] {
        for errno in [ENOSPC, EFBIG, EIO] {
            let (faults, said) = (Faults::new(), Said::default());
            let spool = start(faults.dir(), said.options());
            send(&spool, "a").await.expect("kept");
            faults.refuse_after(Call::Write, ".spool", errno, short, 2);
            refused(send(&spool, "b").await, &["cannot write", ".spool: ", "; "]);
            faults.heal();
            send(&spool, "c").await.expect("kept again");
            let status = close(spool).await;
            assert_eq!((status.taken, status.pending), (2, 2));
            assert_kept(&faults, &["a", "c"]);
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_told_once_and_says_what_helps() {
    let (faults, said) = (Faults::new(), Said::default());
    let spool = start(faults.dir(), said.options());
    faults.refuse(Call::Write, ".spool", ENOSPC);
    for _ in 0..30 {
        refused(send(&spool, "a").await, &["No space left", "make room there"]);
    }
    assert!(spool.status().trouble.is_some());
    faults.heal();
    send(&spool, "b").await.expect("kept");
    until(&spool, |status| status.trouble.is_none()).await;
    assert_eq!((said.count("No space left"), said.count("written again")), (1, 1));
    close(spool).await;
    assert_kept(&faults, &["b"]);
}

#[tokio::test]
async fn what_could_not_be_written_to_its_end_is_gone_before_anything_is_added() {
    let faults = Faults::new();
    let spool = start(faults.dir(), SpoolOptions::default());
    // Whole entries of the group are in the file, and stay there.
    faults.refuse_after(Call::Write, ".spool", ENOSPC, 150, 1);
    faults.refuse(Call::Cut, ".spool", EIO);
    let group = ["x", "y", "z"].map(|value| Record::to("t").value(value));
    let sent = spool.send_all(group.to_vec()).await;
    refused(sent, &["No space left"]);
    refused(send(&spool, "a").await, &["cannot cut", "000000000001.spool"]);
    faults.heal();
    send(&spool, "b").await.expect("kept");
    close(spool).await;
    assert_kept(&faults, &["b"]);
}

#[tokio::test]
async fn a_file_that_may_not_grow_is_left_for_the_next_one() {
    let faults = Faults::new();
    faults.limit(1000);
    let spool = start(faults.dir(), SpoolOptions::default());
    let values: Vec<String> = (0..9).map(|n| n.to_string().repeat(250)).collect();
    for value in &values {
        send(&spool, value.as_str()).await.expect("kept");
    }
    refused(
        send(&spool, "x".repeat(1000)).await,
        &["File too large", "ulimit -f"],
    );
    close(spool).await;
    assert_kept(&faults, &values.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_next_file_that_cannot_be_made_is_made_when_it_can() {
    for call in [Call::Create, Call::Write, Call::Sync] {
        for stays in [false, true] {
            let (faults, said) = (Faults::new(), Said::default());
            let spool = start(faults.dir(), said.options().segment_bytes(4096));
            faults.refuse_after(call, "2.spool", ENOSPC, 7, usize::MAX);
            if stays {
                faults.refuse(Call::Remove, "2.spool", EIO);
            }
            let values: Vec<String> = (0..12).map(|n| format!("{n:0500}")).collect();
            for value in &values[..10] {
                send(&spool, value.as_str())
                    .await
                    .expect("kept in the file that there is");
            }
            let status = until(&spool, |status| status.trouble.is_some()).await;
            let trouble = status.trouble.expect("it was waited for");
            assert!(trouble.contains("000000000002.spool"), "{trouble}");
            assert_eq!(said.count("000000000002.spool"), 1);
            if !stays {
                faults.heal();
                send(&spool, values[10].as_str()).await.expect("kept");
                until(&spool, |status| status.trouble.is_none()).await;
                send(&spool, values[11].as_str()).await.expect("kept");
                assert!(segment_path(faults.dir(), 2).metadata().expect("made").len() > 16);
            }
            close(spool).await;
            faults.heal();
            let first = segment_path(faults.dir(), 1);
            if stays {
                // The process died while it wrote to the first file, although there is a second one.
                let mut bytes = fs::read(&first).expect("a file");
                bytes.extend_from_slice(&[0xf5, b's', b'p']);
                fs::write(&first, bytes).expect("written");
            }
            let there: Vec<_> = values.iter().map(String::as_str).collect();
            assert_kept(&faults, &there[..if stays { 10 } else { 12 }]);
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_costs_nothing_but_its_bytes() {
    let (cluster, faults, said) = (cluster(1 << 20).await, Faults::new(), Said::default());
    faults.refuse(Call::Remove, ".spool", EACCES);
    let options = || said.options().segment_bytes(4096);
    let spool = start_at(&cluster.bootstrap(), faults.dir(), options()).expect("a spool");
    let values: Vec<String> = (0..30).map(|n| format!("{n:0500}")).collect();
    for value in &values {
        send(&spool, value.as_str()).await.expect("kept");
    }
    assert!(spool.drained(PATIENCE).await);
    let status = spool.close(PATIENCE).await.expect("all is written down");
    assert_eq!((status.delivered, status.pending), (30, 0));
    assert!(said.count("cannot remove") > 0);
    // The next start has nothing to send, and gets on without removing, too.
    let spool = start_at(&cluster.bootstrap(), faults.dir(), options()).expect("a spool");
    assert_eq!(spool.status().pending, 0);
    faults.heal();
    send(&spool, "last").await.expect("kept");
    assert!(spool.drained(PATIENCE).await);
    spool.close(PATIENCE).await.expect("closed");
    let there = stored(&cluster).await;
    assert_eq!((there.len(), &there[..30]), (31, &values[..]));
    let files = fs::read_dir(faults.dir()).expect("a directory").count();
    assert_eq!(files, 1, "only the lock is left");
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_be_noted_and_all_of_it_when_it_can() {
    let (cluster, faults, said) = (cluster(1 << 20).await, Faults::new(), Said::default());
    let spool = start(faults.dir(), SpoolOptions::default());
    for value in ["a", "b", "c"] {
        send(&spool, value).await.expect("kept");
    }
    close(spool).await;
    faults.refuse(Call::Write, ".spool", ENOSPC);
    let spool = start_at(&cluster.bootstrap(), faults.dir(), said.options()).expect("a spool");
    let status = until(&spool, |status| status.trouble.is_some()).await;
    assert_eq!((status.delivered, status.pending), (0, 3));
    assert!(stored(&cluster).await.is_empty());
    // Records that are refused meanwhile are in nobody's way.
    refused(send(&spool, "d").await, &["No space left"]);
    faults.heal();
    assert!(spool.drained(PATIENCE).await, "{:?}", spool.status());
    spool.close(PATIENCE).await.expect("closed");
    assert_eq!(stored(&cluster).await, ["a", "b", "c"]);
    assert_eq!(said.count("No space left"), 1);
}

#[tokio::test]
async fn a_record_is_set_aside_once_however_often_it_takes() {
    for (call, name) in [
        (Call::Write, "aside.spool"),
        (Call::Sync, "aside.spool"),
        (Call::Create, "aside.spool"),
    ] {
        let (cluster, faults) = (cluster(300).await, Faults::new());
        faults.refuse_after(call, name, ENOSPC, 20, 3);
        let spool = start_at(&cluster.bootstrap(), faults.dir(), SpoolOptions::default()).expect("a spool");
        send(&spool, "x".repeat(500)).await.expect("kept");
        let status = until(&spool, |status| status.trouble.is_some()).await;
        assert_eq!((status.refused, status.pending), (0, 1), "it is where it was");
        assert!(spool.drained(PATIENCE).await);
        let status = spool.close(PATIENCE).await.expect("closed");
        assert_eq!((status.refused, status.pending), (1, 0));
        assert_kept(&faults, &["x".repeat(500).as_str()]);
    }
}

#[tokio::test]
async fn the_name_of_a_file_is_synced_however_often_it_takes() {
    let (cluster, faults) = (cluster(300).await, Faults::new());
    let spool = start_at(&cluster.bootstrap(), faults.dir(), SpoolOptions::default()).expect("a spool");
    faults.refuse_after(Call::Sync, &faults.dir().to_string_lossy(), EIO, 0, 1);
    send(&spool, "x".repeat(500)).await.expect("kept");
    let status = until(&spool, |status| status.trouble.is_some()).await;
    assert_eq!((status.refused, status.pending), (0, 1));
    until(&spool, |status| status.refused == 1).await;
    assert!(faults.is_named(&faults.dir().join("aside.spool")));
    assert!(spool.drained(PATIENCE).await);
    spool.close(PATIENCE).await.expect("closed");
}

#[tokio::test]
async fn a_record_that_is_aside_is_not_written_there_again_while_the_log_cannot_say_so() {
    let (cluster, faults) = (cluster(300).await, Faults::new());
    let spool = start_at(&cluster.bootstrap(), faults.dir(), SpoolOptions::default()).expect("a spool");
    send(&spool, "a").await.expect("kept");
    assert!(spool.drained(PATIENCE).await);
    faults.refuse(Call::Sync, "aside.spool", ENOSPC);
    send(&spool, "x".repeat(500)).await.expect("kept");
    until(&spool, |status| status.trouble.is_some()).await;
    faults.refuse(Call::Write, "1.spool", ENOSPC);
    faults.allow(Call::Sync);
    let aside = faults.dir().join("aside.spool");
    let retried = faults.count(Call::Write) + 6;
    let counting = async {
        while faults.count(Call::Write) < retried {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counting)
        .await
        .expect("it is tried again");
    let bytes = fs::read(&aside).expect("a file");
    let pieces = read(&bytes).expect("this version");
    assert_eq!(pieces.entries().len(), 2, "a record and why");
    faults.heal();
    assert!(spool.drained(PATIENCE).await);
    assert_eq!(spool.close(PATIENCE).await.expect("closed").refused, 1);
}

#[tokio::test]
async fn a_directory_that_is_removed_or_moved_away_takes_nothing_more() {
    for is_moved in [false, true] {
        let (faults, said) = (Faults::new(), Said::default());
        let spool = start(faults.dir(), said.options());
        send(&spool, "a").await.expect("kept");
        let elsewhere = faults.dir().with_extension("moved");
        fs::rename(faults.dir(), &elsewhere).expect("moved");
        if is_moved {
            fs::create_dir(faults.dir()).expect("made");
            fs::write(segment_path(faults.dir(), 1), b"another").expect("written");
        }
        for value in ["b", "c"] {
            refused(
                send(&spool, value).await,
                &["000000000001.spool was removed or moved", "start again"],
            );
        }
        assert!(!spool.drained(PATIENCE).await);
        let status = close(spool).await;
        assert_eq!(status.pending, 1);
        assert!(status.broken.is_some());
        assert_eq!(said.count("nothing is taken or sent until the next start"), 1);
        let _ = fs::remove_dir_all(faults.dir());
        fs::rename(&elsewhere, faults.dir()).expect("moved back");
        assert_kept(&faults, &["a"]);
    }
}

#[tokio::test]
async fn a_file_that_vanishes_before_it_is_sent_is_told() {
    let (cluster, faults, said) = (cluster(1 << 20).await, Faults::new(), Said::default());
    let spool = start(faults.dir(), SpoolOptions::default().segment_bytes(4096));
    for n in 0..10 {
        send(&spool, format!("{n:0500}")).await.expect("kept");
    }
    close(spool).await;
    // Only who reads it to send it opens it.
    faults.refuse(Call::Open, "1.spool", ENOENT);
    let spool = start_at(&cluster.bootstrap(), faults.dir(), said.options()).expect("a spool");
    assert!(!spool.drained(PATIENCE).await);
    let status = spool.close(Duration::ZERO).await.expect("closed");
    assert_eq!((status.delivered, status.pending), (0, 10));
    let halted = status.halted.expect("it says why");
    assert!(
        halted.contains("cannot read") && halted.contains("put it back"),
        "{halted}"
    );
    assert_eq!(said.count("cannot read"), 1);
}

#[tokio::test]
async fn a_directory_that_may_not_be_used_is_refused_and_left_as_it_is() {
    let faults = Faults::new();
    let spool = start(faults.dir(), SpoolOptions::default());
    send(&spool, "a").await.expect("kept");
    close(spool).await;
    for (call, name) in [
        (Call::Create, ""),
        (Call::Read, "1.spool"),
        (Call::Open, "1.spool"),
    ] {
        faults.refuse(call, name, EACCES);
        let error = start_at(NOBODY, faults.dir(), SpoolOptions::default()).expect_err("refused");
        refused(
            Err(error),
            &[
                "Permission denied",
                "let this user",
                &faults.dir().to_string_lossy(),
            ],
        );
        faults.heal();
    }
    assert_kept(&faults, &["a"]);
    let file = faults.dir().join("file");
    fs::write(&file, b"").expect("written");
    let error = start_at(NOBODY, &file.join("spool"), SpoolOptions::default()).expect_err("refused");
    refused(Err(error), &["cannot create", "something else is in the way"]);
}

#[tokio::test]
async fn a_start_needs_no_room_for_what_only_people_read() {
    let faults = Faults::new();
    let spool = start(faults.dir(), SpoolOptions::default().fsync(Fsync::Never));
    send(&spool, "a").await.expect("kept");
    close(spool).await;
    faults.refuse(Call::Write, "", ENOSPC);
    let spool = start(faults.dir(), SpoolOptions::default());
    assert_eq!(close(spool).await.pending, 1);
}
