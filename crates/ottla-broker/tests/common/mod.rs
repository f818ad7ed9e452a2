//! One broker and one client, joined by hand.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use bytes::Bytes;
use ottla_broker::{
    Broker, ConnId, Effect, Endpoint, Image, Micros, NodeId, PartitionImage, Settings, Start, TopicConfig,
    TopicId, TopicImage,
};
use ottla_wire::{
    batch::{BatchBuilder, ProducerStamp},
    codec::Codec,
    decode_response, encode_request,
    messages::{
        Message,
        produce::{
            PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
        },
    },
};

pub(crate) const CONN: ConnId = ConnId(1);
/// The wall clock when a test begins.
pub(crate) const EPOCH_MS: i64 = 1_700_000_000_000;

/// A broker with node id 1 that leads `orders`-0.
pub(crate) struct Bench {
    pub(crate) broker: Broker,
    pub(crate) now: Micros,
    pub(crate) effects: Vec<Effect>,
    correlation: i32,
}

pub(crate) fn partition(leader: NodeId, epoch: i32, replicas: &[NodeId], isr: &[NodeId]) -> PartitionImage {
    let (replicas, isr) = (replicas.to_vec(), isr.to_vec());
    PartitionImage {
        leader: Some(leader),
        leader_epoch: epoch,
        partition_epoch: epoch,
        replicas,
        isr,
    }
}

pub(crate) fn image(version: u64, config: TopicConfig, partition: PartitionImage) -> Arc<Image> {
    let id = TopicId([7; 16]);
    let name: Arc<str> = Arc::from("orders");
    let topic = TopicImage {
        id,
        name: name.clone(),
        config: Arc::new(config),
        partitions: vec![partition],
    };
    let endpoint = |node: NodeId| Endpoint {
        host: format!("broker-{node}"),
        port: 9092,
        rack: None,
    };
    Arc::new(Image {
        version,
        controller: Some(1),
        brokers: [1, 2, 3].map(|node| (node, endpoint(node))).into(),
        topics: [(name.clone(), Arc::new(topic))].into(),
        names: [(id, name)].into(),
    })
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), TopicConfig::default())
    }

    pub(crate) fn with(settings: Settings, config: TopicConfig) -> Self {
        let start = Start {
            id: 1,
            cluster_id: Arc::from("test"),
            settings: Arc::new(settings),
            disk: ottla_broker::Disk::default(),
            epoch_ms: EPOCH_MS,
            producer_ids: 1_000..2_000,
            observe: true,
        };
        let mut bench = Self {
            broker: Broker::start(0, start),
            now: 0,
            effects: Vec::new(),
            correlation: 0,
        };
        bench
            .broker
            .apply_image(0, &image(1, config, partition(1, 0, &[1], &[1])));
        bench.broker.connect(CONN);
        bench
    }

    /// Sends a request and gives the correlation id back.
    pub(crate) fn send<M: Message>(&mut self, version: i16, request: &M) -> i32 {
        self.correlation += 1;
        let bytes = encode_request(self.correlation, Some("test"), version, request).unwrap();
        self.broker.receive(self.now, CONN, Bytes::from(bytes));
        self.collect();
        self.correlation
    }

    pub(crate) fn collect(&mut self) {
        self.effects
            .extend(std::iter::from_fn(|| self.broker.take_effect()));
    }

    pub(crate) fn advance(&mut self, micros: Micros) {
        self.now += micros;
        self.broker.tick(self.now);
        self.collect();
    }

    /// The next answer, without its length prefix.
    pub(crate) fn frame(&mut self) -> Option<Bytes> {
        let at = self
            .effects
            .iter()
            .position(|effect| matches!(effect, Effect::Send { .. }))?;
        let Effect::Send { bytes, .. } = self.effects.remove(at) else {
            return None;
        };
        Some(bytes.slice(4..))
    }

    pub(crate) fn answer<M: Message>(&mut self, version: i16) -> M {
        let frame = self.frame().expect("the broker answers");
        let (correlation, message) = decode_response(version, &frame).unwrap();
        assert_eq!(
            correlation, self.correlation,
            "answers come in the order of the requests"
        );
        message
    }

    pub(crate) fn ask<Q: Message, A: Message>(&mut self, version: i16, request: &Q) -> A {
        self.send(version, request);
        self.answer(version)
    }

    pub(crate) fn produce(&mut self, acks: i16, batch: Bytes) -> PartitionProduceResponse {
        let response: ProduceResponse = self.ask(12, &produce(acks, batch));
        response.responses[0].partition_responses[0].clone()
    }

    /// Why the broker closed the connection, if it did.
    pub(crate) fn closed(&self) -> Option<&str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Close { why, .. } => Some(why.as_str()),
            _ => None,
        })
    }
}

pub(crate) fn produce(acks: i16, batch: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData {
        index: 0,
        records: Some(batch),
    };
    let topic = TopicProduceData {
        name: "orders".to_owned(),
        topic_id: TopicId([7; 16]),
        partition_data: vec![partition],
    };
    ProduceRequest {
        acks,
        timeout_ms: 1_000,
        topic_data: vec![topic],
        ..ProduceRequest::default()
    }
}

pub(crate) fn batch(values: &[&str]) -> Bytes {
    stamped(values, Codec::None, None)
}

pub(crate) fn stamped(values: &[&str], codec: Codec, stamp: Option<ProducerStamp>) -> Bytes {
    let mut builder = BatchBuilder::new(1 << 20);
    for value in values {
        builder
            .append(EPOCH_MS, Some(b"key"), Some(value.as_bytes()), [].into_iter())
            .unwrap();
    }
    let mut sealed = builder.seal(codec, None).unwrap();
    if let Some(stamp) = stamp {
        sealed.stamp(stamp);
    }
    sealed.to_bytes()
}
