//! Power that is lost: whatever is left of what was not synced, what was told is there, and what is not whole is told.

use std::fs;

use bytes::Bytes;
use ottla_core::Timestamp;
use ottla_core::journal::{FILE_HEADER_LEN, Ledger, Piece, Run, Runs, Settlement, file_header, runs_of};
use ottla_wire::batch::{BatchBuilder, ProducerStamp};
use ottla_wire::codec::Codec;

use super::super::faults::{Faults, Left, LeftFile};
use super::*;

const SECTOR: usize = 512;

/// What stands behind the last byte that came to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    Nothing,
    Zeros,
    Garbage,
}

impl Behind {
    const ALL: [Self; 3] = [Self::Nothing, Self::Zeros, Self::Garbage];

    /// Fills the last sector up.
    fn fill(self, bytes: &mut Vec<u8>) {
        let end = bytes.len().next_multiple_of(SECTOR);
        let mut state = 7_u32;
        while self != Self::Nothing && bytes.len() < end {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push(if self == Self::Zeros {
                0
            } else {
                (state >> 24) as u8
            });
        }
    }
}

fn record(number: u64, value: &str) -> Entry<'static> {
    Entry::Record {
        number,
        was: None,
        record: Record::to("t")
            .value(value.to_owned())
            .at(Timestamp(7))
            .into_owned(),
    }
}

fn stamped(numbers: &[u64], first: i32) -> Entry<'static> {
    let mut builder = BatchBuilder::new(1_000);
    for _ in numbers {
        builder
            .append(7, None, Some(b"v"), [].into_iter())
            .expect("it fits");
    }
    let mut sealed = builder.seal(Codec::None, None).expect("sealed");
    sealed.stamp(ProducerStamp {
        producer_id: 7000,
        producer_epoch: 0,
        base_sequence: first,
    });
    let batch: Bytes = sealed.to_bytes();
    Entry::Stamped {
        topic: "t".into(),
        partition: 0,
        numbers: runs_of(numbers.iter().copied()),
        batch: batch.to_vec().into(),
    }
}

/// A file of a spool in the middle of its work.
fn journal() -> Vec<u8> {
    let entries = [
        record(1, "one"),
        record(2, &"two".repeat(60)),
        stamped(&[1, 2], 0),
        record(3, "three"),
        Entry::Settled {
            how: Settlement::Delivered,
            numbers: vec![Run { first: 1, count: 2 }],
        },
        stamped(&[3], 2),
        Entry::Released {
            numbers: vec![Run { first: 3, count: 1 }],
        },
        record(4, "four"),
    ];
    let mut file = file_header().to_vec();
    for entry in entries {
        entry.encode(file.len() as u64, &mut file);
    }
    file
}

/// What the entries come to that are whole in the first bytes of a file, and where they end.
fn prefix(file: &[u8], len: usize) -> (Ledger, usize) {
    let (mut ledger, mut whole) = (Ledger::default(), FILE_HEADER_LEN);
    for piece in read(file).expect("this version") {
        if let Piece::Entry { end, entry, .. } = piece
            && end <= len
        {
            ledger.apply(&entry);
            whole = end;
        }
    }
    (ledger, whole)
}

#[test]
fn every_end_that_a_file_can_have_is_recovered_to_the_entries_before_it() {
    let file = journal();
    let faults = Faults::new();
    fs::create_dir(faults.dir()).expect("made");
    let path = segment_path(faults.dir(), 1);
    for cut in 0..=file.len() {
        for behind in Behind::ALL {
            let mut bytes = file[..cut].to_vec();
            behind.fill(&mut bytes);
            fs::write(&path, &bytes).expect("written");
            // Zeros may be what was to be there.
            let same = file
                .iter()
                .zip(&bytes)
                .take_while(|(own, there)| own == there)
                .count();
            let (expected, whole) = prefix(&file, same);
            let case = format!("{cut} {behind:?}");

            let (opened, _, said) = reopen(faults.dir());
            let ledger = &opened.log.ledger;
            assert_eq!(ledger.fresh(), expected.fresh(), "{case}");
            assert_eq!(ledger.stamps(), expected.stamps(), "{case}");
            assert_eq!(ledger.next_number(), expected.next_number(), "{case}");
            let status = &opened.status;
            assert_eq!((status.lost, status.unknown, status.dropped), (0, 0, 0), "{case}");
            let told = said.count("not written to its end") + said.count("are no entries");
            let is_whole = bytes.len() == whole || bytes.is_empty();
            assert_eq!(told, usize::from(!is_whole), "{case}");
            let is_garbage = said.count("are no entries") == 1;
            assert_eq!(status.damaged, u64::from(is_garbage), "{case}");
            // A disk writes whole sectors, and what was synced before ends with an entry.
            let is_likely = cut % SECTOR == 0 || cut == prefix(&file, cut).1;
            let zeros = behind == Behind::Zeros && is_likely;
            assert!(!is_garbage || (behind != Behind::Nothing && !zeros), "{case}");
            assert_eq!(
                opened.log.damaged_bytes(),
                if is_garbage { bytes.len() as u64 } else { 0 }
            );

            if cut % 16 == 0 {
                assert_followed(opened, &expected, &faults, &case);
            } else {
                drop(opened);
            }
            fs::remove_dir_all(faults.dir()).expect("removed");
            fs::create_dir(faults.dir()).expect("made");
        }
    }
}

