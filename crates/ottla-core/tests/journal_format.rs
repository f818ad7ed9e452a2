//! The format of journals: what is written is read, what is damaged is told, and nothing that was whole is lost.
#![cfg(feature = "journal")]

use std::borrow::Cow;

use ottla_core::journal::{
    Aside, Entry, FILE_HEADER_LEN, Ledger, NewerVersion, Piece, Run, Settlement, file_header, read, runs_of,
};
use ottla_core::{Record, Timestamp};
use ottla_wire::batch::{BatchBuilder, ProducerStamp};
use ottla_wire::codec::Codec;

fn record(number: u64, value: &str) -> Entry<'static> {
    let record = Record::to("clicks")
        .value(value.to_owned())
        .key("kim")
        .header("a", "1")
        .null_header("a")
        .at(Timestamp(1_700_000_000_000));
    Entry::Record {
        number,
        was: None,
        record: record.into_owned(),
    }
}

fn batch(epoch: i16, first: i32, values: &[&str]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(1_000);
    for value in values {
        builder
            .append(7, None, Some(value.as_bytes()), [].into_iter())
            .expect("it fits");
    }
    let mut sealed = builder.seal(Codec::None, None).expect("sealed");
    sealed.stamp(ProducerStamp {
        producer_id: 7000,
        producer_epoch: epoch,
        base_sequence: first,
    });
    sealed.to_bytes().to_vec()
}

fn stamped(partition: i32, numbers: &[u64], epoch: i16, first: i32) -> Entry<'static> {
    Entry::Stamped {
        topic: "clicks".into(),
        partition,
        numbers: runs_of(numbers.iter().copied()),
        batch: Cow::Owned(batch(epoch, first, &vec!["v"; numbers.len()])),
    }
}

fn settled(numbers: &[u64]) -> Entry<'static> {
    Entry::Settled {
        how: Settlement::Delivered,
        numbers: runs_of(numbers.iter().copied()),
    }
}

fn file(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut file = file_header().to_vec();
    for entry in entries {
        entry.encode(file.len() as u64, &mut file);
    }
    file
}

fn every_kind() -> Vec<Entry<'static>> {
    let mut bare = Record::to("t");
    bare.value = None;
    vec![
        record(1, "one"),
        Entry::Record {
            number: 2,
            was: Some(1),
            record: bare.partition(3),
        },
        stamped(0, &[1, 2], 0, 5),
        settled(&[1, 2]),
        Entry::Settled {
            how: Settlement::Aside,
            numbers: vec![Run { first: 9, count: 3 }],
        },
        Entry::Released {
            numbers: vec![Run { first: 4, count: 1 }],
        },
        Entry::Aside {
            number: 9,
            why: Aside::Refused,
            text: "INVALID_RECORD".into(),
        },
        record(10, ""),
    ]
}

#[test]
fn every_entry_is_read_as_it_was_written() {
    let entries = every_kind();
    assert_eq!(read(&file(&entries)).expect("this version").entries(), entries);
}

#[test]
fn a_file_that_ends_anywhere_gives_what_was_whole_and_says_that_it_is_torn() {
    let entries = every_kind();
    let whole = file(&entries);
    let ends: Vec<usize> = read(&whole)
        .expect("this version")
        .map(|piece| match piece {
            Piece::Entry { end, .. } => end,
            other => panic!("{other:?}"),
        })
        .collect();
    for cut in 0..whole.len() {
        let pieces: Vec<_> = read(&whole[..cut]).expect("this version").collect();
        let complete = ends.iter().filter(|end| **end <= cut).count();
        let at_an_end = cut == 0 || cut == FILE_HEADER_LEN || ends.contains(&cut);
        assert_eq!(pieces.len(), complete + usize::from(!at_an_end), "{cut}");
        if !at_an_end {
            assert!(
                matches!(pieces.last(), Some(Piece::Torn { end, .. }) if *end == cut),
                "{cut}"
            );
        }
    }
}

#[test]
fn a_file_that_ends_in_zeros_is_torn_and_not_damaged() {
    let mut bytes = file(&[record(1, "one")]);
    let end = bytes.len();
    bytes.extend([0; 4096]);
    let pieces: Vec<_> = read(&bytes).expect("this version").collect();
    assert!(matches!(pieces[..], [Piece::Entry { .. }, Piece::Torn { offset, .. }] if offset == end));
}

