//! Authorises a Produce request: all of it, before a byte of it reaches the broker.

use bytes::{BufMut, Bytes, BytesMut};
use ottla_wire::error_code::ErrorCode;

use super::batch::{BatchRules, Refusal};
use super::cursor::{Cursor, Malformed};
use super::outline::TooLong;
use super::produce_scan::{Partition, Scanned, Topic, scan};
use super::{Expect, ExpectKind, Head, LENGTH_PREFIX, Rules, Verdict, malformed};
use crate::close::{Close, CloseCode};

/// A topic of a request, with its partitions that the bridge refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefusedTopic {
    pub(super) name: String,
    /// Its place among the topics of the request.
    pub(super) position: usize,
    pub(super) partitions: Vec<(i32, Refusal)>,
}

/// Judges the request in `frame` (with its length prefix), whose header was read by `cursor`.
pub(super) fn judge(rules: &Rules<'_>, head: &Head<'_>, frame: &Bytes, cursor: Cursor<'_>) -> Verdict {
    let scanned = match read(rules, head, cursor) {
        Ok(scanned) => scanned,
        Err(verdict) => return verdict,
    };
    let batches = BatchRules {
        codecs: rules.codecs,
        max_records: rules.limits.records_per_batch,
    };
    let verdicts = Verdicts::of(rules, &scanned, |records| batches.check(records).err());
    if verdicts.refused.is_empty() {
        return Verdict::Forward {
            chunks: vec![frame.clone()],
            expect: expect(head, &scanned, Vec::new()),
        };
    }
    if scanned.acks != 0 && verdicts.passes.iter().any(|passes| *passes) {
        let refused_partitions = verdicts.passes.iter().filter(|passes| !**passes).count() as u64;
        let chunks = cut(frame, &scanned, &verdicts.passes);
        return Verdict::Cut {
            chunks,
            expect: expect(head, &scanned, verdicts.refused),
            refused_partitions,
        };
    }
    refuse(head, &scanned, &verdicts.refused)
}

/// Judges a request of which there is an outline only, because it is too long.
pub(super) fn judge_outline(rules: &Rules<'_>, head: &Head<'_>, cursor: Cursor<'_>) -> Verdict {
    let scanned = match read(rules, head, cursor) {
        Ok(scanned) => scanned,
        Err(verdict) => return verdict,
    };
    let too_long = TooLong::of(scanned.partitions.iter().map(|partition| partition.records));
    let verdicts = Verdicts::of(rules, &scanned, |records| Some(too_long.refuse(records)));
    refuse(head, &scanned, &verdicts.refused)
}

fn read<'a>(rules: &Rules<'_>, head: &Head<'_>, cursor: Cursor<'a>) -> Result<Scanned<'a>, Verdict> {
    let scanned = scan(cursor, head.version, rules.limits.partitions_per_request)
        .map_err(|why| malformed(head, why))?;
    if scanned.partitions.is_empty() {
        return Err(malformed(head, Malformed("it names no partition")));
    }
    Ok(scanned)
}

/// The answer to a request of which nothing passes.
fn refuse(head: &Head<'_>, scanned: &Scanned<'_>, refused: &[RefusedTopic]) -> Verdict {
    if scanned.acks != 0 {
        return super::produce_answer::refuse_all(head, refused);
    }
    // There is no answer in which an error could be told, and silence would look like success.
    let topic = &refused[0];
    let what = topic
        .partitions
        .first()
        .map_or("", |(_, refusal)| refusal.message);
    let reason = format!("Produce with acks=0 to {:?}: {what}", topic.name);
    Verdict::Close(Close::new(CloseCode::Forbidden, reason))
}

fn expect(head: &Head<'_>, scanned: &Scanned<'_>, refused: Vec<RefusedTopic>) -> Option<Expect> {
    (scanned.acks != 0).then(|| Expect::new(head, ExpectKind::Produce { refused }))
}

struct Verdicts {
    /// By index into [`Scanned::partitions`].
    passes: Vec<bool>,
    refused: Vec<RefusedTopic>,
}

