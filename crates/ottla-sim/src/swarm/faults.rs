//! What goes wrong in a random world, and what administrators do meanwhile.

use std::sync::Arc;

use ottla_broker::{ErrorCode, Micros, NewTopic, NodeId};

use super::{ACTION, MS, Plan, TOPIC, pick};
use crate::{Command, Rng};

/// Answers that a broker may give to a Produce request at any time.
const ERRORS: [ErrorCode; 16] = [
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::FENCED_LEADER_EPOCH,
    ErrorCode::KAFKA_STORAGE_ERROR,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::UNKNOWN_TOPIC_ID,
    ErrorCode::CORRUPT_MESSAGE,
    ErrorCode::THROTTLING_QUOTA_EXCEEDED,
    ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ErrorCode::INVALID_RECORD,
    ErrorCode::UNKNOWN_SERVER_ERROR,
    ErrorCode::MESSAGE_TOO_LARGE,
    ErrorCode::REQUEST_TIMED_OUT,
];

/// Answers about sequences: what the producer does then is not harmless when they are untrue, so worlds with them are few.
const ABOUT_SEQUENCES: [ErrorCode; 4] = [
    ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
    ErrorCode::UNKNOWN_PRODUCER_ID,
    ErrorCode::INVALID_PRODUCER_EPOCH,
    ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
];

/// The answers that are given after an append.
const AFTER_APPEND: [ErrorCode; 2] = [
    ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode::REQUEST_TIMED_OUT,
];

/// A fault and what ends it.
type Fault = (Command, Option<Command>);

/// One kind of fault, drawn for a broker.
type Kind = fn(&mut Rng, &World) -> Fault;

/// What a fault is drawn for.
struct World {
    node: NodeId,
    extra: Micros,
    partition: i32,
    replicas: i16,
    delicate: bool,
}

/// Of what a world chooses some. Killing comes twice.
const MENU: [Kind; 18] = [
    |_, world| (Command::Kill(world.node), Some(Command::Restart(world.node))),
    |_, world| (Command::Kill(world.node), Some(Command::Restart(world.node))),
    |_, world| (Command::Stop(world.node), Some(Command::Restart(world.node))),
    |_, world| (Command::Pause(world.node), Some(Command::Resume(world.node))),
    |_, world| (Command::Freeze(world.node), Some(Command::Thaw(world.node))),
    |_, world| (Command::Cut(world.node), None),
    |_, world| (Command::CutBeforeAppend(world.node), None),
    |_, world| (Command::CutAfterAppend(world.node), None),
    |_, world| lasting(world, |node, extra| Command::Delay { node, extra }),
    |_, world| lasting(world, |node, extra| Command::SlowFollower { node, extra }),
    |_, world| lasting(world, |node, extra| Command::SlowController { node, extra }),
    |rng, world| (error_answer(rng, world), None),
    |rng, world| (answer(rng, world, &AFTER_APPEND, true), None),
    |_, _| (Command::ElectPreferred, None),
    |_, _| (Command::Suspended, Some(Command::Resumed)),
    reconfigured,
    throttled,
    clock_jump,
];

pub(super) fn faults(rng: &mut Rng, plan: &Plan, script: &mut Vec<(Micros, Command)>) {
    let menu: Vec<Kind> = MENU.into_iter().filter(|_| rng.chance(1, 4)).collect();
    let delicate = rng.chance(1, 10);
    if !menu.is_empty() {
        for _ in 0..rng.between(1, 6) {
            let world = World {
                node: rng.between(1, plan.brokers.into()) as NodeId,
                extra: rng.between(1, 400) * MS,
                partition: rng.below(plan.partitions.unsigned_abs().into()) as i32,
                replicas: plan.replicas,
                delicate,
            };
            let from = rng.below(ACTION / 2);
            let until = from + rng.below(ACTION / 2);
            let (begin, end) = pick(rng, &menu)(rng, &world);
            script.push((from, begin));
            script.extend(end.map(|end| (until, end)));
        }
    }
    if rng.chance(1, 12) {
        let partitions = plan.partitions + rng.between(1, 3) as i32;
        let topic = TOPIC.to_owned();
        script.push((rng.below(ACTION / 2), Command::GrowTopic { topic, partitions }));
    }
    if rng.chance(1, 20) {
        delete(rng, plan, script);
    }
}

fn lasting(world: &World, command: fn(NodeId, Micros) -> Command) -> Fault {
    (command(world.node, world.extra), Some(command(world.node, 0)))
}

fn error_answer(rng: &mut Rng, world: &World) -> Command {
    if world.delicate {
        answer(rng, world, &ABOUT_SEQUENCES, false)
    } else {
        answer(rng, world, &ERRORS, false)
    }
}

fn answer(rng: &mut Rng, world: &World, errors: &[ErrorCode], append: bool) -> Command {
    let one = rng.chance(1, 2);
    Command::Answer {
        node: world.node,
        error: pick(rng, errors),
        append,
        partition: one.then(|| (Arc::from(TOPIC), world.partition)),
    }
}

fn reconfigured(rng: &mut Rng, world: &World) -> Fault {
    let set = |name: &str, value: String| Command::SetConfig {
        topic: Some(TOPIC.to_owned()),
        name: name.to_owned(),
        value,
    };
    match rng.below(3) {
        0 => {
            let wanted = rng.between(1, world.replicas.unsigned_abs().into());
            let set = |value: u64| set("min.insync.replicas", value.to_string());
            (set(wanted), Some(set(1)))
        }
        1 => {
            let set = |value: u64| set("max.message.bytes", value.to_string());
            (set(rng.between(150, 900)), Some(set(1 << 20)))
        }
        _ => (set("message.timestamp.type", "LogAppendTime".to_owned()), None),
    }
}

fn throttled(rng: &mut Rng, _: &World) -> Fault {
    let quota = |value: u64| Command::SetConfig {
        topic: None,
        name: "producer_byte_rate".to_owned(),
        value: value.to_string(),
    };
    (quota(rng.between(50, 2_000)), Some(quota(1 << 30)))
}

fn clock_jump(rng: &mut Rng, world: &World) -> Fault {
    let hours = rng.between(1, 72) as i64;
    let by_ms = pick(rng, &[-3_600_000, -1_000, 1_000, 3_600_000]) * hours;
    let node = rng.chance(2, 3).then_some(world.node);
    let back = Command::ClockJump { node, by_ms: -by_ms };
    (
        Command::ClockJump { node, by_ms },
        rng.chance(1, 2).then_some(back),
    )
}

/// The topic is deleted, and mostly created again.
fn delete(rng: &mut Rng, plan: &Plan, script: &mut Vec<(Micros, Command)>) {
    let at = rng.below(ACTION / 2);
    script.push((at, Command::DeleteTopic(TOPIC.to_owned())));
    if rng.chance(3, 4) {
        let again = NewTopic {
            name: TOPIC.to_owned(),
            partitions: rng.between(1, plan.partitions.unsigned_abs().into()) as i32,
            replication_factor: 1,
            ..NewTopic::default()
        };
        script.push((at + rng.below(500 * MS), Command::CreateTopic(again)));
    }
}
