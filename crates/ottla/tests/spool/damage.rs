//! Files that are not as they were written.

use super::*;

#[tokio::test]
async fn a_torn_last_entry_is_cut_off_and_told() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    leave(&dir, &["a", "b", "c"]).await;
    let file = dir.segment();
    let bytes = fs::read(&file).expect("a file");
    fs::write(&file, &bytes[..bytes.len() - 3]).expect("written");
    let said = Said::default();
    let spool = start(&cluster.bootstrap(), &dir.0, said.options());
    said.has("was not written to its end");
    send(&spool, &["d"]).await;
    deliver(spool).await;
    assert_eq!(values(&cluster).await, ["a", "b", "d"]);
    assert!(dir.files("damaged").is_empty());
}

#[tokio::test]
async fn a_damaged_file_is_kept_told_and_what_it_may_have_said_is_decided_by_the_policy() {
    for (policy, sent, unknown, dropped) in [
        (Unknown::Hold, vec!["cccc"], 1, 0),
        (Unknown::Resend, vec!["aaaa", "cccc"], 0, 0),
        (Unknown::Drop, vec!["cccc"], 0, 1),
    ] {
        let (cluster, (dir, bytes)) = (one_partition().await, damaged().await);
        let said = Said::default();
        let spool = start(&cluster.bootstrap(), &dir.0, said.options().unknown(policy));
        said.has("are damaged; the file is kept as");
        said.has("a damaged entry");
        let status = deliver(spool).await;
        assert_eq!((status.unknown, status.dropped), (unknown, dropped), "{policy:?}");
        assert_eq!(status.unknown_before, 0, "nobody told of them before");
        assert_eq!((status.damaged, status.lost), (1, 1), "{policy:?}");
        assert_eq!(values(&cluster).await, sent, "{policy:?}");
        let kept = dir.files("damaged");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read(&kept[0]).expect("the file as it was"), bytes);
        // The next start finds nothing of it any more.
        let said = Said::default();
        let spool = start(NOBODY, &dir.0, said.options());
        let lines = said.lines();
        assert!(lines.iter().all(|line| !line.contains("damaged;")), "{lines:?}");
        let status = spool.close(Duration::ZERO).await.expect("closed");
        assert_eq!((status.pending, status.unknown), (0, unknown));
        assert_eq!(status.unknown_before, unknown);
        assert_eq!((status.dropped, status.damaged, status.lost), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_damaged_file_that_is_kept_counts_as_bytes_of_the_directory() {
    let (dir, bytes) = damaged().await;
    let spool = start(NOBODY, &dir.0, SpoolOptions::default().max_bytes(1));
    let files = dir.files(".spool").into_iter().chain(dir.files(".damaged-"));
    let there: u64 = files.map(|path| fs::metadata(path).expect("a file").len()).sum();
    assert_eq!(spool.status().used_bytes, there);
    let error = spool.send(Record::to("t").value("d")).await.expect_err("full");
    let own = bytes.len() as u64;
    assert!(
        matches!(error, SpoolError::Full { used, damaged, .. } if (used, damaged) == (there, own)),
        "{error:?}"
    );
    assert!(error.to_string().contains("*.damaged-* away"), "{error}");
    spool.close(Duration::ZERO).await.expect("closed");
}
