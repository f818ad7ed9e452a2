//! The frame decoder with any split of the stream, and with lengths that lie.

use bytes::Bytes;
use ottla_wire::frame::{FrameDecoder, FrameError};
use proptest::prelude::*;

fn stream(frames: &[Vec<u8>]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| [&(frame.len() as i32).to_be_bytes()[..], frame].concat())
        .collect()
}

fn drain(decoder: &mut FrameDecoder, into: &mut Vec<Bytes>) -> Result<(), FrameError> {
    while let Some(frame) = decoder.next_frame()? {
        into.push(frame);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_frames(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6),
        cuts in proptest::collection::vec(0usize..250, 0..20),
        drain_each_time in any::<bool>(),
        shared in any::<bool>(),
    ) {
        let bytes = Bytes::from(stream(&frames));
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();

        let mut decoder = FrameDecoder::new(40);
        let mut got = Vec::new();
        for pair in cuts.windows(2) {
            if shared {
                decoder.push(bytes.slice(pair[0]..pair[1]));
            } else {
                decoder.push(&bytes[pair[0]..pair[1]]);
            }
            if drain_each_time {
                drain(&mut decoder, &mut got).expect("all frames are short enough");
            }
        }
        drain(&mut decoder, &mut got).expect("all frames are short enough");
        prop_assert_eq!(got, frames);
        prop_assert_eq!(decoder.buffered(), 0);
    }

    #[test]
    fn a_bad_length_is_an_error_as_soon_as_it_is_read(
        good in proptest::collection::vec(any::<u8>(), 0..20),
        length in prop_oneof![i32::MIN..0, 21..=i32::MAX],
    ) {
        let mut bytes = stream(std::slice::from_ref(&good));
        bytes.extend_from_slice(&length.to_be_bytes());
        for step in 1..=bytes.len() {
            let mut decoder = FrameDecoder::new(20);
            let mut got = Vec::new();
            let mut outcome = Ok(());
            for piece in bytes.chunks(step) {
                decoder.push(piece);
                outcome = drain(&mut decoder, &mut got);
            }
            prop_assert_eq!(&got, std::slice::from_ref(&good));
            let expected = match usize::try_from(length) {
                Ok(length) => FrameError::TooLarge { length, max: 20 },
                Err(_) => FrameError::NegativeLength(length),
            };
            prop_assert_eq!(outcome, Err(expected));
            decoder.push(&stream(std::slice::from_ref(&good))[..]);
            prop_assert_eq!(decoder.next_frame(), Err(expected), "an error is final");
            prop_assert_eq!(decoder.buffered(), 0);
        }
    }
}

#[test]
fn a_frame_in_one_piece_is_shared() {
    let bytes = Bytes::from(stream(&[b"abc".to_vec(), b"defg".to_vec()]));
    let mut decoder = FrameDecoder::new(100);
    decoder.push(bytes.clone());
    let first = decoder.next_frame().expect("well formed").expect("complete");
    let second = decoder.next_frame().expect("well formed").expect("complete");
    assert_eq!(first.as_ptr(), bytes[4..].as_ptr());
    assert_eq!(second.as_ptr(), bytes[11..].as_ptr());
}
