//! What is taken is delivered, by this process or a later one, and then not kept.

use super::*;

#[tokio::test]
async fn what_is_delivered_is_not_kept() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    for fsync in [
        Fsync::Always,
        Fsync::Every(Duration::from_millis(5)),
        Fsync::Never,
    ] {
        let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default().fsync(fsync));
        send(&spool, &["a", "b"]).await;
        spool
            .send(Record::to("t").value("c"))
            .await
            .expect("there is room");
        let status = deliver(spool).await;
        assert_eq!((status.taken, status.delivered, status.pending), (3, 3, 0));
        assert!(dir.files(".spool").is_empty());
    }
    assert_eq!(
        values(&cluster).await,
        ["a", "b", "c", "a", "b", "c", "a", "b", "c"]
    );
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_by_the_next_start_in_order() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    leave(&dir, &["a", "b"]).await;
    leave_more(&dir).await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &["e"]).await;
    let status = deliver(spool).await;
    assert_eq!((status.taken, status.delivered), (1, 5));
    assert_eq!(values(&cluster).await, ["a", "b", "c", "d", "e"]);
}

async fn leave_more(dir: &Dir) {
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    assert_eq!(spool.status().pending, 2);
    send(&spool, &["c", "d"]).await;
    spool.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn files_go_when_their_records_are_delivered() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    let spool = start(
        &cluster.bootstrap(),
        &dir.0,
        SpoolOptions::default().segment_bytes(4096),
    );
    let value = "x".repeat(500);
    for _ in 0..40 {
        send(&spool, &[value.as_str(); 10]).await;
        assert!(spool.drained(PATIENCE).await, "{:?}", spool.status());
        assert!(dir.files(".spool").len() <= 4, "{:?}", dir.files(".spool"));
    }
    deliver(spool).await;
    assert_eq!(values(&cluster).await.len(), 400);
}
