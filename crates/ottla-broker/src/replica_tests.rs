use super::*;
use crate::testing::{batch, partition, topic};

const NOW: Micros = 1_000_000;
const LAG: Micros = 30_000_000;

fn replica(min_insync: usize, isr: &[NodeId]) -> Replica {
    let mut image = topic("orders", &[partition(Some(1), 0, &[1, 2, 3], isr)]);
    Arc::make_mut(&mut image.config).min_insync_replicas = min_insync;
    let mut replica = Replica::open(&image, Log::default(), 0, &Settings::default());
    replica.apply(NOW, 1, &image.config, &image.partitions[0]);
    replica
}

fn append(replica: &mut Replica, count: i32) -> Appended {
    let bytes = batch(count, -1, -1, -1);
    replica.append(bytes.clone(), 0).unwrap()
}

#[test]
fn the_high_watermark_waits_for_every_in_sync_replica() {
    let mut replica = replica(1, &[1, 2, 3]);
    append(&mut replica, 3);
    replica.note_fetch(NOW, 2, 3);
    assert!(!replica.advance_high_watermark(NOW, 1), "3 has not fetched");
    replica.note_fetch(NOW, 3, 3);
    assert!(replica.advance_high_watermark(NOW, 1));
    assert_eq!(replica.high_watermark(), 3);
}

#[test]
fn a_follower_outside_the_isr_is_not_waited_for() {
    let mut replica = replica(1, &[1, 2]);
    append(&mut replica, 1);
    replica.note_fetch(NOW, 2, 1);
    assert!(replica.advance_high_watermark(NOW, 1));
}

#[test]
fn under_min_insync_nothing_is_committed() {
    let mut replica = replica(2, &[1]);
    append(&mut replica, 1);
    assert!(!replica.advance_high_watermark(NOW, 1));
    assert_eq!(replica.has_enough_in_sync(), (false, false));
}

#[test]
fn a_follower_that_caught_up_is_proposed_once() {
    let mut replica = replica(1, &[1]);
    append(&mut replica, 1);
    replica.advance_high_watermark(NOW, 1);
    replica.note_fetch(NOW, 2, 0);
    assert_eq!(replica.propose_expansion(2), None, "it lacks a committed record");
    replica.note_fetch(NOW, 2, 1);
    assert_eq!(replica.propose_expansion(2).unwrap().isr, [1, 2]);
    replica.note_fetch(NOW, 3, 1);
    assert_eq!(replica.propose_expansion(3), None, "one proposal at a time");
}

#[test]
fn a_proposed_replica_is_waited_for_already() {
    let mut replica = replica(1, &[1]);
    replica.note_fetch(NOW, 2, 0);
    replica.propose_expansion(2).unwrap();
    append(&mut replica, 1);
    assert!(!replica.advance_high_watermark(NOW, 1));
}

#[test]
fn a_lagging_follower_leaves_after_the_lag_and_not_while_it_has_everything() {
    let mut replica = replica(1, &[1, 2, 3]);
    replica.note_fetch(NOW, 2, 0);
    replica.note_fetch(NOW, 3, 0);
    assert_eq!(
        replica.propose_shrinking(NOW + 2 * LAG, 1, LAG),
        None,
        "nothing was written"
    );
    append(&mut replica, 1);
    replica.note_fetch(NOW + LAG, 3, 1);
    assert_eq!(replica.propose_shrinking(NOW + LAG, 1, LAG), None);
    assert_eq!(
        replica.propose_shrinking(NOW + LAG + 1, 1, LAG).unwrap().isr,
        [1, 3]
    );
}

#[test]
fn a_new_leader_keeps_its_high_watermark_and_forgets_what_followers_had() {
    let mut replica = replica(1, &[1, 2, 3]);
    append(&mut replica, 1);
    replica.note_fetch(NOW, 2, 1);
    replica.note_fetch(NOW, 3, 1);
    replica.advance_high_watermark(NOW, 1);
    let config = replica.config.clone();
    replica.apply(NOW, 1, &config, &partition(Some(1), 1, &[1, 2, 3], &[1, 2]));
    append(&mut replica, 1);
    assert!(!replica.advance_high_watermark(NOW, 1));
    assert_eq!(replica.high_watermark(), 1);
    assert_eq!(replica.log.last().unwrap().header().partition_leader_epoch, 1);
}

