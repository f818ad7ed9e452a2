//! What this crate reads of others' bytes, without sockets (feature `fuzzing`; for tests, with no promise).

use bytes::{Bytes, BytesMut};
use ottla_wire::api::ApiKey;
use ottla_wire::messages::api_versions::ApiVersion;
use ottla_wire::messages::init_producer_id::InitProducerIdRequest;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use ottla_wire::messages::produce::{ProduceRequest, TopicProduceData};

use crate::cluster::KnownNodes;
use crate::config::Config;
use crate::policy::{ApiTable, Rules, Verdict, judge, rewrite_answer};
use crate::ws::{Incoming, Step};

/// The payload of a socket's WebSocket frames, and what else was in them. The bytes come in pieces of `piece` bytes,
/// and at most `wanted` bytes of payload are asked for at once. Each Ping is followed by its payload.
pub fn unframe(stream: &[u8], piece: usize, wanted: usize) -> (Vec<u8>, Vec<Bytes>, bool) {
    let (mut incoming, mut payload, mut pings) = (Incoming::new(&[]), BytesMut::new(), Vec::new());
    for piece in stream.chunks(piece) {
        incoming.push(piece);
        loop {
            match incoming.decode(&mut payload, wanted) {
                Ok(Some(Step::Data | Step::Pong)) => {}
                Ok(Some(Step::Ping(ping))) => pings.push(ping),
                Ok(Some(Step::Closed | Step::Eof)) | Err(_) => return (payload.to_vec(), pings, true),
                Ok(None) => break,
            }
        }
    }
    (payload.to_vec(), pings, false)
}

/// One connection's rules, with the topics `clicks` and `shop-*`.
#[derive(Debug)]
pub struct Gateway {
    config: Config,
    apis: ApiTable,
}

impl Default for Gateway {
    fn default() -> Self {
        Self::new()
    }
}

impl Gateway {
    /// A connection to a broker that offers everything.
    pub fn new() -> Self {
        let text = "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\
                    [[cluster]]\nname = \"main\"\nbootstrap = [\"boot.host.secret:9092\"]\n\
                    topics = [\"clicks\", \"shop-*\"]\n";
        let broker = |api: &ApiKey| ApiVersion {
            api_key: api.key(),
            min_version: *api.versions().start(),
            max_version: *api.versions().end(),
        };
        Self {
            config: Config::from_toml_str(text).expect("a valid configuration"),
            apis: ApiTable::intersect(&ApiKey::ALL.iter().map(broker).collect::<Vec<_>>()),
        }
    }

    /// Whether the rules allow a topic.
    pub fn allows(topic: &str) -> bool {
        topic == "clicks" || topic.starts_with("shop-")
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            topics: &self.config.clusters[0].topics,
            codecs: self.config.listeners[0].codecs,
            limits: &self.config.limits,
            apis: &self.apis,
        }
    }

    /// What of a request, with its length prefix, goes to the broker.
    pub fn judge(&self, frame: &Bytes) -> Option<Bytes> {
        match judge(&self.rules(), frame).1 {
            Verdict::Forward { chunks, .. } | Verdict::Cut { chunks, .. } => Some(chunks.concat().into()),
            Verdict::Answer(_) | Verdict::Close(_) => None,
        }
    }

    /// What the client sees of an answer, without its length prefix, to the newest Produce (0), Metadata (1) or
    /// InitProducerId (2) that passes, which has the correlation id 7.
    pub fn answer(&self, which: u8, answer: &Bytes) -> Option<Vec<u8>> {
        let newest = |api: ApiKey| {
            let versions = api.versions().rev();
            versions
                .into_iter()
                .find(|version| self.apis.allows(api, *version))
                .unwrap_or_default()
        };
        let request = match which % 3 {
            0 => {
                let version = newest(ApiKey::Produce);
                let topic = |name: &str| TopicProduceData {
                    name: name.to_owned(),
                    ..Default::default()
                };
                let request = ProduceRequest {
                    acks: -1,
                    topic_data: vec![topic("clicks"), topic("secret")],
                    ..Default::default()
                };
                ottla_wire::encode_request(7, None, version, &request)
            }
            1 => {
                let version = newest(ApiKey::Metadata);
                let topic = |name: &str| MetadataRequestTopic {
                    name: Some(name.to_owned()),
                    ..Default::default()
                };
                let request = MetadataRequest {
                    topics: Some(vec![topic("clicks"), topic("secret")]),
                    ..Default::default()
                };
                ottla_wire::encode_request(7, None, version, &request)
            }
            _ => {
                let version = newest(ApiKey::InitProducerId);
                ottla_wire::encode_request(7, None, version, &InitProducerIdRequest::default())
            }
        };
        let request = request.ok()?;
        let expect = match judge(&self.rules(), &request.into()).1 {
            Verdict::Forward { expect, .. } | Verdict::Cut { expect, .. } => expect?,
            Verdict::Answer(_) | Verdict::Close(_) => return None,
        };
        let mut nodes = KnownNodes::new(&self.config.clusters[0].bootstrap);
        rewrite_answer(&self.rules(), expect, answer, &mut nodes).ok()
    }
}
