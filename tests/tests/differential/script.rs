//! What a scenario is made of, as data.

use std::collections::BTreeMap;

use ottla_wire::error_code::ErrorCode;
use ottla_wire::primitives::Uuid;

use super::batch::Batch;

/// The topic that every scenario has unless it says otherwise: one partition, on node 1.
pub(crate) const TOPIC: &str = "t";

/// What is done to both clusters, and why they may answer differently.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Its name; topics are called `{name}-{label}` on the clusters.
    pub(crate) name: &'static str,
    /// One line for the page.
    pub(crate) what: &'static str,
    pub(crate) topics: Vec<TopicSpec>,
    pub(crate) steps: Vec<Step>,
    /// Why the simulated broker cannot agree.
    pub(crate) differs: Option<&'static str>,
}

/// A topic that is there before the first step.
#[derive(Clone, Debug)]
pub(crate) struct TopicSpec {
    pub(crate) label: &'static str,
    /// The nodes of each partition, the leader first.
    pub(crate) replicas: Vec<Vec<i32>>,
    pub(crate) configs: Vec<(&'static str, &'static str)>,
}

/// One step.
#[derive(Debug)]
pub(crate) enum Step {
    /// Asks a node; the answer is compared.
    Ask(i32, Question),
    /// Writes all questions to a node before it reads the first answer; all answers are compared.
    Pipeline(i32, Vec<Question>),
    /// Asks a node again until an answer has that error code; the last answer is compared.
    Until(i32, Question, ErrorCode),
    /// SIGKILL, and waits for nothing.
    Strike(i32),
    /// SIGKILL if it is alive, and waits until no node names it as leader or in-sync replica of the scenario's topics.
    Kill(i32),
    /// The next act begins when every scenario has come so far.
    Curtain,
    /// Starts a killed node, if nobody has yet, and waits until it is in sync again.
    Restart(i32),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Produce(Produce),
    InitProducerId(InitProducerId),
    Metadata(Metadata),
    ListOffsets(ListOffsets),
    Fetch(Fetch),
    CreateTopics(CreateTopics),
    DeleteTopics(DeleteTopics),
    CreatePartitions(CreatePartitions),
    DescribeConfigs(DescribeConfigs),
    AlterConfigs(AlterConfigs),
    ApiVersions {
        version: i16,
        software: &'static str,
    },
    FindCoordinator {
        version: i16,
    },
    /// Bytes as they are, the length before the frame among them.
    Raw {
        what: &'static str,
        bytes: Vec<u8>,
    },
    /// A request with bytes behind it that do not belong to it.
    Longer(Box<Question>, &'static [u8]),
}

#[derive(Clone, Debug)]
pub(crate) struct Produce {
    pub(crate) version: i16,
    pub(crate) acks: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) transactional_id: Option<&'static str>,
    /// Topic, partition, and the batches in its records field.
    pub(crate) parts: Vec<(&'static str, i32, Vec<Batch>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct InitProducerId {
    pub(crate) version: i16,
    /// What later batches call this producer.
    pub(crate) label: &'static str,
    pub(crate) transactional_id: Option<&'static str>,
    /// Label and epoch that the producer says it has (KIP-360).
    pub(crate) had: Option<(&'static str, i16)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) version: i16,
    /// `None`: all topics.
    pub(crate) topics: Option<Vec<TopicRef>>,
    pub(crate) create: bool,
    pub(crate) operations: bool,
}

/// How a topic is named.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TopicRef {
    /// A label, for the name of a topic of this scenario.
    Name(&'static str),
    /// A label, for the id of a topic of this scenario; one that does not exist for the label of none.
    Id(&'static str),
    /// A name as it is.
    Verbatim(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct ListOffsets {
    pub(crate) version: i16,
    pub(crate) topic: &'static str,
    /// Partition, leader epoch, timestamp.
    pub(crate) parts: Vec<(i32, i32, When)>,
}

/// What ListOffsets looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// A negative number with a meaning of its own.
    Special(i64),
    /// Milliseconds from the beginning of the test.
    At(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) version: i16,
    pub(crate) topic: &'static str,
    pub(crate) partition: i32,
    pub(crate) epoch: i32,
    pub(crate) offset: i64,
    pub(crate) max_bytes: i32,
    pub(crate) partition_max_bytes: i32,
    pub(crate) min_bytes: i32,
    pub(crate) max_wait_ms: i32,
    pub(crate) isolation_level: i8,
    /// Id and epoch.
    pub(crate) session: (i32, i32),
}

#[derive(Clone, Debug)]
pub(crate) struct CreateTopics {
    pub(crate) version: i16,
    pub(crate) topics: Vec<NewTopic>,
    pub(crate) validate_only: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NewTopic {
    pub(crate) name: Option<&'static str>,
    /// In place of the label.
    pub(crate) verbatim: Option<&'static str>,
    pub(crate) partitions: i32,
    pub(crate) replicas: i16,
    pub(crate) assignments: Vec<(i32, Vec<i32>)>,
    pub(crate) configs: Vec<(&'static str, Option<&'static str>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct DeleteTopics {
    pub(crate) version: i16,
    pub(crate) topics: Vec<TopicRef>,
}

#[derive(Clone, Debug)]
pub(crate) struct CreatePartitions {
    pub(crate) topic: &'static str,
    pub(crate) count: i32,
    /// The nodes of each new partition; empty: the cluster chooses.
    pub(crate) assignments: Vec<Vec<i32>>,
    pub(crate) validate_only: bool,
}

/// DescribeConfigs of a topic, without synonyms.
#[derive(Clone, Debug)]
pub(crate) struct DescribeConfigs {
    pub(crate) version: i16,
    pub(crate) topic: &'static str,
    pub(crate) keys: Vec<&'static str>,
}

/// IncrementalAlterConfigs of a topic.
#[derive(Clone, Debug)]
pub(crate) struct AlterConfigs {
    pub(crate) topic: &'static str,
    /// Name, operation, value.
    pub(crate) changes: Vec<(&'static str, i8, Option<&'static str>)>,
    pub(crate) validate_only: bool,
}

/// What a cluster has told in this scenario so far, and what time the test began.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) scenario: &'static str,
    /// Milliseconds since the epoch.
    pub(crate) began: i64,
    pub(crate) producers: BTreeMap<&'static str, i64>,
    /// Every id that a label's topic has had, the newest last.
    pub(crate) topic_ids: BTreeMap<String, Vec<Uuid>>,
    /// Port and node.
    pub(crate) ports: BTreeMap<u16, i32>,
}

impl Known {
    /// A time that is so many milliseconds from the beginning of the test.
    pub(crate) fn absolute(&self, at: i64) -> i64 {
        self.began + at
    }

    /// The id of a producer.
    ///
    /// # Panics
    /// When no step has asked for it.
    pub(crate) fn producer(&self, label: &str) -> i64 {
        *self
            .producers
            .get(label)
            .unwrap_or_else(|| panic!("{}: no step asks for producer {label}", self.scenario))
    }

    /// The name of a label's topic.
    pub(crate) fn name(&self, label: &str) -> String {
        format!("{}-{label}", self.scenario)
    }

    /// The name of the topic with that id; empty when it is not known.
    pub(crate) fn name_of(&self, id: Uuid) -> String {
        let found = self.topic_ids.iter().find(|(_, ids)| ids.contains(&id));
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// The newest id of a label's topic.
    pub(crate) fn id(&self, label: &str) -> Uuid {
        let ids = self.topic_ids.get(&self.name(label));
        ids.and_then(|ids| ids.last()).copied().unwrap_or(Uuid([7; 16]))
    }
}

/// A scenario with the topic [`TOPIC`].
pub(crate) fn scenario(name: &'static str, what: &'static str, steps: Vec<Step>) -> Scenario {
    Scenario {
        name,
        what,
        topics: vec![topic(TOPIC)],
        steps,
        differs: None,
    }
}

impl Scenario {
    /// The steps between the curtains.
    pub(crate) fn acts(&self) -> impl Iterator<Item = &[Step]> {
        self.steps.split(|step| matches!(step, Step::Curtain))
    }

    /// With these topics instead.
    pub(crate) fn topics(mut self, topics: Vec<TopicSpec>) -> Self {
        self.topics = topics;
        self
    }

    /// With a configuration of the topic [`TOPIC`].
    pub(crate) fn config(mut self, name: &'static str, value: &'static str) -> Self {
        self.topics[0].configs.push((name, value));
        self
    }

    /// The clusters cannot agree, and why.
    pub(crate) fn differs(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }
}

/// A topic with one partition, on node 1.
pub(crate) fn topic(label: &'static str) -> TopicSpec {
    TopicSpec {
        label,
        replicas: vec![vec![1]],
        configs: Vec::new(),
    }
}

impl TopicSpec {
    /// With partitions on these nodes, each time the leader first.
    pub(crate) fn on(mut self, replicas: &[&[i32]]) -> Self {
        self.replicas = replicas.iter().map(|nodes| nodes.to_vec()).collect();
        self
    }

    pub(crate) fn config(mut self, name: &'static str, value: &'static str) -> Self {
        self.configs.push((name, value));
        self
    }
}

/// Node 1 is asked.
pub(crate) fn ask(question: impl Into<Question>) -> Step {
    Step::Ask(1, question.into())
}

/// Another node is asked.
pub(crate) fn ask_node(node: i32, question: impl Into<Question>) -> Step {
    Step::Ask(node, question.into())
}

/// Asks for a producer id, with the newest version.
pub(crate) fn init(label: &'static str) -> Step {
    ask(InitProducerId {
        version: 5,
        label,
        transactional_id: None,
        had: None,
    })
}

/// One batch for partition 0 of [`TOPIC`], acks=all.
pub(crate) fn send(batch: Batch) -> Step {
    ask(produce(batch))
}

/// The request of [`send`], to be changed.
pub(crate) fn produce(batch: Batch) -> Produce {
    produce_to(TOPIC, 0, batch)
}

/// One batch for a partition, acks=all.
pub(crate) fn produce_to(topic: &'static str, partition: i32, batch: Batch) -> Produce {
    Produce {
        version: 12,
        acks: -1,
        timeout_ms: 10_000,
        transactional_id: None,
        parts: vec![(topic, partition, vec![batch])],
    }
}

impl Produce {
    pub(crate) fn version(mut self, version: i16) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn acks(mut self, acks: i16) -> Self {
        self.acks = acks;
        self
    }

    /// Another partition in the same request.
    pub(crate) fn and(mut self, topic: &'static str, partition: i32, batch: Batch) -> Self {
        self.parts.push((topic, partition, vec![batch]));
        self
    }

    /// Other batches for the last partition.
    pub(crate) fn batches(mut self, batches: Vec<Batch>) -> Self {
        self.parts.last_mut().expect("there is one from the beginning").2 = batches;
        self
    }
}

/// Metadata of one topic, with the newest version.
pub(crate) fn metadata(topic: TopicRef) -> Metadata {
    Metadata {
        version: 13,
        topics: Some(vec![topic]),
        create: false,
        operations: false,
    }
}

/// ListOffsets of partition 0 of [`TOPIC`], once for each time.
pub(crate) fn offsets(times: &[When]) -> ListOffsets {
    ListOffsets {
        version: 11,
        topic: TOPIC,
        parts: times.iter().map(|when| (0, -1, *when)).collect(),
    }
}

/// Fetch of partition 0 of [`TOPIC`] from an offset, by name, with room for everything and without waiting.
pub(crate) fn fetch(offset: i64) -> Fetch {
    Fetch {
        version: 12,
        topic: TOPIC,
        partition: 0,
        epoch: -1,
        offset,
        max_bytes: 10_000_000,
        partition_max_bytes: 10_000_000,
        min_bytes: 0,
        max_wait_ms: 0,
        isolation_level: 0,
        session: (0, -1),
    }
}

macro_rules! questions {
    ($($name:ident)*) => { $(
        impl From<$name> for Question {
            fn from(question: $name) -> Self {
                Self::$name(question)
            }
        }
    )* };
}

questions! {
    Produce InitProducerId Metadata ListOffsets Fetch CreateTopics DeleteTopics
    CreatePartitions DescribeConfigs AlterConfigs
}