#[test]
fn an_older_word_of_the_controller_changes_nothing() {
    let mut replica = replica(1, &[1, 2, 3]);
    let config = replica.config.clone();
    replica.apply(NOW, 1, &config, &partition(Some(2), 5, &[1, 2, 3], &[2, 3]));
    replica.apply(NOW, 1, &config, &partition(Some(1), 4, &[1, 2, 3], &[1, 2, 3]));
    assert_eq!(replica.follower().unwrap().leader, Some(2));
}

#[test]
fn truncation_forgets_the_sequences_that_it_cut() {
    let mut replica = replica(1, &[1]);
    let settings = Settings::default();
    for sequence in [0, 1, 2] {
        let bytes = batch(1, 7, 0, sequence);
        replica.append(bytes.clone(), 0).unwrap();
    }
    replica.truncate_to(0, 1, 0, &settings);
    assert_eq!(replica.log.end(), 1);
    let bytes = batch(1, 7, 0, 1);
    let again = replica.append(bytes.clone(), 0).unwrap();
    assert_eq!((again.base_offset, again.duplicate), (1, false));
}

#[test]
fn a_duplicate_is_answered_with_its_old_offset() {
    let mut replica = replica(1, &[1]);
    let bytes = batch(2, 7, 0, 0);
    let first = replica.append(bytes.clone(), 0).unwrap();
    let second = replica.append(bytes.clone(), 0).unwrap();
    assert_eq!((second.base_offset, second.duplicate), (first.base_offset, true));
    assert_eq!(replica.log.end(), 2);
}

fn five_batches() -> Replica {
    let mut replica = replica(1, &[1]);
    for sequence in 0..5 {
        replica.append(batch(1, 7, 0, sequence), 0).unwrap();
    }
    replica
}

#[test]
fn a_restarted_process_remembers_one_batch_of_each_producer_however_it_ended() {
    let topic = topic("orders", &[partition(Some(1), 1, &[1], &[1])]);
    let ends: [fn(Replica) -> Log; 2] = [Replica::into_log, Replica::into_closed_log];
    for end in ends {
        let mut replica = Replica::open(&topic, end(five_batches()), 0, &Settings::default());
        replica.apply(0, 1, &topic.config, &topic.partitions[0]);
        let last = replica.append(batch(1, 7, 0, 4), 0).unwrap();
        assert_eq!((last.base_offset, last.duplicate), (4, true));
        let earlier = batch(1, 7, 0, 3);
        assert!(replica.forgot(earlier.header()));
        assert_eq!(
            replica.append(earlier, 0),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
        assert!(!replica.append(batch(1, 7, 0, 5), 0).unwrap().duplicate);
    }
}

#[test]
fn a_truncated_follower_remembers_what_it_still_has() {
    let mut replica = five_batches();
    replica.truncate_to(1, 4, 0, &Settings::default());
    for sequence in 0..4 {
        let known = replica.append(batch(1, 7, 0, sequence), 0).unwrap();
        assert!(known.duplicate, "{sequence}");
    }
}

#[test]
fn an_expired_producer_is_forgotten_when_the_timer_comes_and_may_repeat_itself() {
    let mut replica = five_batches();
    assert!(!replica.forgot(batch(1, 7, 0, 2).header()));
    replica.expire_producers(99, 100);
    assert!(!replica.forgot(batch(1, 7, 0, 2).header()));
    replica.expire_producers(100, 100);
    let repeated = batch(1, 7, 0, 2);
    assert!(replica.forgot(repeated.header()));
    let again = replica.append(repeated, 100).unwrap();
    assert_eq!((again.base_offset, again.duplicate), (5, false));
}