impl Verdicts {
    fn of(
        rules: &Rules<'_>,
        scanned: &Scanned<'_>,
        refuse: impl Fn(Option<&[u8]>) -> Option<Refusal>,
    ) -> Self {
        let whole_request = refuse_request(scanned);
        let mut verdicts = Self {
            passes: Vec::with_capacity(scanned.partitions.len()),
            refused: Vec::new(),
        };
        for (position, topic) in scanned.topics.iter().enumerate() {
            let whole_topic = whole_request.or_else(|| refuse_topic(rules, topic));
            let mut refused = Vec::new();
            for partition in &scanned.partitions[topic.partitions.clone()] {
                let refusal = whole_topic.or_else(|| refuse(partition.records));
                verdicts.passes.push(refusal.is_none());
                refused.extend(refusal.map(|refusal| (partition.index, refusal)));
            }
            // A forbidden topic without partitions is cut out as well: its name alone could create it.
            if !refused.is_empty() || whole_topic.is_some() {
                verdicts.refused.push(RefusedTopic {
                    name: topic.name.to_owned(),
                    position,
                    partitions: refused,
                });
            }
        }
        verdicts
    }
}

fn refuse_request(scanned: &Scanned<'_>) -> Option<Refusal> {
    if scanned.transactional {
        let code = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        return Some(Refusal {
            code,
            message: "this bridge takes no transactions",
        });
    }
    if !(-1..=1).contains(&scanned.acks) {
        return Some(Refusal {
            code: ErrorCode::INVALID_REQUIRED_ACKS,
            message: "acks must be -1, 0 or 1",
        });
    }
    None
}

fn refuse_topic(rules: &Rules<'_>, topic: &Topic<'_>) -> Option<Refusal> {
    rules.refuse_topic(topic.name)
}

/// The request without the partitions that do not pass. Batches are shared with `frame`, not copied.
fn cut(frame: &Bytes, scanned: &Scanned<'_>, passes: &[bool]) -> Vec<Bytes> {
    let mut cut = Cutter {
        frame,
        flexible: scanned.flexible,
        chunks: Vec::new(),
        glue: BytesMut::new(),
        kept: 0..0,
    };
    cut.keep(LENGTH_PREFIX..scanned.topics_at);
    let kept = |topic: &Topic<'_>| topic.partitions.clone().any(|index| passes[index]);
    cut.count(scanned.topics.iter().filter(|topic| kept(topic)).count());
    for topic in scanned.topics.iter().filter(|topic| kept(topic)) {
        cut.topic(topic, &scanned.partitions, passes);
    }
    cut.keep(scanned.topics_end..frame.len());
    cut.finish()
}

/// Collects parts of a frame and new counts between them.
struct Cutter<'a> {
    frame: &'a Bytes,
    flexible: bool,
    chunks: Vec<Bytes>,
    /// New bytes that are not in `chunks` yet.
    glue: BytesMut,
    /// Part of the frame that is not in `chunks` yet; it comes after `glue`.
    kept: std::ops::Range<usize>,
}

impl Cutter<'_> {
    fn topic(&mut self, topic: &Topic<'_>, partitions: &[Partition<'_>], passes: &[bool]) {
        let all_pass = topic.partitions.clone().all(|index| passes[index]);
        if all_pass {
            return self.keep(topic.span.clone());
        }
        self.keep(topic.span.start..topic.partitions_at);
        self.count(topic.partitions.clone().filter(|index| passes[*index]).count());
        for index in topic.partitions.clone().filter(|index| passes[*index]) {
            self.keep(partitions[index].span.clone());
        }
        // The tagged fields of the topic, which the scan has found to be empty.
        let partitions_end = partitions[topic.partitions.end - 1].span.end;
        self.keep(partitions_end..topic.span.end);
    }

    fn keep(&mut self, part: std::ops::Range<usize>) {
        if part.start == self.kept.end && !self.kept.is_empty() {
            self.kept.end = part.end;
        } else {
            self.flush();
            self.kept = part;
        }
    }

    fn count(&mut self, count: usize) {
        self.flush();
        if !self.flexible {
            return self.glue.put_i32(count as i32);
        }
        let mut rest = count + 1;
        while rest >= 0x80 {
            self.glue.put_u8(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.glue.put_u8(rest as u8);
    }

    fn flush(&mut self) {
        if !self.glue.is_empty() {
            self.chunks.push(self.glue.split().freeze());
        }
        if !self.kept.is_empty() {
            self.chunks.push(self.frame.slice(std::mem::take(&mut self.kept)));
        }
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.flush();
        let len: usize = self.chunks.iter().map(Bytes::len).sum();
        let len =
            i32::try_from(len).expect("a part of a frame is shorter than the frame, whose length is an i32");
        self.chunks.insert(0, Bytes::copy_from_slice(&len.to_be_bytes()));
        self.chunks
    }
}
