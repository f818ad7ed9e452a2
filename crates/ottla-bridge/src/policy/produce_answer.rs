//! What a client is told about its Produce request: the broker's answer without addresses, and our own refusals.

use ottla_wire::messages::produce::{
    NodeEndpoint, PartitionProduceResponse, ProduceResponse, TopicProduceResponse,
};

use super::produce::RefusedTopic;
use super::{Head, Verdict, answer};
use crate::cluster::{HIDDEN_PORT, KnownNodes, hidden_host};

/// The answer to a request of which nothing passes.
pub(super) fn refuse_all(head: &Head<'_>, refused: &[RefusedTopic]) -> Verdict {
    let mut response = ProduceResponse::default();
    merge(&mut response, refused);
    answer(head, &response)
}

/// Puts the refused partitions where the request had them.
pub(super) fn merge(response: &mut ProduceResponse, refused: &[RefusedTopic]) {
    for topic in refused.iter().filter(|topic| !topic.partitions.is_empty()) {
        let partitions = topic
            .partitions
            .iter()
            .map(|(index, refusal)| PartitionProduceResponse {
                index: *index,
                error_code: refusal.code,
                base_offset: -1,
                log_append_time_ms: -1,
                log_start_offset: -1,
                error_message: Some(refusal.message.to_owned()),
                ..Default::default()
            });
        match response
            .responses
            .iter_mut()
            .find(|answered| answered.name == topic.name)
        {
            Some(answered) => answered.partition_responses.extend(partitions),
            None => {
                let at = topic.position.min(response.responses.len());
                let answered = TopicProduceResponse {
                    name: topic.name.clone(),
                    partition_responses: partitions.collect(),
                    ..Default::default()
                };
                response.responses.insert(at, answered);
            }
        }
    }
}

/// An endpoint (KIP-951) as the client may see it; the real one is learned.
pub(super) fn hide(endpoint: NodeEndpoint, nodes: &mut KnownNodes) -> NodeEndpoint {
    let node_id = endpoint.node_id;
    nodes.learn(node_id, endpoint.host, endpoint.port);
    NodeEndpoint {
        node_id,
        host: hidden_host(node_id),
        port: i32::from(HIDDEN_PORT),
        ..Default::default()
    }
}

/// Removes texts of the broker that name a broker's host.
pub(super) fn scrub(response: &mut ProduceResponse, nodes: &KnownNodes) {
    let scrub = |text: &mut Option<String>| {
        if text.as_deref().is_some_and(|text| nodes.mentioned_in(text)) {
            *text = None;
        }
    };
    for partition in response
        .responses
        .iter_mut()
        .flat_map(|topic| &mut topic.partition_responses)
    {
        scrub(&mut partition.error_message);
        for record in &mut partition.record_errors {
            scrub(&mut record.batch_index_error_message);
        }
    }
}