/// Expects that entries can follow, and that the next start finds nothing wrong.
fn assert_followed(mut opened: Opened, before: &Ledger, faults: &Faults, case: &str) {
    let next = opened.log.ledger.next_number();
    opened.log.put(&record(next, "new"));
    opened.log.commit(true).expect("written");
    drop(opened);
    let (opened, _, said) = reopen(faults.dir());
    let mut fresh: Runs = before.fresh().clone();
    fresh.insert(next);
    assert_eq!(opened.log.ledger.fresh(), &fresh, "{case}");
    assert_eq!((opened.status.damaged, said.count("")), (0, 0), "{case}");
}

/// How much of what was not synced came to the disk.
const SHARES: [usize; 4] = [0, 1, 2, 3];

/// A file after the loss of power.
fn after(file: &LeftFile, share: usize, behind: Behind) -> Vec<u8> {
    let LeftFile { synced, there, .. } = file;
    if there.len() < synced.len() || !there.starts_with(synced) {
        // It was cut since.
        return there.clone();
    }
    let new = (there.len() - synced.len()) * share / 3;
    let mut bytes = there[..synced.len() + new].to_vec();
    if new < there.len() - synced.len() {
        behind.fill(&mut bytes);
    }
    bytes
}

fn restore(left: &Left, faults: &Faults, share: usize, behind: Behind) {
    let _ = fs::remove_dir_all(faults.dir());
    fs::create_dir(faults.dir()).expect("made");
    // A name that was not synced may be there all the same.
    for file in left.files.iter().filter(|file| file.is_named || share > 0) {
        let bytes = after(file, share, behind);
        fs::write(faults.dir().join(&file.name), bytes).expect("written");
    }
}

/// Sends values in small files, and loses the power at a call. Returns what is left, and how many changes there were.
async fn darkened(at: usize, values: &[String]) -> (Option<Left>, usize) {
    let faults = Faults::new();
    faults.darken(at);
    let spool = start(faults.dir(), SpoolOptions::default().segment_bytes(4096));
    for (index, pair) in values.chunks(2).enumerate() {
        let pair = pair.iter().map(|value| Record::to("t").value(value.clone()));
        spool.send_all(pair.collect()).await.expect("kept");
        faults.told(2 * (index + 1));
    }
    close(spool).await;
    (faults.left(), faults.changes())
}

#[tokio::test]
async fn whenever_the_power_is_lost_what_was_told_is_there() {
    let mut tried = 0;
    let values: Vec<String> = (0..20).map(|n| format!("{n:0600}")).collect();
    let (none, changes) = darkened(usize::MAX, &values).await;
    assert!(none.is_none() && changes > 30, "{changes}");
    for at in 0..changes {
        let (left, _) = darkened(at, &values).await;
        let left = left.expect("the power was lost");
        let faults = Faults::new();
        for share in SHARES {
            for behind in Behind::ALL {
                restore(&left, &faults, share, behind);
                let (opened, there, _) = reopen(faults.dir());
                let case = format!("change {at}, share {share}, {behind:?}");
                assert!(
                    there.len() >= left.told,
                    "{case}: {} of {}",
                    there.len(),
                    left.told
                );
                assert_eq!(there, values[..there.len()], "{case}");
                let status = &opened.status;
                assert_eq!((status.lost, status.unknown), (0, 0), "{case}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, changes * SHARES.len() * Behind::ALL.len());
}
