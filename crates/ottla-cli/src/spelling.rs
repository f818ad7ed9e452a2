//! Older spellings of options: renamed ones work with a warning (KIP-1147), removed ones name their successor.

/// What became of the arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    /// The arguments with today's spelling.
    pub args: Vec<String>,
    /// A line for each older spelling.
    pub warnings: Vec<String>,
}

const RENAMED: [(&str, &str, &str); 7] = [
    ("console-producer", "--producer-property", "--command-property"),
    ("console-producer", "--producer.config", "--command-config"),
    ("console-producer", "--property", "--reader-property"),
    ("console-consumer", "--consumer-property", "--command-property"),
    ("console-consumer", "--consumer.config", "--command-config"),
    ("console-consumer", "--property", "--formatter-property"),
    ("verifiable-producer", "--producer.config", "--command-config"),
];

const RENAMED_EVERYWHERE: [(&str, &str); 2] = [
    ("--producer-props", "--command-property"),
    ("--producer.config", "--command-config"),
];

const REMOVED: [(&str, &str); 4] = [
    ("--broker-list", "--bootstrap-server"),
    (
        "--zookeeper",
        "--bootstrap-server (clients never talk to ZooKeeper)",
    ),
    ("--new-consumer", "nothing: it is the only consumer"),
    ("--whitelist", "--topic"),
];

/// Options of Kafka 4.3's tools that ottla does not have: command, option, why not, and the way out.
const NOT_HERE: [(&str, &str, &str, &str); 18] = [
    (
        "console-consumer",
        "--group",
        "it reads partitions and has no consumer groups",
        "say with --partition and --offset where to begin",
    ),
    (
        "producer-perf-test",
        "--transactional-id",
        NO_TRANSACTIONS,
        KAFKA_PERF_TEST,
    ),
    (
        "producer-perf-test",
        "--transaction-duration-ms",
        NO_TRANSACTIONS,
        KAFKA_PERF_TEST,
    ),
    (
        "console-consumer",
        "--include",
        "it reads one topic",
        "start one with --topic for each",
    ),
    (
        "console-consumer",
        "--enable-systest-events",
        "it has no consumer group whose life it could report",
        "leave it out",
    ),
    (
        "topics",
        "--delete-config",
        "Kafka's tool takes it and does nothing since 4.0",
        "use ottla configs --alter --delete-config",
    ),
    ("configs", "--client", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--client-defaults", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--user", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--user-defaults", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--ip", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--ip-defaults", QUOTAS, KAFKA_CONFIGS),
    ("configs", "--group", OTHERS, KAFKA_CONFIGS),
    ("configs", "--client-metrics", OTHERS, KAFKA_CONFIGS),
    ("configs", "--broker-logger", OTHERS, KAFKA_CONFIGS),
    (
        "configs",
        "--bootstrap-controller",
        "it talks to brokers",
        "use --bootstrap-server",
    ),
    (
        "topics",
        "--force",
        "it never asks before it acts",
        "leave it out",
    ),
    (
        "configs",
        "--force",
        "it never asks before it acts",
        "leave it out",
    ),
];

const NO_TRANSACTIONS: &str = "it has no transactions";
const KAFKA_PERF_TEST: &str = "leave it out, or use kafka-producer-perf-test";
const QUOTAS: &str = "it changes no quotas and no credentials";
const OTHERS: &str = "it configures topics and brokers only";
const KAFKA_CONFIGS: &str = "use kafka-configs";

/// Rewrites renamed options, refuses removed ones.
pub(crate) fn modernize(args: impl IntoIterator<Item = String>) -> Result<Spelled, String> {
    let mut spelled = Spelled {
        args: Vec::new(),
        warnings: Vec::new(),
    };
    let mut command = String::new();
    for (index, arg) in args.into_iter().enumerate() {
        if index == 1 {
            command.clone_from(&arg);
        }
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (arg.as_str(), None),
        };
        if let Some((_, successor)) = REMOVED.iter().find(|(old, _)| *old == name) {
            return Err(format!("{name} does not exist any more; use {successor}"));
        }
        let absent = NOT_HERE.iter().find(|(of, it, ..)| *of == command && *it == name);
        if let Some((of, _, why, way_out)) = absent {
            return Err(format!("{of} {name}: not in ottla, because {why}; {way_out}"));
        }
        let today = RENAMED
            .iter()
            .find(|(of, old, _)| *of == command && *old == name)
            .map(|(_, _, new)| *new)
            .or_else(|| {
                RENAMED_EVERYWHERE
                    .iter()
                    .find(|(old, _)| *old == name)
                    .map(|(_, new)| *new)
            });
        match today {
            None => spelled.args.push(arg),
            Some(new) => {
                spelled
                    .warnings
                    .push(format!("{name} is deprecated (KIP-1147); use {new}"));
                spelled.args.push(match value {
                    Some(value) => format!("{new}={value}"),
                    None => new.to_owned(),
                });
            }
        }
    }
    Ok(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Spelled, String> {
        modernize(args.iter().map(|a| (*a).to_owned()))
    }

    #[test]
    fn renamed_options_work_and_say_so() {
        let spelled = run(&[
            "ottla",
            "console-producer",
            "--property",
            "parse.key=true",
            "--producer.config=x",
        ])
        .expect("only renamed ones");
        assert_eq!(
            spelled.args,
            [
                "ottla",
                "console-producer",
                "--reader-property",
                "parse.key=true",
                "--command-config=x"
            ]
        );
        assert_eq!(spelled.warnings.len(), 2);
        assert!(spelled.warnings[0].contains("--reader-property"));
    }

    #[test]
    fn removed_options_name_their_successor() {
        let error = run(&["ottla", "console-producer", "--broker-list", "b:1"]).expect_err("removed");
        assert!(error.contains("--bootstrap-server"), "{error}");
    }

    #[test]
    fn what_kafkas_tools_have_and_ottla_has_not_is_refused_with_a_reason() {
        let error = run(&["ottla", "topics", "--alter", "--delete-config", "x"]).expect_err("not here");
        assert!(error.contains("ottla configs --alter --delete-config"), "{error}");
        let error = run(&["ottla", "console-consumer", "--include=a.*"]).expect_err("not here");
        assert!(
            error.starts_with("console-consumer --include: not in ottla"),
            "{error}"
        );
        let error = run(&["ottla", "console-consumer", "--group", "g"]).expect_err("not here");
        assert!(
            error.contains("no consumer groups; say with --partition"),
            "{error}"
        );
        let error = run(&["ottla", "configs", "--describe", "--group", "g"]).expect_err("not here");
        assert!(error.contains("use kafka-configs"), "{error}");
        let error = run(&["ottla", "producer-perf-test", "--transactional-id", "t"]).expect_err("not here");
        assert!(error.contains("no transactions; leave it out"), "{error}");
    }

    #[test]
    fn a_value_that_looks_like_an_option_name_of_another_command_is_left_alone() {
        let args = ["ottla", "topics", "--property", "x"];
        assert_eq!(run(&args).expect("untouched").args, args);
    }
}
