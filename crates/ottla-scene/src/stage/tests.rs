//! What the stage shows of a small run, at which place.

use super::*;
use crate::draw::{Approximate, Item, Role};
use crate::testing::Run;

fn state(run: &Run) -> State {
    let mut state = State::default();
    for envelope in &run.events {
        state.fold(envelope);
    }
    state
}

fn view(state: &State, t: u64) -> View<'_> {
    View {
        state,
        t,
        width: 1440.0,
        height: 600.0,
        columns: Columns::Full,
        lang: Lang::En,
        selected: None,
        hover: None,
        lane: None,
        draft: None,
        measure: &Approximate,
    }
}

fn has(picture: &Picture, text: &str) -> bool {
    picture.list.texts().any(|it| it == text)
}

fn places(picture: &Picture, target: Target) -> Vec<Rect> {
    let hits = picture.hits.iter().filter(|hit| hit.target == target);
    hits.map(|hit| hit.rect).collect()
}

#[test]
fn a_request_moves_linearly_with_the_clock_and_nothing_else_moves() {
    let mut run = Run::new();
    run.at(1_000).send(0, 2, 0, 0);
    run.at(6_000).fly(0, 3, 9, 1);
    let state = state(&run);
    let x = |t| places(&stage(&view(&state, t)), Target::Request(3, 9))[0].x;
    let (a, b, c) = (x(6_000), x(7_000), x(8_000));
    assert!(a < b && (b - a - (c - b)).abs() < 0.01, "{a} {b} {c}");
    assert_eq!(
        stage(&view(&state, 7_000)),
        stage(&view(&state, 7_000)),
        "a picture is a function of state and t"
    );
    for lane in [0, 1, 2] {
        let lane = |t| places(&stage(&view(&state, t)), Target::Lane((0, lane)));
        assert_eq!(lane(6_000), lane(8_000));
    }
}

#[test]
fn a_kill_is_red_and_nothing_else_is() {
    let red = |picture: &Picture| {
        picture.list.items().any(|item| {
            matches!(
                item,
                Item::Line(_, Role::Alarm, ..)
                    | Item::Text {
                        role: Role::Alarm,
                        ..
                    }
                    | Item::Frame(_, Role::Alarm, ..)
            )
        })
    };
    let mut run = Run::new();
    run.at(1_000).send(0, 2, 0, 0);
    run.at(6_000).fly(0, 3, 9, 1);
    assert!(!red(&stage(&view(&state(&run), 7_000))));
    let killed = state(&Run::killed());
    let picture = stage(&view(&killed, 1_012_000));
    assert!(red(&picture));
    for text in [
        "killed 4.0 ms ago",
        "connection lost",
        "will be sent again",
        "only on this disk",
    ] {
        assert!(has(&picture, text), "{text}");
    }
    assert!(picture.shown.contains(&CellState::Retry) && picture.shown.contains(&CellState::Dead));
}

#[test]
fn the_chosen_record_lights_up_everywhere() {
    let state = state(&Run::killed());
    let mut view = view(&state, 1_012_000);
    let rings = |picture: &Picture| {
        picture
            .list
            .items()
            .filter(|item| matches!(item, Item::Frame(_, Role::Ink, 2.0, _)))
            .count()
    };
    let before = rings(&stage(&view));
    view.selected = Some(1);
    let picture = stage(&view);
    // In its socket, in its batch, and in the dead leader's log.
    assert_eq!(places(&picture, Target::Record(1)).len(), 3);
    assert_eq!(rings(&picture) - before, 3);
}

