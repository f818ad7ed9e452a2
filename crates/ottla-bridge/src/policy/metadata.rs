//! Metadata: asks only for allowed topics, never creates one, and answers without addresses.

use bytes::Bytes;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseTopic,
};

use super::batch::Refusal;
use super::cursor::Malformed;
use super::{Expect, ExpectKind, Head, Rules, Verdict, forward, malformed};
use crate::cluster::{HIDDEN_PORT, KnownNodes, hidden_host};

/// What the client asked for, as far as the answer depends on it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// All topics were asked for: those that do not exist are not mentioned.
    all: bool,
    pub(super) refused: Vec<(String, Refusal)>,
}

/// Kafka's "not asked for" in the fields of authorised operations.
const OPERATIONS_UNKNOWN: i32 = i32::MIN;

pub(super) fn judge(rules: &Rules<'_>, head: &Head<'_>, frame: &Bytes) -> Verdict {
    let mut request: MetadataRequest = match super::body(head, frame) {
        Ok(request) => request,
        Err(verdict) => return verdict,
    };
    let mut asked = Asked {
        all: request.topics.is_none(),
        refused: Vec::new(),
    };
    request.topics = match request.topics {
        Some(topics) if topics.len() as u64 > rules.limits.partitions_per_request => {
            return malformed(head, Malformed("it names more topics than this bridge allows"));
        }
        Some(topics) => Some(allowed(rules, topics, &mut asked)),
        // With prefixes, the allowed topics are only known once the broker has named all.
        None => rules.topics.only_exact().map(|names| names.map(named).collect()),
    };
    request.allow_auto_topic_creation = false;
    request.include_cluster_authorized_operations = false;
    request.include_topic_authorized_operations = false;
    forward(head, &request, Expect::new(head, ExpectKind::Metadata(asked)))
}

fn named(name: &str) -> MetadataRequestTopic {
    MetadataRequestTopic {
        name: Some(name.to_owned()),
        ..Default::default()
    }
}

fn allowed(
    rules: &Rules<'_>,
    topics: Vec<MetadataRequestTopic>,
    asked: &mut Asked,
) -> Vec<MetadataRequestTopic> {
    let mut passes = Vec::new();
    for topic in topics {
        let name = topic.name.unwrap_or_default();
        match rules.refuse_topic(&name) {
            None => passes.push(named(&name)),
            Some(refusal) => asked.refused.push((name, refusal)),
        }
    }
    passes
}

/// Takes addresses, racks, controller and cluster id out, and every topic that this client may not see.
pub(super) fn rewrite(
    rules: &Rules<'_>,
    asked: &Asked,
    mut response: MetadataResponse,
    nodes: &mut KnownNodes,
) -> MetadataResponse {
    for broker in &mut response.brokers {
        nodes.learn(broker.node_id, std::mem::take(&mut broker.host), broker.port);
        broker.host = hidden_host(broker.node_id);
        broker.port = i32::from(HIDDEN_PORT);
        broker.rack = None;
    }
    response.cluster_id = None;
    response.controller_id = -1;
    response.cluster_authorized_operations = OPERATIONS_UNKNOWN;
    response.topics.retain(|topic| {
        let name = topic.name.as_deref().unwrap_or_default();
        let mentioned = !asked.all || topic.error_code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        rules.topics.allows(name) && mentioned
    });
    for topic in &mut response.topics {
        topic.topic_authorized_operations = OPERATIONS_UNKNOWN;
        for partition in &mut topic.partitions {
            partition.offline_replicas.clear();
        }
    }
    response
        .topics
        .extend(asked.refused.iter().map(|(name, refusal)| MetadataResponseTopic {
            error_code: refusal.code,
            name: Some(name.clone()),
            topic_authorized_operations: OPERATIONS_UNKNOWN,
            ..Default::default()
        }));
    response
}
