//! Plays scenarios on one cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_tests::wait::{poll_for, wait_for};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::metadata::{MetadataResponse, MetadataResponsePartition};

use super::ask::{error_codes, has_code, learn, read_metadata};
use super::cluster::Cluster;
use super::connection::{Connection, NoAnswer};
use super::fields::Field;
use super::script::{
    CreateTopics, Fetch, InitProducerId, Known, ListOffsets, Metadata, NewTopic, Question, Scenario, Step,
    TopicSpec, fetch, metadata, offsets,
};
use super::script::{TopicRef, When};

const LIMIT: Duration = Duration::from_secs(60);

/// How long a node is asked again for another answer; then the last one counts.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one cluster did in one step.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) title: String,
    /// The gist of it, for the page.
    pub(crate) gist: String,
    pub(crate) fields: Vec<Field>,
}

/// Plays on one cluster.
pub(crate) struct Player<'a> {
    cluster: &'a mut dyn Cluster,
    began: i64,
    ports: BTreeMap<u16, i32>,
    dead: BTreeSet<i32>,
}

/// One scenario being played.
struct Game<'a, 'b> {
    player: &'a mut Player<'b>,
    scenario: &'a Scenario,
    state: State,
}

/// How far a scenario has come.
struct State {
    known: Known,
    connections: BTreeMap<i32, Connection>,
    correlation: i32,
    played: Vec<Played>,
}

impl<'a> Player<'a> {
    /// `began` is in milliseconds since the epoch.
    pub(crate) fn new(cluster: &'a mut dyn Cluster, began: i64) -> Self {
        let ports = (1..)
            .zip(cluster.addresses())
            .map(|(node, address)| (address.port(), node))
            .collect();
        Self {
            cluster,
            began,
            ports,
            dead: BTreeSet::new(),
        }
    }

    /// Makes the topics of all scenarios and plays the scenarios: the first act of each, one after the other, then the
    /// second of those that have one, and so on.
    pub(crate) fn play_all(&mut self, scenarios: &[Scenario]) -> Vec<Vec<Played>> {
        if let Some(first) = scenarios.first() {
            self.game(first, self.begin(first)).await_producer_ids();
        }
        let mut states: Vec<State> = scenarios.iter().map(|scenario| self.begin(scenario)).collect();
        let acts = scenarios.iter().map(|scenario| scenario.acts().count());
        let last = acts.max().unwrap_or(0);
        let each = |player: &mut Self, states: Vec<State>, play: &dyn Fn(&mut Game<'_, 'a>)| -> Vec<State> {
            let played = scenarios.iter().zip(states).map(|(scenario, state)| {
                let mut game = player.game(scenario, state);
                play(&mut game);
                game.state
            });
            played.collect()
        };
        states = each(self, states, &|game| game.create_topics());
        states = each(self, states, &|game| game.await_topics(&[1, 2, 3]));
        for act in 0..last {
            states = each(self, states, &|game| game.play(act));
        }
        states.into_iter().map(|state| state.played).collect()
    }

    fn begin(&self, scenario: &Scenario) -> State {
        State {
            known: Known {
                scenario: scenario.name,
                began: self.began,
                producers: BTreeMap::new(),
                topic_ids: BTreeMap::new(),
                ports: self.ports.clone(),
            },
            connections: BTreeMap::new(),
            correlation: 0,
            played: Vec::new(),
        }
    }

    fn game<'s>(&'s mut self, scenario: &'s Scenario, state: State) -> Game<'s, 'a> {
        Game {
            player: self,
            scenario,
            state,
        }
    }
}

impl Game<'_, '_> {
    /// Plays one act, if the scenario has so many; reads the logs after the last one.
    fn play(&mut self, act: usize) {
        let scenario = self.scenario;
        let Some(steps) = scenario.acts().nth(act) else {
            return;
        };
        for step in steps {
            self.step(step);
        }
        if act + 1 == scenario.acts().count() {
            self.read_back();
        }
        // Whoever kills brokers in between leaves no open ends.
        self.state.connections.clear();
    }

