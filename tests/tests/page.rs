//! The page in Chromium: with the keyboard alone, with a pointer, for a screen reader, and back and forth in time.
//!
//! What a screen reader finds is compared with `tests/js/golden`; `OTTLA_WRITE_GOLDENS=1` writes it anew.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_tests::demo::Demo;
use ottla_tests::{node, places};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(120);

/// What a script tells of the page.
fn told(script: &str) -> Value {
    let demo = Demo::start("orders", None);
    let run = node::script(script).args([demo.url()]).limit(LIMIT).ok();
    serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

#[track_caller]
fn is_golden(name: &str, snapshot: &Value) {
    let file = places::root().join("tests/js/golden").join(name);
    let snapshot = format!("{}\n", snapshot.as_str().expect("a snapshot"));
    if std::env::var_os("OTTLA_WRITE_GOLDENS").is_some() {
        std::fs::write(&file, &snapshot).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    for (n, (is, was)) in snapshot.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, was, "{name}, line {}; all of it:\n{snapshot}", n + 1);
    }
    assert_eq!(snapshot, golden, "{name}");
}

/// A broker as the page tells it.
fn broker(state: &Value, id: i64) -> &Value {
    broker_of(&state["brokers"], id)
}

fn broker_of(brokers: &Value, id: i64) -> &Value {
    let all = brokers.as_array().expect("brokers");
    all.iter().find(|it| it["id"] == id).expect("a broker")
}

#[test]
fn the_keyboard_alone_sends_kills_and_restarts() {
    let told = told("page_keyboard.mjs");
    let sent = &told["sent"];
    assert_eq!(sent["source"], "sandbox");
    assert_eq!(sent["ledger"]["sent"], 1, "{sent}");
    assert_eq!(sent["playing"], false, "less motion: nothing plays by itself");
    // murmur2("lim") % 3, as Kafka's own partitioner computes it.
    assert_eq!(told["partition"], 0);
    assert_eq!(broker(&told["killed"], 3)["dead"], true);
    assert_eq!(told["selected"], 0);
    assert_eq!(broker(&told["restarted"], 3)["dead"], false);
    assert_eq!(told["restarted"]["playing"], false);
    assert_eq!(told["played"]["playing"], true, "the reader asked for it");
    is_golden("first.yml", &told["first"]);
    is_golden("killed.yml", &told["after"]);
}

#[test]
fn a_moment_is_the_same_whichever_way_it_was_reached() {
    let told = told("page_scrub.mjs");
    let ways: Vec<BTreeMap<String, String>> = serde_json::from_value(told).expect("hashes by moment");
    let [forwards, backwards, any] = ways.as_slice() else {
        panic!("{} ways", ways.len());
    };
    let different: std::collections::BTreeSet<_> = forwards.values().collect();
    assert!(different.len() >= 8, "the moments differ: {forwards:?}");
    assert_eq!(forwards, backwards);
    assert_eq!(forwards, any);
}

/// axe has about a hundred rules; so many have something to look at in the poorest moment of the page.
const RULES: u64 = 35;

#[test]
fn axe_finds_nothing() {
    let told = told("page_axe.mjs");
    let found: Vec<&str> = told["found"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let rules = told["rules"].as_object().expect("rules by look and moment");
    assert_eq!(rules.len(), 4 * 6, "four looks, six moments: {told}");
    for (moment, passed) in rules {
        assert!(
            passed.as_u64().is_some_and(|passed| passed >= RULES),
            "axe applied {passed} rules to {moment}"
        );
    }
}

#[test]
fn a_screen_reader_finds_the_same_in_both_languages_and_widths() {
    let told = told("page_aria.mjs");
    let snapshots = told.as_object().expect("snapshots by name");
    assert_eq!(snapshots.len(), 3 * 3, "three looks, three moments");
    for (name, snapshot) in snapshots {
        is_golden(&format!("{name}.yml"), snapshot);
    }
}

#[test]
fn what_is_sent_while_nothing_plays_is_told_and_a_phone_shows_the_whole_ledger() {
    let demo = Demo::start("orders", None);
    let run = node::script("page_paused.mjs")
        .args([demo.url(), "forbidden"])
        .limit(LIMIT)
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    let sandbox = &told["sandbox"];
    for id in 0..4 {
        let waits = format!("Record {id} is on its way.");
        assert_eq!(sandbox["said"][id], serde_json::json!([waits, waits]), "{told}");
    }
    assert_eq!(sandbox["ledger"]["sent"], "4", "{told}");
    let live = &told["live"];
    for (id, words) in ["offset 0", "offset 1", "TOPIC_AUTHORIZATION_FAILED"]
        .iter()
        .enumerate()
    {
        let shown = live["said"][id][0].as_str().unwrap_or_default();
        assert!(shown.contains(words), "{told}");
    }
    let expected = serde_json::json!({
        "sent": "3", "told-ok": "2", "waiting": "0", "failed": "1", "unknown": "0",
        "in-log": null, "lost": null, "duplicate": null, "out-of-order": null,
    });
    assert_eq!(live["ledger"], expected);
}

#[test]
fn a_trap_is_told_once_in_the_readers_language() {
    let told = told("page_end.mjs");
    for (lang, word) in [("en", "reload"), ("ko", "새로 고침")] {
        assert_eq!(
            told[lang]["before"], 0,
            "an error of somebody else is not the page's end"
        );
        let notes = told[lang]["notes"].as_array().expect("a list");
        assert_eq!(notes.len(), 1, "{told}");
        assert!(notes[0].as_str().is_some_and(|it| it.contains(word)), "{told}");
        let title = told[lang]["title"].as_str().unwrap_or_default();
        assert_eq!(title.contains("프로듀서"), lang == "ko", "{told}");
    }
}

#[test]
fn a_pointer_chooses_a_record_on_the_canvas_and_kills_a_broker() {
    let told = told("page_pointer.mjs");
    assert_eq!(told["before"], Value::Null, "nothing is chosen yet");
    for (chosen, id) in told["chosen"].as_array().expect("two").iter().zip([1, 2]) {
        assert_eq!(chosen["selected"], id, "{told}");
        let heading = chosen["heading"].as_str().unwrap_or_default();
        assert!(heading.contains(&format!("Record {id}")), "{heading:?}");
    }
    assert_eq!(
        told["empty"],
        Value::Null,
        "where nothing is painted nothing is chosen"
    );
    for id in 1..=3 {
        assert_eq!(broker_of(&told["killed"], id)["dead"], id == 2, "{told}");
        assert_eq!(broker_of(&told["restarted"], id)["dead"], false, "{told}");
    }
}

#[test]
fn the_link_of_a_failing_seed_shows_its_world() {
    const SEED: u64 = 17;
    let demo = Demo::start("orders", None);
    let run = node::script("page_seed.mjs")
        .args([demo.url(), &SEED.to_string()])
        .limit(LIMIT)
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    let mut world = ottla_sim::Scenario::random(SEED).run().expect("a valid world");
    world.finish(LIMIT);
    let ledger = world.ledger();
    assert!(ledger.sent > 0);
    assert_eq!(
        (&told["ledger"]["sent"], &told["ledger"]["lost"]),
        (&Value::from(ledger.sent), &Value::from(ledger.lost)),
        "{told}"
    );
    assert_eq!(
        told.get("notice"),
        Some(&Value::Null),
        "a whole trace needs no word: {told}"
    );
    assert_eq!(told["said"], "BROKEN_TRACE");
}
