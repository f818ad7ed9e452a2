//! Files of a journal after whatever happened to them.

use bytes::Bytes;
use ottla_core::journal::{Entry, Ledger, Piece, file_header, read, read_on};
use ottla_wire::batch::crc::{Shift, crc32c};
use ottla_wire::batch::read_batches;

use crate::records::open;
use crate::split::Input;

const MARKER: [u8; 4] = [0xf5, b's', b'p', b'l'];

/// The bytes as a file, and as the bodies of entries whose lengths and checksums are right.
pub(crate) fn file(input: &[u8]) {
    apply(input);
    let mut input = Input(input);
    let mut file = file_header().to_vec();
    while !input.is_empty() {
        let len = usize::from(input.byte());
        let body = input.take(len);
        let offset = (file.len() as u64).to_be_bytes();
        let length = (body.len() as u32).to_be_bytes();
        let head = [&offset[..], &length].concat();
        let crc = Shift::bytes(body.len()).combine(crc32c(&head), crc32c(body));
        file.extend_from_slice(&MARKER);
        file.extend_from_slice(&length);
        file.extend_from_slice(&crc.to_be_bytes());
        file.extend_from_slice(body);
    }
    apply(&file);
}

fn apply(file: &[u8]) {
    let Ok(pieces) = read(file) else {
        return;
    };
    let mut ledger = Ledger::default();
    let mut covered = None;
    for piece in pieces {
        let (offset, end) = match &piece {
            Piece::Entry { offset, end, .. }
            | Piece::Damaged { offset, end }
            | Piece::Torn { offset, end } => (*offset, *end),
        };
        assert!(offset < end && end <= file.len());
        assert!(
            covered.is_none_or(|covered| covered == offset),
            "no byte is left out"
        );
        covered = Some(end);
        if let Piece::Entry { entry, .. } = &piece {
            let mut written = Vec::new();
            entry.encode(offset as u64, &mut written);
            let again = read_on(&written, offset as u64).entries();
            assert_eq!(again.as_slice(), std::slice::from_ref(entry));
            ledger.apply(entry);
            if let Entry::Stamped { batch, .. } = entry {
                for batch in read_batches(Bytes::copy_from_slice(batch)).flatten() {
                    open(&batch);
                }
            }
        }
    }
    assert!(covered.is_none_or(|covered| covered == file.len()));
    let _ = (ledger.is_empty(), ledger.next_number(), ledger.stamps().len());
}