#[test]
fn pointing_finds_the_smallest_thing() {
    let state = state(&Run::killed());
    let picture = stage(&view(&state, 1_012_000));
    let cell = places(&picture, Target::Record(0))[0];
    assert_eq!(
        picture.hit(cell.x + 2.0, cell.y + 2.0, 0.0),
        Some(Target::Record(0))
    );
    assert_eq!(
        picture.hit(cell.x - 3.0, cell.y + 2.0, 0.0),
        None,
        "beside it is nothing"
    );
    assert_eq!(
        picture.hit(cell.x - 3.0, cell.y + 2.0, 4.0),
        Some(Target::Record(0)),
        "a finger may miss"
    );
    let pipe = places(&picture, Target::Pipe(1))[0];
    assert_eq!(
        picture.hit(pipe.x + 50.0, pipe.y + 5.0, 4.0),
        Some(Target::Pipe(1))
    );
}

#[test]
fn without_a_view_into_the_brokers_followers_are_hatched() {
    let mut run = Run::new();
    run.at(1_000).send(0, 1, 0, 0);
    run.fly(0, 2, 1, 1);
    run.at(5_000).ack(0, 2, 1, 900);
    run.events.retain(|it| it.source == ottla_trace::Source::Client);
    let state = state(&run);
    let picture = stage(&view(&state, 6_000));
    assert!(picture.shown.contains(&CellState::Hidden));
    assert!(
        picture.anchors.is_empty(),
        "nobody can kill a live broker from here"
    );
    assert!(!picture.watermark);
    assert!(has(&picture, "900\u{2026}"));
    assert_eq!(
        places(&picture, Target::Record(0)).len(),
        2,
        "its socket and the leader's log"
    );
}

#[test]
fn thousands_of_records_stay_few_marks() {
    let mut run = Run::new();
    run.client(ottla_trace::Event::Started {
        client_id: "x".into(),
        epoch_ms: None,
        config: vec![("batch.size".into(), "1048576".into())],
    });
    run.at(1_000);
    for index in 0..20_000 {
        run.send(index % 3, 0, 0, index);
    }
    let state = state(&run);
    let picture = stage(&view(&state, 2_000));
    let marks = picture.list.items().count();
    assert!(marks < 1_500, "{marks}");
    assert!(
        has(&picture, "20\u{202f}000 sends, last 44")
            || picture.list.texts().any(|t| t.contains("20\u{202f}000 sends"))
    );
}

#[test]
fn every_width_and_language_stays_inside_its_stage() {
    let state = state(&Run::killed());
    for (columns, width, height) in [
        (Columns::Full, 1440.0, 600.0),
        (Columns::Full, 1920.0, 800.0),
        (Columns::Side, 1040.0, 600.0),
        (Columns::Side, 820.0, 560.0),
        (Columns::Phone, 390.0, 600.0),
        (Columns::Phone, 320.0, 600.0),
    ] {
        for lang in Lang::ALL {
            let view = View {
                columns,
                width,
                height,
                lang,
                selected: Some(1),
                ..view(&state, 1_012_000)
            };
            for hit in stage(&view).hits {
                let rect = hit.rect;
                assert!(
                    rect.x >= -1.0 && rect.right() <= width + 1.0,
                    "{hit:?} at {width}"
                );
            }
        }
    }
}

#[test]
fn many_partitions_and_brokers_are_counted_when_they_do_not_fit() {
    use ottla_trace::event::PartitionView;
    let mut run = Run::new();
    let partitions = (0..60).map(|partition| PartitionView {
        topic: 0,
        partition,
        leader: partition % 9 + 1,
        leader_epoch: 0,
        isr: vec![1],
        replicas: vec![1, 2, 3],
    });
    run.client(ottla_trace::Event::MetadataUpdated {
        nodes: (1..=9).collect(),
        partitions: partitions.collect(),
    });
    let state = state(&run);
    let view = view(&state, 0);
    let geometry = view.geometry();
    assert_eq!(geometry.lanes.len() + geometry.more_lanes, 60);
    assert_eq!(geometry.bands.len() + geometry.more_bands, 9);
    assert!(geometry.more_bands > 0 && geometry.more_lanes > 0);
    let picture = stage(&view);
    assert!(has(&picture, &Lang::En.more_partitions(geometry.more_lanes)));
}