#[test]
fn a_damaged_byte_costs_one_entry_and_is_told() {
    let entries = every_kind();
    let whole = file(&entries);
    for at in FILE_HEADER_LEN..whole.len() {
        for bit in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= bit;
            let pieces: Vec<_> = read(&bytes).expect("this version").collect();
            let kept = pieces
                .iter()
                .filter(|piece| matches!(piece, Piece::Entry { .. }))
                .count();
            assert_eq!(kept, entries.len() - 1, "byte {at}");
            let hurt: Vec<_> = pieces
                .iter()
                .filter(|piece| !matches!(piece, Piece::Entry { .. }))
                .collect();
            match hurt[..] {
                [Piece::Damaged { offset, end }] => assert!((*offset..*end).contains(&at)),
                // A length at the very end that became larger looks as if the file had been cut off.
                [Piece::Torn { offset, end }] => {
                    assert!(*end == bytes.len() && (*offset..*end).contains(&at));
                }
                _ => panic!("byte {at}: {hurt:?}"),
            }
        }
    }
}

#[test]
fn a_damaged_file_header_costs_no_entry() {
    let entries = every_kind();
    for at in 0..FILE_HEADER_LEN {
        let mut bytes = file(&entries);
        bytes[at] ^= 0x40;
        let pieces: Vec<_> = read(&bytes).expect("no version that is believed").collect();
        assert!(matches!(
            pieces[0],
            Piece::Damaged {
                offset: 0,
                end: FILE_HEADER_LEN
            }
        ));
        assert_eq!(pieces.len(), entries.len() + 1);
    }
}

#[test]
fn entries_within_a_record_are_none_of_the_files() {
    let inner = file(&[settled(&[1])]);
    let mut bytes = file(&[record(1, "one")]);
    let entry = Entry::Record {
        number: 2,
        was: None,
        record: Record::to("t").value(inner[FILE_HEADER_LEN..].to_vec()),
    };
    let at = bytes.len();
    entry.encode(at as u64, &mut bytes);
    record(3, "three").encode(bytes.len() as u64, &mut bytes);
    bytes[at + 20] ^= 1;
    let pieces: Vec<_> = read(&bytes).expect("this version").collect();
    assert!(
        matches!(
            pieces[..],
            [Piece::Entry { .. }, Piece::Damaged { .. }, Piece::Entry { .. }]
        ),
        "{pieces:?}"
    );
}

#[test]
fn a_newer_version_is_not_touched() {
    let mut bytes = file(&every_kind());
    bytes[11] = 2;
    let crc = ottla_wire::batch::crc::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(read(&bytes).err(), Some(NewerVersion(2)));
}

fn ledger(entries: &[Entry<'_>]) -> Ledger {
    let mut ledger = Ledger::default();
    entries.iter().for_each(|entry| ledger.apply(entry));
    ledger
}

fn live(ledger: &Ledger) -> Vec<(i32, Vec<u64>)> {
    let numbers = |runs: &[Run]| runs.iter().flat_map(|run| run.numbers()).collect();
    let stamps = ledger.stamps().iter();
    stamps
        .map(|stamp| (stamp.partition, numbers(&stamp.numbers)))
        .collect()
}

fn fresh(ledger: &Ledger) -> Vec<u64> {
    ledger.fresh().iter().collect()
}

fn records(count: u64) -> Vec<Entry<'static>> {
    (1..=count).map(|number| record(number, "v")).collect()
}

#[test]
fn records_are_fresh_until_they_are_stamped_and_gone_when_they_are_settled() {
    let mut entries = records(4);
    assert_eq!(fresh(&ledger(&entries)), [1, 2, 3, 4]);
    entries.push(stamped(0, &[1, 3], 0, 0));
    let now = ledger(&entries);
    assert_eq!((fresh(&now), live(&now)), (vec![2, 4], vec![(0, vec![1, 3])]));
    entries.push(settled(&[1, 3]));
    let now = ledger(&entries);
    assert_eq!((fresh(&now), live(&now)), (vec![2, 4], vec![]));
    assert_eq!(now.next_number(), 5);
    entries.push(settled(&[2, 4]));
    assert!(ledger(&entries).is_empty());
}

