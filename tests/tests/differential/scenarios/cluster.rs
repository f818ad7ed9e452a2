//! Brokers that die and come back. One is killed, and comes back, for all of them: in the first act they write, in the
//! second one it is dead, in the third it is back. The first one here is the first to be played in each act.

use ottla_wire::error_code::ErrorCode;

use super::super::batch::batch;
use super::super::script::{
    Fetch, ListOffsets, Produce, Scenario, Step, TOPIC, When, ask, ask_node, fetch, init, offsets, produce,
    produce_to, scenario, send, topic,
};

pub(crate) fn all() -> Vec<Scenario> {
    let until = |node, code, question: Produce| Step::Until(node, question.into(), code);
    vec![
        scenario(
            "too-few-in-sync",
            "a follower dies under min.insync.replicas=2: acks=all times out, and later is refused; acks=1 is taken and not shown to readers",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                Step::Curtain,
                Step::Strike(3),
                ask(Produce {
                    timeout_ms: 100,
                    ..produce(batch(1).by("p", 2))
                }),
                Step::Kill(3),
                // A damaged batch appends nothing while the leader does not know yet.
                until(1, ErrorCode::NOT_ENOUGH_REPLICAS, produce(batch(1).damaged())),
                ask(produce(batch(1).by("p", 2))),
                ask(produce(batch(1).by("p", 2)).acks(1)),
                ask(produce(batch(1).by("p", 3)).acks(1)),
                ask(produce(batch(1).by("p", 2))),
                ask(fetch(0)),
                ask(offsets(&[When::Special(-1)])),
                Step::Curtain,
                Step::Restart(3),
                until(1, ErrorCode::NONE, produce(batch(1).by("p", 2))),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[1, 3]]).config("min.insync.replicas", "2")]),
        scenario(
            "leader-dies",
            "the next leader knows the producer's batches, and the old leader's epoch is fenced",
            vec![
                init("p"),
                ask_node(3, produce(batch(2).by("p", 0))),
                ask_node(3, produce(batch(2).by("p", 2))),
                Step::Curtain,
                Step::Kill(3),
                until(1, ErrorCode::NONE, produce(batch(2).by("p", 0))),
                ask(produce(batch(2).by("p", 2))),
                ask(produce(batch(1).by("p", 9))),
                ask(produce(batch(1).by("p", 4))),
                ask(Fetch { epoch: 0, ..fetch(0) }),
                ask(ListOffsets { parts: vec![(0, 0, When::Special(-1))], ..offsets(&[]) }),
                ask_node(2, produce(batch(1))),
                Step::Curtain,
                Step::Restart(3),
                ask_node(3, produce(batch(1).by("p", 5))),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[3, 1]])]),
        scenario(
            "restarted-leader-remembers",
            "a killed broker finds each producer's last batch in its log again, and only that",
            vec![
                init("p"),
                ask_node(3, produce(batch(2).by("p", 0))),
                ask_node(3, produce(batch(2).by("p", 2))),
                Step::Curtain,
                Step::Kill(3),
                ask(produce_to(TOPIC, 0, batch(2).by("p", 4))),
                Step::Curtain,
                Step::Restart(3),
                until(3, ErrorCode::NONE, produce(batch(2).by("p", 2))),
                ask_node(3, produce(batch(2).by("p", 0))),
                ask_node(3, produce(batch(2).by("p", 6))),
                ask_node(3, produce(batch(2).by("p", 4))),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[3]])]),
    ]
}
