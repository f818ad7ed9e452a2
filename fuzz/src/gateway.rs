//! What the bridge reads of its clients and of brokers.

use bytes::Bytes;
use ottla_bridge::fuzzing::{Gateway, unframe};
use ottla_wire::{AnyRequest, decode_request};

/// However the bytes of a socket are cut, the payload of its WebSocket frames is the same.
pub(crate) fn web_socket(input: &[u8]) {
    let whole = unframe(input, input.len().max(1), usize::MAX);
    for piece in [1, 3, 17] {
        assert_eq!(unframe(input, piece, 5), whole, "in pieces of {piece}");
    }
}

/// What passes is read by the codec, which shares nothing with the scanner, and goes to topics that are allowed.
pub(crate) fn requests(input: &[u8]) {
    let gateway = Gateway::new();
    if let Some(sent) = gateway.judge(&framed(input)) {
        let (_, request) = decode_request(&sent.slice(4..)).expect("what passes can be read");
        match request {
            AnyRequest::Produce(request) => {
                assert_eq!(request.transactional_id, None);
                assert!(
                    request
                        .topic_data
                        .iter()
                        .all(|topic| Gateway::allows(&topic.name)),
                    "{request:?}"
                );
            }
            AnyRequest::Metadata(request) => {
                let names = request.topics.iter().flatten();
                assert!(
                    names
                        .filter_map(|topic| topic.name.as_deref())
                        .all(Gateway::allows),
                    "{request:?}"
                );
                assert!(!request.allow_auto_topic_creation);
            }
            AnyRequest::InitProducerId(request) => assert_eq!(request.transactional_id, None),
            other => panic!("{other:?} passes"),
        }
    }
}

/// Whatever a broker answers to the three requests that pass, no address of it reaches the client.
pub(crate) fn answers(input: &[u8]) {
    let Some((which, answer)) = input.split_first() else {
        return;
    };
    if let Some(shown) = Gateway::new().answer(*which, &Bytes::copy_from_slice(answer)) {
        assert!(shown.len() >= 8, "it has a length and a correlation id");
    }
}

/// With a length prefix that is right: a wrong one never gets this far.
fn framed(input: &[u8]) -> Bytes {
    let length = (input.len() as i32).to_be_bytes();
    [&length, input].concat().into()
}
