//! Traces, which anybody may have edited.

use ottla_trace::jsonl::{self, envelope_line};

/// What is read can be written, and is the same when it is read again.
pub(crate) fn lines(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match jsonl::read(&text) {
        Ok((header, envelopes)) => {
            let mut written = header.line();
            for envelope in &envelopes {
                written.push_str(&envelope_line(envelope));
            }
            let again = jsonl::read(&written);
            // Numbers that are none (a NaN written as null) do not equal themselves: the text decides.
            let (_, again) = again.expect("what was written can be read");
            let rewritten: String = again.iter().map(envelope_line).collect();
            assert_eq!(header.line() + &rewritten, written);
        }
        Err(error) => assert_eq!(error.to_string().lines().count(), 1),
    }
}
