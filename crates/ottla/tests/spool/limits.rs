//! What is not taken: a directory that is full, in use or of a newer version, records that can never be sent.

use super::*;

#[tokio::test]
async fn a_directory_has_one_owner() {
    let dir = Dir::new();
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    let second = SpoolProducer::start(builder(NOBODY), &dir.0, SpoolOptions::default());
    let error = second.expect_err("it is taken");
    assert!(matches!(error, SpoolError::Locked { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    spool.close(Duration::ZERO).await.expect("closed");
    let third = start(NOBODY, &dir.0, SpoolOptions::default());
    third.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn a_full_directory_refuses_records_and_takes_them_again_when_it_was_emptied() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    let options = || SpoolOptions::default().max_bytes(20_000).segment_bytes(4096);
    let value = "x".repeat(1000);
    let spool = start(NOBODY, &dir.0, options());
    let mut taken = 0;
    let error = loop {
        match spool.send(Record::to("t").value(value.clone())).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::Full { limit: 20_000, .. }), "{error}");
    assert!((15..20).contains(&taken), "{taken}");
    spool.close(Duration::ZERO).await.expect("closed");
    let spool = start(&cluster.bootstrap(), &dir.0, options());
    assert!(spool.drained(PATIENCE).await);
    spool
        .send(Record::to("t").value(value.clone()))
        .await
        .expect("there is room again");
    let status = deliver(spool).await;
    assert_eq!(
        (status.delivered, values(&cluster).await.len()),
        (taken + 1, taken as usize + 1)
    );
}

#[tokio::test]
async fn a_record_that_can_never_be_sent_is_refused_and_not_kept() {
    let dir = Dir::new();
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    let large = Record::to("t").value(vec![0; 2 << 20]);
    for record in [large, Record::to("no/topic"), Record::to("t").partition(-1)] {
        let error = spool.send(record).await.expect_err("refused");
        assert!(matches!(error, SpoolError::Record(_)), "{error}");
    }
    assert_eq!(spool.status().pending, 0);
    spool.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn without_idempotence_there_is_no_spool() {
    let dir = Dir::new();
    let plain = builder(NOBODY).set("enable.idempotence", "false");
    let error = SpoolProducer::start(plain, &dir.0, SpoolOptions::default()).expect_err("refused");
    assert!(error.to_string().contains("enable.idempotence"), "{error}");
    assert!(!dir.0.exists(), "nothing was touched");
}

#[tokio::test]
async fn a_directory_of_a_newer_version_is_not_touched() {
    let dir = Dir::new();
    leave(&dir, &["a"]).await;
    let mut bytes = fs::read(dir.segment()).expect("a file");
    bytes[11] = 9;
    let crc = ottla_wire::batch::crc::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_be_bytes());
    fs::write(dir.segment(), &bytes).expect("written");
    let error = SpoolProducer::start(builder(NOBODY), &dir.0, SpoolOptions::default()).expect_err("newer");
    assert!(matches!(error, SpoolError::Newer { version: 9, .. }), "{error}");
    assert_eq!(fs::read(dir.segment()).expect("a file"), bytes);
}