    fn create_topics(&mut self) {
        let topic = |spec: &TopicSpec| NewTopic {
            name: Some(spec.label),
            partitions: -1,
            replicas: -1,
            assignments: (0..).zip(spec.replicas.iter().cloned()).collect(),
            configs: spec
                .configs
                .iter()
                .map(|&(name, value)| (name, Some(value)))
                .collect(),
            ..NewTopic::default()
        };
        let topics: Vec<NewTopic> = self.scenario.topics.iter().map(topic).collect();
        if topics.is_empty() {
            return;
        }
        let request = CreateTopics {
            version: 7,
            topics,
            validate_only: false,
        };
        let answer = self.exchange(1, &request.into());
        let codes = error_codes(&answer);
        assert!(
            codes.iter().all(|code| *code == "NONE"),
            "topics of {}: {answer:?}",
            self.scenario.name
        );
    }

    /// Waits until node 1 has producer ids to give out; Kafka asks its controller for them when it is first asked.
    fn await_producer_ids(&mut self) {
        let question = InitProducerId {
            version: 5,
            label: "first",
            transactional_id: None,
            had: None,
        };
        self.step(&Step::Until(1, question.into(), ErrorCode::NONE));
    }

    /// Waits until these nodes know the scenario's topics, with leaders and complete in-sync replicas.
    fn await_topics(&mut self, nodes: &[i32]) {
        for &node in nodes {
            self.await_partitions(node, |part| {
                part.leader_id >= 0 && part.isr_nodes.len() == part.replica_nodes.len()
            });
        }
    }

    fn await_partitions(&mut self, node: i32, good: impl Fn(&MetadataResponsePartition) -> bool) {
        let what = format!("topics of {} on node {node}", self.scenario.name);
        wait_for(&what, LIMIT, || {
            let answer = self.describe(node);
            let known = answer.topics.iter().all(|topic| topic.error_code.is_ok());
            let complete = answer
                .topics
                .iter()
                .flat_map(|topic| &topic.partitions)
                .all(&good);
            (known && complete).then_some(())
        });
    }

