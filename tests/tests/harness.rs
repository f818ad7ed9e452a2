//! The harness itself, with Node, Chromium and workerd.

use ottla_tests::workerd::Workerd;
use ottla_tests::{node, places};

#[test]
fn node_drives_chromium_and_hears_its_errors() {
    let finished = node::script("hello.mjs").ok();
    assert_eq!(finished.text(), "{\"browser\":\"ok\"}\n");
}

#[test]
fn workerd_serves_a_module() {
    const CONFIG: &str = r#"
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", http = (), service = "main")]);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01");
"#;
    let dir = places::run_dir("workerd-hello");
    std::fs::write(dir.join("config.capnp"), CONFIG).unwrap();
    let worker = "export default { fetch: request => new Response(new URL(request.url).pathname) }";
    std::fs::write(dir.join("worker.js"), worker).unwrap();
    let workerd = Workerd::start(&dir.join("config.capnp"));
    let answer = workerd.get("/hello");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "/hello"),
        "{}",
        workerd.log()
    );
}
