//! The example workers in workerd, with the npm package beside them.

use std::path::{Path, PathBuf};

use crate::places;
use crate::workerd::Workerd;

/// Which example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `examples/worker-publisher`: a Durable Object with one producer.
    Publisher,
    /// `examples/worker-per-request`: a producer for every request.
    PerRequest,
}

/// Starts an example; `variable` is `BOOTSTRAP` or `BRIDGE`.
///
/// # Panics
/// When workerd does not start, or nobody built the package.
#[track_caller]
pub fn start(mode: Mode, variable: &str, address: &str, topic: &str) -> Workerd {
    let example = example(match mode {
        Mode::Publisher => "worker-publisher",
        Mode::PerRequest => "worker-per-request",
    });
    start_worker(&example.join("worker.js"), &example, variable, address, topic)
}

/// Starts `tests/workers/options.js`, which is told with each request what to send where, in which mode and with which
/// options, and says which type an error has.
///
/// # Panics
/// As [`start`].
#[track_caller]
pub fn start_with_options() -> Workerd {
    let worker = places::root().join("tests/workers/options.js");
    start_worker(&worker, &example("worker-publisher"), "BOOTSTRAP", "", "")
}

fn example(name: &str) -> PathBuf {
    places::root().join("examples").join(name)
}

/// A worker with the configuration of an example.
#[track_caller]
fn start_worker(worker: &Path, example: &Path, variable: &str, address: &str, topic: &str) -> Workerd {
    let dir = places::run_dir("edge");
    copy(worker, &dir.join("worker.js"));
    copy(&places::npm_package(), &dir.join("ottla"));
    // Bare names are looked up as modules of that name, so `ottla` is one that hands on the entry for workerd.
    write(&dir.join("ottla.js"), "export * from './ottla/src/workerd.js';\n");
    let config = dir.join("config.capnp");
    let wrangler = example.join("wrangler.toml");
    let wrangler =
        std::fs::read_to_string(&wrangler).unwrap_or_else(|error| panic!("{}: {error}", wrangler.display()));
    write(&config, &configuration(&wrangler, &dir, variable, address, topic));
    Workerd::start(&config)
}

/// The value of a key after a heading of the example's own configuration.
fn setting<'a>(wrangler: &'a str, heading: &str, key: &str) -> &'a str {
    let rest = wrangler.split_once(heading).map(|(_, rest)| rest);
    let mut lines = rest.into_iter().flat_map(str::lines);
    let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
    value.unwrap_or_else(|| panic!("no {key} after {heading:?} in wrangler.toml:\n{wrangler}"))
}

fn configuration(wrangler: &str, dir: &Path, variable: &str, address: &str, topic: &str) -> String {
    const OBJECTS: &str = "[[durable_objects.bindings]]";
    let mut modules = String::from("(name = \"worker.js\", esModule = embed \"worker.js\"),\n");
    modules += "    (name = \"ottla\", esModule = embed \"ottla.js\"),\n";
    let mut files = Vec::new();
    list(&dir.join("ottla/src"), &mut files);
    for file in files {
        let name = file
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        // The other entries import what workerd does not have.
        if name != "node.js" && name != "browser.js" {
            modules +=
                &format!("    (name = \"ottla/src/{name}\", esModule = embed \"ottla/src/{name}\"),\n");
        }
    }
    modules += "    (name = \"ottla/wasm/ottla.js\", esModule = embed \"ottla/wasm/ottla.js\"),\n";
    modules += "    (name = \"ottla/wasm/ottla_bg.wasm\", wasm = embed \"ottla/wasm/ottla_bg.wasm\")";
    let mut bindings =
        format!("(name = \"{variable}\", text = \"{address}\"), (name = \"TOPIC\", text = \"{topic}\")");
    let mut objects = String::new();
    if wrangler.contains(OBJECTS) {
        let (name, class) = (
            setting(wrangler, OBJECTS, "name"),
            setting(wrangler, OBJECTS, "class_name"),
        );
        bindings += &format!(", (name = \"{name}\", durableObjectNamespace = \"{class}\")");
        objects = format!(
            "  durableObjectNamespaces = [(className = \"{class}\", uniqueKey = \"clicks\")],\n  \
             durableObjectStorage = (inMemory = void),\n"
        );
    }
    let date = setting(wrangler, "", "compatibility_date");
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  \
           services = [(name = \"main\", worker = .worker),\n    \
             (name = \"internet\", network = (allow = [\"public\", \"private\", \"local\"]))],\n  \
           sockets = [(name = \"http\", address = \"127.0.0.1:0\", http = (), service = \"main\")]);\n\
         const worker :Workerd.Worker = (\n  modules = [\n    {modules}],\n  \
           bindings = [{bindings}],\n{objects}  compatibilityDate = \"{date}\");\n"
    )
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    files.extend(entries.map(|entry| entry.expect("a directory that was just copied").path()));
    files.sort();
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
        let mut files = Vec::new();
        list(from, &mut files);
        for file in files {
            copy(&file, &to.join(file.file_name().expect("a file has a name")));
        }
        return;
    }
    std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
