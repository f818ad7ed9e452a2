//! Records that were set aside: refused ones, and those whose outcome is unknown.

use super::*;

#[tokio::test]
async fn what_was_set_aside_is_sent_when_the_policy_says_so_and_once() {
    let (cluster, (dir, _)) = (one_partition().await, damaged().await);
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    deliver(spool).await;
    let said = Said::default();
    let spool = start(&cluster.bootstrap(), &dir.0, said.options());
    said.has("stay aside");
    deliver(spool).await;
    assert_eq!(values(&cluster).await, ["cccc"]);
    for _ in 0..2 {
        let options = SpoolOptions::default().unknown(Unknown::Resend);
        deliver(start(&cluster.bootstrap(), &dir.0, options)).await;
    }
    assert_eq!(values(&cluster).await, ["cccc", "aaaa"]);
    assert!(dir.files(".spool").is_empty());
}

#[tokio::test]
async fn a_record_that_the_topic_refuses_is_set_aside_and_tried_again_by_the_next_start() {
    let dir = Dir::new();
    let large = "y".repeat(500);
    for _ in 0..2 {
        let (cluster, said) = (narrow().await, Said::default());
        let spool = start(&cluster.bootstrap(), &dir.0, said.options());
        if said.lines().is_empty() {
            send(&spool, &["a", &large, "b"]).await;
        } else {
            said.has("1 records that the cluster refused before are tried again");
        }
        let status = deliver(spool).await;
        assert_eq!(
            (status.refused, status.pending, status.unknown),
            (1, 0, 0),
            "{status:?}"
        );
        said.has("MESSAGE_TOO_LARGE");
        assert_eq!(values(&cluster).await.len() as u64, status.delivered);
        assert!(dir.0.join("aside.spool").exists());
    }
    // The topic was changed meanwhile.
    let cluster = one_partition().await;
    let status = deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
    assert_eq!((status.refused, status.delivered), (0, 1));
    assert_eq!(values(&cluster).await, [large]);
    assert!(dir.files("spool").iter().all(|path| path.ends_with("lock")));
}

#[tokio::test]
async fn a_damaged_file_of_those_set_aside_is_kept_and_gives_what_is_whole() {
    let (dir, large) = (Dir::new(), ["x", "y"].map(|c| c.repeat(500)));
    let cluster = narrow().await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &[&large[0], &large[1]]).await;
    assert_eq!(deliver(spool).await.refused, 2);
    let file = dir.0.join("aside.spool");
    let mut bytes = fs::read(&file).expect("a file");
    let at = bytes
        .windows(4)
        .position(|four| four == b"xxxx")
        .expect("the first");
    bytes[at] ^= 1;
    // Its end was not written, either.
    bytes.extend_from_slice(&[0xf5, b's']);
    fs::write(&file, &bytes).expect("written");
    let (cluster, said) = (one_partition().await, Said::default());
    let status = deliver(start(&cluster.bootstrap(), &dir.0, said.options())).await;
    said.has("aside.spool is damaged; it is kept as");
    assert_eq!((status.delivered, status.damaged), (1, 1));
    assert_eq!(values(&cluster).await, [large[1].clone()]);
    assert_eq!(fs::read(&dir.files("damaged")[0]).expect("as it was"), bytes);
}

#[tokio::test]
async fn a_record_that_was_set_aside_stays_when_damage_took_the_reason() {
    let (dir, large) = (Dir::new(), "x".repeat(500));
    let cluster = narrow().await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &[&large]).await;
    assert_eq!(deliver(spool).await.refused, 1);
    let file = dir.0.join("aside.spool");
    let mut bytes = fs::read(&file).expect("a file");
    let at = bytes.windows(7).position(|seven| seven == b"MESSAGE");
    bytes[at.expect("the reason")] ^= 1;
    fs::write(&file, &bytes).expect("written");
    let cluster = one_partition().await;
    let status = deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
    assert_eq!((status.unknown, status.damaged, status.delivered), (1, 1, 0));
    let options = SpoolOptions::default().unknown(Unknown::Resend);
    let status = deliver(start(&cluster.bootstrap(), &dir.0, options)).await;
    assert_eq!((status.unknown, status.damaged, status.delivered), (0, 0, 1));
    assert_eq!(values(&cluster).await, [large]);
}
