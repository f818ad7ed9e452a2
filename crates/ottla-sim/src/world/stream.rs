//! Where requests and answers end in a stream of bytes.

/// Reads lengths and correlation ids out of one direction of a connection.
#[derive(Clone, Debug)]
pub(super) struct FrameScanner {
    /// Where the correlation id stands, length prefix included.
    correlation_at: usize,
    head: Vec<u8>,
    /// Bytes of the frame that are still to come after the head.
    left: usize,
}

impl FrameScanner {
    /// For requests, which have API and version in front of the correlation id.
    pub(super) fn of_requests() -> Self {
        Self {
            correlation_at: 8,
            head: Vec::new(),
            left: 0,
        }
    }

    /// For answers.
    pub(super) fn of_answers() -> Self {
        Self {
            correlation_at: 4,
            head: Vec::new(),
            left: 0,
        }
    }

    /// The correlation ids of the frames that end in `bytes`.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Vec<i32> {
        let mut ended = Vec::new();
        let head_len = self.correlation_at + 4;
        while !bytes.is_empty() {
            if self.head.len() < head_len {
                let take = bytes.len().min(head_len - self.head.len());
                self.head.extend_from_slice(&bytes[..take]);
                bytes = &bytes[take..];
                if self.head.len() < head_len {
                    break;
                }
                self.left = (self.number(0) as usize)
                    .saturating_add(4)
                    .saturating_sub(head_len);
            }
            let take = bytes.len().min(self.left);
            self.left -= take;
            bytes = &bytes[take..];
            if self.left == 0 {
                ended.push(self.number(self.correlation_at));
                self.head.clear();
            }
        }
        ended
    }

    fn number(&self, at: usize) -> i32 {
        let bytes = self.head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        i32::from_be_bytes(bytes.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::FrameScanner;

    fn answer(correlation: i32, body: usize) -> Vec<u8> {
        let length = i32::try_from(4 + body).unwrap();
        [
            &length.to_be_bytes()[..],
            &correlation.to_be_bytes(),
            &vec![7; body],
        ]
        .concat()
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let bytes = [answer(1, 5), answer(2, 0), answer(3, 9)].concat();
        for piece in 1..bytes.len() {
            let mut scanner = FrameScanner::of_answers();
            let found: Vec<i32> = bytes
                .chunks(piece)
                .flat_map(|chunk| scanner.feed(chunk))
                .collect();
            assert_eq!(found, [1, 2, 3], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_ends_in_the_piece_with_its_last_byte() {
        let mut request = vec![0, 0, 0, 10, 0, 3, 0, 12, 0, 0, 0, 42];
        request.extend_from_slice(&[0, 0]);
        let mut scanner = FrameScanner::of_requests();
        assert!(scanner.feed(&request[..13]).is_empty());
        assert_eq!(scanner.feed(&request[13..]), [42]);
    }
}
