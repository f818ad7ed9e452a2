//! `ottla demo`: what is printed is served, and the bridge in it leads to the cluster in it.

use std::process::Command;
use std::time::Duration;

use ottla_tests::process::Process;
use ottla_tests::run::Run;
use ottla_tests::{http, kcat, node, places};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// A page that shows nothing, for what is not about the page.
fn empty_page() -> std::path::PathBuf {
    let dir = places::run_dir("page");
    std::fs::write(dir.join("index.html"), "<head></head>").unwrap();
    dir
}

#[test]
fn the_page_loads_and_names_a_bridge_that_leads_to_the_cluster() {
    let ottla = places::program("ottla");
    let log = places::run_dir("demo").join("log");
    let mut command = Command::new(&ottla);
    command
        .args(["demo", "--port", "0", "--no-open", "--topic", "seen", "--page"])
        .arg(places::page());
    let mut demo = Process::start("ottla demo", &mut command, &log, None);
    let origin = demo
        .wait_for_line("http://", LIMIT)
        .trim_end_matches('/')
        .to_owned();
    let cluster = demo.wait_for_line("cluster ", LIMIT);
    let bootstrap = cluster.split_whitespace().nth(1).unwrap();
    let page = http::get(origin.trim_start_matches("http://").parse().unwrap(), "/", &[]).unwrap();
    let html = page.text();
    let bridge = html
        .split("name=\"ottla-bridge\" content=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let send = |origin: &str| {
        let args = [
            "console-producer",
            "--topic",
            "seen",
            "--bootstrap-server",
            bridge,
            "--origin",
            origin,
        ];
        Run::new(&ottla)
            .args(args)
            .args(["--command-property", "max.block.ms=5000"])
            .input("hello\n")
            .finish()
    };
    let sent = send(&origin);
    assert_eq!(sent.code, Some(0), "{sent}");
    assert_ne!(
        send("http://127.0.0.1:1").code,
        Some(0),
        "the bridge is for this page alone"
    );
    let read: String = (0..3)
        .map(|partition| kcat::consume(bootstrap, "seen", partition, &[]).text())
        .collect();
    assert_eq!(read, "hello\n");
    let shown = node::script("page_demo.mjs").args([&origin]).ok();
    let shown: Value = serde_json::from_str(&shown.text()).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(shown["wasm"]["status"], 200, "{shown}");
    assert_eq!(shown["wasm"]["type"], "application/wasm", "{shown}");
    assert!(
        shown["inks"].as_u64() > Some(1),
        "the first frame is painted: {shown}"
    );
    assert_eq!(shown["bridge"], bridge, "{shown}");
    assert_eq!(shown["topic"], "orders", "{shown}");
    assert_eq!(shown["brokers"], serde_json::json!([1, 2, 3]), "{shown}");
    demo.interrupt();
    assert!(demo.wait(LIMIT).success());
}

#[test]
fn what_cannot_work_is_refused_with_what_to_do() {
    let page = empty_page();
    let page = page.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["--page", "nowhere"], 2, "cargo xtask demo"),
        (&["--page", page, "--topic", "a b"], 2, "a b"),
        (&["--page", page, "--kafka", "localhost"], 2, "localhost"),
        (
            &["--page", page, "--kafka", "127.0.0.1:1"],
            3,
            "no broker at 127.0.0.1:1",
        ),
    ];
    for (args, code, word) in cases {
        let run = Run::new(places::program("ottla"))
            .args(["demo", "--port", "0", "--no-open"])
            .args(args)
            .finish();
        assert_eq!(run.code, Some(code), "{run}");
        assert!(run.errors().contains(word), "{run}");
    }
}