#[test]
fn a_later_sequence_of_the_same_identity_says_that_the_earlier_one_was_acknowledged() {
    let mut entries = records(6);
    entries.extend([
        stamped(0, &[1, 2], 0, 0),
        stamped(1, &[3], 0, 0),
        stamped(0, &[4], 0, 2),
    ]);
    assert_eq!(live(&ledger(&entries)), [(1, vec![3]), (0, vec![4])]);
    entries.push(stamped(0, &[5], 1, 0));
    let now = ledger(&entries);
    assert_eq!(
        live(&now),
        [(1, vec![3]), (0, vec![4]), (0, vec![5])],
        "another epoch says nothing"
    );
    assert_eq!(fresh(&now), [6]);
}

#[test]
fn a_batch_that_was_split_is_replaced_by_its_parts() {
    let mut entries = records(4);
    entries.extend([stamped(0, &[1, 2, 3], 0, 7), stamped(0, &[1, 2], 0, 7)]);
    let now = ledger(&entries);
    assert_eq!((live(&now), fresh(&now)), (vec![(0, vec![1, 2])], vec![3, 4]));
    entries.push(stamped(0, &[3], 0, 9));
    assert_eq!(live(&ledger(&entries)), [(0, vec![3])]);
}

#[test]
fn what_is_released_is_fresh_again_and_a_new_epoch_replaces_the_old() {
    let mut entries = records(2);
    entries.extend([
        stamped(0, &[1, 2], 0, 0),
        Entry::Released {
            numbers: runs_of([1, 2]),
        },
    ]);
    let now = ledger(&entries);
    assert_eq!((live(&now), fresh(&now)), (vec![], vec![1, 2]));
    entries.extend([stamped(0, &[1, 2], 1, 0), stamped(0, &[1, 2], 2, 0)]);
    assert_eq!(live(&ledger(&entries)).len(), 1);
}

#[test]
fn what_a_damaged_entry_may_have_stamped_is_in_doubt() {
    let mut now = ledger(&records(3));
    now.apply(&stamped(0, &[1], 0, 0));
    now.damaged();
    now.apply(&record(4, "v"));
    assert_eq!(fresh(&now), [4]);
    assert_eq!(now.doubtful().iter().collect::<Vec<_>>(), [2, 3]);
    now.apply(&settled(&[2]));
    assert_eq!(now.doubtful().iter().collect::<Vec<_>>(), [3]);
    now.trust();
    assert_eq!(fresh(&now), [3, 4]);
}

#[test]
fn a_record_is_taken_back_once() {
    let again = |number| Entry::Record {
        number,
        was: Some(1),
        record: Record::to("t"),
    };
    let now = ledger(&[record(1, "v"), settled(&[1]), again(2), again(3)]);
    assert_eq!(fresh(&now), [2]);
    assert!(now.was_taken_back(1) && !now.was_taken_back(2));
    assert_eq!(now.next_number(), 4);
}

#[test]
fn whatever_the_bytes_are_the_pieces_cover_them_and_the_ledger_takes_them() {
    let mut state = 5_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let original = file(&every_kind());
    for _ in 0..20_000 {
        let mut bytes = original.clone();
        for _ in 0..random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let copy = bytes[at..(at + random(80)).min(bytes.len())].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, copy);
                }
                _ => drop(bytes.drain(at..(at + random(40)).min(bytes.len()))),
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        let Ok(pieces) = read(&bytes) else { continue };
        let (mut ledger, mut next) = (Ledger::default(), None);
        for piece in pieces {
            let (offset, end) = match &piece {
                Piece::Entry { offset, end, entry } => {
                    ledger.apply(entry);
                    (*offset, *end)
                }
                Piece::Damaged { offset, end } | Piece::Torn { offset, end } => {
                    ledger.damaged();
                    (*offset, *end)
                }
            };
            assert!(next.map_or(offset == 0 || offset == FILE_HEADER_LEN, |next| next == offset));
            assert!(end > offset);
            next = Some(end);
        }
        assert!(next.is_none_or(|next| next == bytes.len()));
        assert!(ledger.next_number() > 0);
    }
}
