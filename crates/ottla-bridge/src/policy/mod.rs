//! What passes: every request is judged as a whole before a byte of it reaches a broker, and every answer is rewritten
//! before a byte of it reaches a client. No sockets and no time in here.

mod api;
mod batch;
mod cursor;
mod init_producer_id;
mod metadata;
mod outline;
mod produce;
mod produce_answer;
mod produce_scan;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use ottla_wire::Message;
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::produce::ProduceResponse;
use ottla_wire::primitives::Reader;

use crate::close::{Close, CloseCode};
use crate::cluster::KnownNodes;
use crate::config::{Codecs, Limits, TopicRules, is_legal_name};
pub(crate) use api::ApiTable;
use batch::Refusal;
use cursor::{Cursor, Malformed};
pub(crate) use outline::{Outline, judge_outline};
pub(crate) use produce_scan::FLEXIBLE_SINCE as FLEXIBLE_PRODUCE;

/// Every request begins with its length, which frames here include.
pub(crate) const LENGTH_PREFIX: usize = 4;

/// The rules of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) topics: &'a TopicRules,
    pub(crate) codecs: Codecs,
    pub(crate) limits: &'a Limits,
    /// What the client was told that it may use, which is what the broker behind this connection can do.
    pub(crate) apis: &'a ApiTable,
}

impl Rules<'_> {
    fn refuse_topic(&self, name: &str) -> Option<Refusal> {
        if self.topics.allows(name) {
            None
        } else if is_legal_name(name) {
            let message = "this bridge does not allow this topic";
            Some(Refusal {
                code: ErrorCode::TOPIC_AUTHORIZATION_FAILED,
                message,
            })
        } else {
            let message = "no topic can have this name: letters, digits, '.', '_' and '-' only";
            Some(Refusal {
                code: ErrorCode::INVALID_TOPIC_EXCEPTION,
                message,
            })
        }
    }
}

/// The fields of a request header that matter here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<&'a str>,
    /// Where the body begins in the frame.
    body_at: usize,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It goes to the broker. `expect` is `None` if the broker will not answer.
    Forward {
        chunks: Vec<Bytes>,
        expect: Option<Expect>,
    },
    /// Part of it goes to the broker.
    Cut {
        chunks: Vec<Bytes>,
        expect: Option<Expect>,
        refused_partitions: u64,
    },
    /// The bridge answers, with these bytes.
    Answer(Bytes),
    /// The connection ends.
    Close(Close),
}

/// The answer that a broker owes, and what has to be done to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expect {
    correlation_id: i32,
    version: i16,
    kind: ExpectKind,
}

#[derive(Debug, PartialEq, Eq)]
enum ExpectKind {
    Produce { refused: Vec<produce::RefusedTopic> },
    Metadata(metadata::Asked),
    InitProducerId,
}

impl Expect {
    fn new(head: &Head<'_>, kind: ExpectKind) -> Self {
        Self {
            correlation_id: head.correlation_id,
            version: head.version,
            kind,
        }
    }

    /// About how many bytes the bridge itself keeps for the answer and adds to it: what it refused.
    pub(crate) fn own_bytes(&self) -> usize {
        const EACH: usize = 64;
        match &self.kind {
            ExpectKind::Produce { refused } => refused
                .iter()
                .map(|topic| topic.name.len() + EACH * (1 + topic.partitions.len()))
                .sum(),
            ExpectKind::Metadata(asked) => asked.refused.iter().map(|(name, _)| name.len() + EACH).sum(),
            ExpectKind::InitProducerId => 0,
        }
    }
}

/// Longest `client.id`. Brokers keep metrics for each one.
const MAX_CLIENT_ID: usize = 256;

/// Longest request other than Produce. They are decoded, and a decoded one takes many times the memory of its bytes.
const MAX_PLAIN_REQUEST: usize = 64 * 1024;

/// Judges a request, `frame` being its bytes with the length prefix.
pub(crate) fn judge(rules: &Rules<'_>, frame: &Bytes) -> (Option<ApiKey>, Verdict) {
    let mut cursor = Cursor::new(frame);
    let head = match read_head(rules, &mut cursor) {
        Ok(head) => head,
        Err(verdict) => return (None, verdict),
    };
    let verdict = match head.api {
        ApiKey::ApiVersions => api::answer_versions(rules.apis, &head, frame),
        ApiKey::Metadata => metadata::judge(rules, &head, frame),
        ApiKey::InitProducerId => init_producer_id::judge(&head, frame),
        ApiKey::Produce => produce::judge(rules, &head, frame, cursor),
        _ => forbidden(head.api.name(), head.version),
    };
    (Some(head.api), verdict)
}