    /// What a node says of the scenario's topics.
    fn describe(&mut self, node: i32) -> MetadataResponse {
        let topics = self
            .scenario
            .topics
            .iter()
            .map(|spec| TopicRef::Name(spec.label))
            .collect();
        let question = Metadata {
            topics: Some(topics),
            ..metadata(TopicRef::Verbatim(""))
        };
        let version = question.version;
        let frame = question_frame(&question.into(), &mut self.state.correlation, &self.state.known);
        let connection = self.connection(node);
        connection.send(&frame);
        let frame = connection.receive().expect("Metadata is answered");
        let answer = read_metadata(version, &frame);
        for topic in &answer.topics {
            learn(
                &mut self.state.known,
                topic.name.as_deref().unwrap_or_default(),
                topic.topic_id,
            );
        }
        answer
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Ask(node, question) => {
                let answer = self.exchange(*node, question);
                self.note(question.title(), answer);
            }
            Step::Pipeline(node, questions) => {
                let answers = self.exchange_all(*node, questions);
                for (question, answer) in questions.iter().zip(answers) {
                    self.note(question.title(), answer);
                }
            }
            Step::Until(node, question, code) => {
                let mut last = Vec::new();
                poll_for(PATIENCE, || {
                    last = self.exchange(*node, question);
                    has_code(&last, *code).then_some(())
                });
                self.note(format!("{} until {}", question.title(), code.name()), last);
            }
            Step::Strike(node) => self.strike(*node),
            Step::Kill(node) => self.kill(*node),
            Step::Restart(node) => self.restart(*node),
            Step::Curtain => {}
        }
    }

    fn strike(&mut self, node: i32) {
        if self.player.dead.insert(node) {
            self.player.cluster.kill(node);
            self.state.connections.remove(&node);
        }
    }

    fn kill(&mut self, node: i32) {
        self.strike(node);
        for other in (1..=3).filter(|other| *other != node) {
            self.await_partitions(other, |part| {
                part.leader_id != node && (part.isr_nodes == [node] || !part.isr_nodes.contains(&node))
            });
        }
    }

    fn restart(&mut self, node: i32) {
        if self.player.dead.remove(&node) {
            self.player.cluster.restart(node);
            let address = self.player.cluster.addresses()[node as usize - 1];
            let listens = || Connection::try_open(address).ok();
            wait_for("the restarted broker to listen", LIMIT, listens);
        }
        self.await_topics(&[1, 2, 3]);
    }

    fn note(&mut self, title: String, fields: Vec<Field>) {
        let gist = gist(&fields);
        self.state.played.push(Played { title, gist, fields });
    }

    /// What the topics' leaders have at the end.
    fn read_back(&mut self) {
        let topics = self.describe(1).topics;
        for spec in &self.scenario.topics {
            let name = self.state.known.name(spec.label);
            let Some(topic) = topics.iter().find(|topic| topic.name.as_ref() == Some(&name)) else {
                continue;
            };
            for part in &topic.partitions {
                if part.leader_id < 0 {
                    continue;
                }
                let end = |special| ListOffsets {
                    topic: spec.label,
                    parts: vec![(part.partition_index, -1, When::Special(special))],
                    ..offsets(&[])
                };
                let read = Fetch {
                    topic: spec.label,
                    partition: part.partition_index,
                    ..fetch(0)
                };
                for question in [Question::from(end(-2)), end(-1).into(), read.into()] {
                    let answer = self.exchange(part.leader_id, &question);
                    let title = format!(
                        "log of {}-{}, {}",
                        spec.label,
                        part.partition_index,
                        question.title()
                    );
                    self.note(title, answer);
                }
            }
        }
    }

    fn exchange(&mut self, node: i32, question: &Question) -> Vec<Field> {
        self.exchange_all(node, std::slice::from_ref(question)).remove(0)
    }

    fn exchange_all(&mut self, node: i32, questions: &[Question]) -> Vec<Vec<Field>> {
        let mut frames = Vec::new();
        for question in questions {
            frames.extend(question_frame(
                question,
                &mut self.state.correlation,
                &self.state.known,
            ));
        }
        self.connection(node).send(&frames);
        let mut answers = Vec::new();
        for question in questions {
            if !question.has_answer() {
                answers.push(vec![("answer".to_owned(), "none".to_owned())]);
                continue;
            }
            let frame = match self.connection(node).receive() {
                Ok(frame) => frame,
                Err(why) => {
                    self.state.connections.remove(&node);
                    let outcome = match why {
                        NoAnswer::Closed => "closed by the broker",
                        NoAnswer::Silence => "open, without an answer",
                    };
                    let outcome = vec![("connection".to_owned(), outcome.to_owned())];
                    answers.resize(questions.len(), outcome);
                    break;
                }
            };
            answers.push(question.read_answer(&frame, &mut self.state.known));
        }
        answers
    }

    fn connection(&mut self, node: i32) -> &mut Connection {
        let address = self.player.cluster.addresses()[node as usize - 1];
        self.state
            .connections
            .entry(node)
            .or_insert_with(|| Connection::open(address))
    }
}

fn question_frame(question: &Question, correlation: &mut i32, known: &Known) -> Vec<u8> {
    *correlation += 1;
    question.to_frame(*correlation, known)
}

/// The errors of an answer, or else what it brings.
fn gist(fields: &[Field]) -> String {
    if let [(path, value)] = fields
        && !path.contains('.')
    {
        return value.clone();
    }
    let mut words = error_codes(fields);
    words.retain(|code| *code != "NONE");
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    words.dedup();
    let of = |end: &'static str| {
        let found = fields.iter().filter(move |(path, _)| path.ends_with(end));
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| *value != "-1")
    };
    let offsets: Vec<&str> = of("[0].base_offset").chain(of("].offset")).collect();
    if fields.iter().any(|(path, _)| path.starts_with("log[")) {
        if words.is_empty() {
            words.push(format!("{} records", of("].offset").count()));
        }
    } else if !offsets.is_empty() {
        words.push(format!("offset {}", offsets.join(", ")));
    } else if words.is_empty() && fields.iter().any(|(path, _)| path == "producer_id") {
        words.push("a producer id".to_owned());
    }
    if words.is_empty() {
        "NONE".to_owned()
    } else {
        words.join(", ")
    }
}
