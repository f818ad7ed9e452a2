//! What is left out is refused by name, with a reason (behaviour 55 and the transactional halves of others).

use ottla_core::Config;

fn refusal(name: &str, value: &str) -> String {
    let errors = Config::parse([("bootstrap.servers", "a:1"), (name, value)]).expect_err(name);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].to_string()
}

#[test]
fn transactions_are_refused_with_a_reason() {
    let values = [
        ("transactional.id", "orders-1"),
        ("transaction.timeout.ms", "60000"),
        ("transaction.two.phase.commit.enable", "true"),
    ];
    for (name, value) in values {
        let text = refusal(name, value);
        assert!(text.contains(name), "{text}");
        assert!(text.contains("transactions are not supported"), "{text}");
    }
}

#[test]
fn what_else_is_left_out_is_refused_with_a_reason() {
    let left_out = [
        ("client.rack", "r1", "KIP-1123"),
        ("partitioner.rack.aware", "true", "KIP-1123"),
        ("enable.metrics.push", "true", "KIP-714"),
        ("metadata.cluster.check.enable", "true", "KIP-1242"),
        ("buffer.memory.allocation.strategy", "full", "grow as they fill"),
        ("interceptor.classes", "a.B", "in code"),
        ("metric.reporters", "a.B", "metrics"),
    ];
    for (name, value, reason) in left_out {
        let text = refusal(name, value);
        assert!(text.contains(name) && text.contains(reason), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

/// An option that is accepted and does nothing would be the worst answer.
#[test]
fn an_option_without_effect_is_a_notice() {
    let pairs = [
        ("bootstrap.servers", "a:1,b:1"),
        ("partitioner.availability.timeout.ms", "100"),
        ("partitioner.adaptive.partitioning.enable", "false"),
    ];
    let config = Config::parse(pairs).expect("valid");
    let names: Vec<_> = config.notices().iter().map(|notice| notice.name).collect();
    assert_eq!(names, ["partitioner.availability.timeout.ms"]);
}