/// Reads the header, and stops whatever is not in the table of allowed requests.
fn read_head<'a>(rules: &Rules<'_>, cursor: &mut Cursor<'a>) -> Result<Head<'a>, Verdict> {
    let bad = |why: Malformed| {
        Verdict::Close(Close::new(
            CloseCode::Policy,
            format!("malformed request: {}", why.0),
        ))
    };
    let _length = cursor.i32().map_err(bad)?;
    let number = cursor.i16().map_err(bad)?;
    let version = cursor.i16().map_err(bad)?;
    let correlation_id = cursor.i32().map_err(bad)?;
    let api = match ApiKey::from_i16(number) {
        Some(ApiKey::ApiVersions) => ApiKey::ApiVersions,
        Some(api) if rules.apis.allows(api, version) => api,
        Some(api) => return Err(forbidden(api.name(), version)),
        None => return Err(forbidden(&format!("API {number}"), version)),
    };
    let mut head = Head {
        api,
        version,
        correlation_id,
        client_id: None,
        body_at: cursor.at(),
    };
    if api == ApiKey::ApiVersions && !rules.apis.allows(api, version) {
        // The rest may look like anything; the answer says which versions there are (KIP-511).
        return Ok(head);
    }
    if api != ApiKey::Produce && cursor.len() > MAX_PLAIN_REQUEST {
        return Err(Verdict::Close(Close::new(
            CloseCode::TooBig,
            format!("{} request of more than {MAX_PLAIN_REQUEST} bytes", api.name()),
        )));
    }
    head.client_id = cursor.nullable_string().map_err(bad)?;
    if head.client_id.is_some_and(|id| id.len() > MAX_CLIENT_ID) {
        return Err(bad(Malformed("its client.id is longer than 256 bytes")));
    }
    cursor.set_flexible(api.request_header_version(version) >= 2);
    cursor.no_tagged_fields().map_err(bad)?;
    head.body_at = cursor.at();
    Ok(head)
}

fn forbidden(what: &str, version: i16) -> Verdict {
    let reason =
        format!("{what} v{version} does not pass this bridge, which lets clients publish and nothing else");
    Verdict::Close(Close::new(CloseCode::Forbidden, reason))
}

fn malformed(head: &Head<'_>, why: Malformed) -> Verdict {
    let reason = format!("malformed {} v{}: {}", head.api.name(), head.version, why.0);
    Verdict::Close(Close::new(CloseCode::Policy, reason))
}

fn answer<M: Message>(head: &Head<'_>, response: &M) -> Verdict {
    match ottla_wire::encode_response(head.correlation_id, head.version, response) {
        Ok(bytes) => Verdict::Answer(bytes.into()),
        Err(_) => malformed(head, Malformed("it cannot be answered")),
    }
}

/// The body of a request that is decoded as a whole.
fn body<M: Message>(head: &Head<'_>, frame: &Bytes) -> Result<M, Verdict> {
    let body = frame.slice(head.body_at..);
    let mut reader = Reader::new(&body);
    let decoded = M::decode(head.version, &mut reader).and_then(|request| reader.finish().map(|()| request));
    decoded.map_err(|why| {
        let reason = format!("malformed {} v{}: {why}", head.api.name(), head.version);
        Verdict::Close(Close::new(CloseCode::Policy, reason))
    })
}

/// Sends a request on that was decoded, in the bridge's own encoding: nothing that was not understood is left.
fn forward<M: Message>(head: &Head<'_>, request: &M, expect: Expect) -> Verdict {
    match ottla_wire::encode_request(head.correlation_id, head.client_id, head.version, request) {
        Ok(bytes) => Verdict::Forward {
            chunks: vec![bytes.into()],
            expect: Some(expect),
        },
        Err(_) => malformed(head, Malformed("a field does not exist in this version")),
    }
}

/// Why an answer of a broker cannot be passed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAnswer(pub(crate) String);

/// Rewrites an answer (`frame` without its length prefix) so that no address of a broker, and nothing of what the
/// client may not see, is left; returns it with its length prefix. What it tells about brokers goes into `nodes`.
pub(crate) fn rewrite_answer(
    rules: &Rules<'_>,
    expect: Expect,
    frame: &Bytes,
    nodes: &mut KnownNodes,
) -> Result<Vec<u8>, BadAnswer> {
    let Expect {
        correlation_id,
        version,
        kind,
    } = expect;
    match kind {
        ExpectKind::Produce { refused } => {
            let mut response: ProduceResponse = decode(correlation_id, version, frame)?;
            for node in std::mem::take(&mut response.node_endpoints) {
                response.node_endpoints.push(produce_answer::hide(node, nodes));
            }
            produce_answer::scrub(&mut response, nodes);
            produce_answer::merge(&mut response, &refused);
            encode(correlation_id, version, &response)
        }
        ExpectKind::Metadata(asked) => {
            let response = decode(correlation_id, version, frame)?;
            encode(
                correlation_id,
                version,
                &metadata::rewrite(rules, &asked, response, nodes),
            )
        }
        ExpectKind::InitProducerId => {
            let response: InitProducerIdResponse = decode(correlation_id, version, frame)?;
            encode(correlation_id, version, &response)
        }
    }
}

fn decode<M: Message>(correlation_id: i32, version: i16, frame: &Bytes) -> Result<M, BadAnswer> {
    let name = M::API.name();
    let (answered, response) = ottla_wire::decode_response::<M>(version, frame)
        .map_err(|why| BadAnswer(format!("the broker's {name} answer cannot be read: {why}")))?;
    if answered != correlation_id {
        let why = format!("the broker answered request {answered}, but {correlation_id} ({name}) is next");
        return Err(BadAnswer(why));
    }
    Ok(response)
}

fn encode<M: Message>(correlation_id: i32, version: i16, response: &M) -> Result<Vec<u8>, BadAnswer> {
    ottla_wire::encode_response(correlation_id, version, response).map_err(|why| {
        BadAnswer(format!(
            "the broker's {} answer cannot be passed on: {why}",
            M::API.name()
        ))
    })
}
