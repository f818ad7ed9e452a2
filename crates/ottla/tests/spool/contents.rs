//! What a directory is said to have in it.

use ottla::spool::SpoolContents;

use super::*;

fn look(dir: &Dir) -> SpoolContents {
    SpoolContents::of(&dir.0).expect("it can be read")
}

#[tokio::test]
async fn what_waits_is_counted_by_topic_while_the_spool_is_in_use_and_afterwards() {
    let dir = Dir::new();
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    let at = |millis| ottla::Timestamp(millis);
    let records = [
        Record::to("b").key("k").value("123").at(at(7)),
        Record::to("a").value("12").at(at(9)),
        Record::to("b").value("1").at(at(5)),
    ];
    spool.send_all(records.to_vec()).await.expect("there is room");
    for spool in [Some(spool), None] {
        let contents = look(&dir);
        let topics = contents.topics.iter();
        let topics: Vec<_> = topics
            .map(|topic| (topic.name.as_str(), topic.records, topic.bytes, topic.oldest))
            .collect();
        assert_eq!(topics, [("a", 1, 2, Some(9)), ("b", 2, 5, Some(5))]);
        assert_eq!((contents.pending(), contents.entries, contents.files), (3, 3, 1));
        assert_eq!(contents.bytes, fs::metadata(dir.segment()).expect("a file").len());
        if let Some(spool) = spool {
            spool.close(Duration::ZERO).await.expect("closed");
        }
    }
}

#[tokio::test]
async fn damage_is_counted_and_nothing_is_changed() {
    let (dir, bytes) = damaged().await;
    let contents = look(&dir);
    assert_eq!(
        (contents.damaged, contents.doubtful, contents.pending()),
        (1, 1, 2)
    );
    assert_eq!(fs::read(dir.segment()).expect("a file"), bytes);
    assert_eq!(look(&dir), contents);
    // A start decides about it.
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    spool.close(Duration::ZERO).await.expect("closed");
    let contents = look(&dir);
    assert_eq!(
        (contents.damaged, contents.doubtful, contents.pending()),
        (0, 0, 1)
    );
    assert_eq!(
        (contents.unknown, contents.refused, contents.damaged_files),
        (1, 0, 1)
    );
    let error = SpoolContents::of(&dir.0.join("none")).expect_err("there is none");
    assert!(error.to_string().contains("cannot read"), "{error}");
}

#[tokio::test]
async fn half_an_entry_is_counted_in_bytes() {
    let dir = Dir::new();
    leave(&dir, &["a", "b"]).await;
    let whole = fs::read(dir.segment()).expect("a file");
    fs::write(dir.segment(), [&whole[..], &[0xf5, b's']].concat()).expect("written");
    let contents = look(&dir);
    assert_eq!(
        (contents.torn_bytes, contents.damaged, contents.pending()),
        (2, 0, 2)
    );
}

#[tokio::test]
async fn what_the_cluster_refused_is_counted_as_set_aside() {
    let (dir, cluster) = (Dir::new(), narrow().await);
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &["a", &"y".repeat(500)]).await;
    deliver(spool).await;
    let contents = look(&dir);
    assert_eq!(
        (contents.refused, contents.unknown, contents.pending()),
        (1, 0, 0)
    );
}
