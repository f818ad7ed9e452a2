//! The texts of `--help`.

pub(crate) const OVERVIEW: &str = "\
cargo xtask COMMAND [OPTIONS]: everything about this repository, with nothing installed globally

  demo      set up what is missing, build, serve the page with a cluster behind it
  test      set up what is missing, then everything that CI runs
  mutants   deliberate faults in the core, each of which has to be caught by its test
  prove     the long versions of the tests' searches: more seeds, more kills
  bench     every timed figure, other clients beside ours
  dist      the npm tarball, the program ottla, its manual pages and completions
  setup     only the setting up: all, or the parts that are named
  doctor    what is missing on this machine, and the exact command that brings it

`cargo xtask COMMAND --help` says more. Downloads stay in target/ and node_modules.
Exit code: 0 done, 1 something failed or is missing, 2 wrong arguments.";

pub(crate) const DEMO: &str = "\
cargo xtask demo [--kafka BOOTSTRAP] [--topic NAME] [--port N] [--no-open]

Builds the page and the program ottla, starts a simulated cluster on loopback ports, a bridge and the page's
server, prints the address and opens it. Ctrl-C ends all of them.

  --kafka BOOTSTRAP   a real Kafka instead of the simulated cluster, as host:port,host:port
  --topic NAME        what the page may publish to; created if it does not exist (default: ottla-demo)
  --port N            the page's port (default: 7447)
  --no-open           print the address, open nothing

Examples:
  cargo xtask demo
  cargo xtask demo --kafka localhost:9092 --no-open";

pub(crate) const TEST: &str = "\
cargo xtask test [--without-kafka] [--only PART[,PART...]]

Sets up what is missing and runs everything that CI runs. The last line counts the tests that ran.

  --without-kafka     leave out what needs Apache Kafka, and say so; without a Kafka and without this, the run fails
  --only PARTS        some parts: fmt, clippy, doc, deny, types, native, librdkafka, wasm, embedded, sizes, e2e

KAFKA_HOME names an unpacked Kafka 4.3 to use instead of the one that Maven fetches. OTTLA_TEST_BOOTSTRAP names a
running one on loopback, for the tests that kill nothing. With CI=true and as root, missing Debian packages
(chromium, chromium-driver, kcat, g++, make) are installed.

Examples:
  cargo xtask test
  cargo xtask test --only fmt,clippy,native
  cargo xtask test --without-kafka";

pub(crate) const PROVE: &str = "\
cargo xtask prove [TARGET...] [--hours N] [--to N] [--again]
cargo xtask prove fuzz [--minutes N] [--keep]

The same kinds of checks as in `test`, long: more seeds, more kills. Without a target it lists them, what each
proves and how far each is. A target goes on where it was interrupted: what comes next is kept in target/prove. A
failure stops it there, and the same seeds come first the next time.

  --hours N     begin nothing new after so many hours (fractions too), in all targets together
  --to N        where the one target that is named ends (default: 200000 seeds, 12 runs of kills)
  --again       begin at the first seed or run
  --minutes N   for fuzz: so many minutes for each of its targets (default: 10), instead of --to
  --keep        for fuzz: takes the inputs that were found, minimised, into fuzz/corpus, and searches no further

Exit code: 0 everything that ran holds, 1 something does not, 2 wrong arguments.

Examples:
  cargo xtask prove
  cargo xtask prove swarm --hours 8
  cargo xtask prove kills --hours 1";

pub(crate) const MUTANTS: &str = "\
cargo xtask mutants [NAME...]

Builds the core's tests once, with all deliberate faults in them, then selects one fault after the other and runs
the test that is named with it, which has to fail. The last line counts: caught, survived. Without a name all run.
crates/ottla-core/src/mutants.rs lists them. Exit code 1 when one survives.

Examples:
  cargo xtask mutants
  cargo xtask mutants RestampedOnRetry";

pub(crate) const BENCH: &str = "\
cargo xtask bench [TARGET...] [--rounds N]

Every timed figure, in one run, the other clients beside ours. Without a target all of them run; `list` names
them and says what each measures and about how long it takes. Nothing here gates `test`. Exit code 1 when a bar is
missed.

  --rounds N   how often each peer runs; all take turns, and medians are printed (default: 3)

Examples:
  cargo xtask bench list
  cargo xtask bench encode";

pub(crate) const DIST: &str = "\
cargo xtask dist

Builds what is given to others into target/dist: the npm tarball of the package ottla, and the program ottla with its
manual pages and shell completions.

Example:
  cargo xtask dist";

pub(crate) const SETUP: &str = "\
cargo xtask setup [PART...]

Sets up without running anything. Parts: rust, tools, npm, kafka, deny, programs, page, page-release, package,
package-release, ottla.
Without a part: all that `test` needs.

Examples:
  cargo xtask setup
  cargo xtask setup kafka npm";

pub(crate) const DOCTOR: &str = "\
cargo xtask doctor

Says what this machine has, what is missing, and the exact command that brings it (Debian and macOS). Changes
nothing. Exit code 1 when something is missing that `cargo xtask demo` or `cargo xtask test` needs and that xtask
does not bring by itself.

Example:
  cargo xtask doctor";
