//! Which topics a client may name.

use std::collections::BTreeSet;

/// The topics of a cluster that clients may publish to and look up: exact names and `prefix*` rules.
/// Whatever no rule names is forbidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicRules {
    exact: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

impl TopicRules {
    /// Adds a rule. The error says what to write instead.
    pub(super) fn add(&mut self, rule: &str) -> Result<(), String> {
        let (stem, is_prefix) = match rule.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (rule, false),
        };
        if is_prefix && stem.is_empty() {
            return Err(
                "topic rule \"*\" would allow every topic, internal ones included; name topics, or \
                        prefixes such as \"shop-*\""
                    .to_owned(),
            );
        }
        if let Some(internal) = INTERNAL.iter().find(|it| matches(it, stem, is_prefix)) {
            return Err(format!(
                "topic rule {rule:?} would allow {internal}, which is Kafka's own: what clients write there breaks \
                 groups or transactions; name the topics that you mean"
            ));
        }
        let legal = stem.bytes().all(is_topic_byte) && stem.len() <= MAX_TOPIC_LEN;
        if !legal || (!is_prefix && !is_legal_name(rule)) {
            return Err(format!(
                "topic rule {rule:?} matches no legal topic; use letters, digits, '.', '_' and '-' (at most \
                 {MAX_TOPIC_LEN} of them), with one '*' allowed at the end"
            ));
        }
        if is_prefix {
            self.prefixes.insert(stem.to_owned())
        } else {
            self.exact.insert(rule.to_owned())
        };
        Ok(())
    }

    /// Whether a topic of this name may be used. Byte-exact: no case folding, no normalisation.
    pub fn allows(&self, topic: &str) -> bool {
        is_legal_name(topic)
            && (self.exact.contains(topic) || self.prefixes.iter().any(|prefix| topic.starts_with(prefix)))
    }

    /// The exact names, if no rule is a prefix: then a request for all topics can be answered by naming them.
    pub(crate) fn only_exact(&self) -> Option<impl Iterator<Item = &str>> {
        self.prefixes
            .is_empty()
            .then(|| self.exact.iter().map(String::as_str))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }

    pub(super) fn describe(&self) -> String {
        let exact = self.exact.iter().cloned();
        let prefixes = self
            .prefixes
            .iter()
            .map(|prefix| format!("every topic that begins with {prefix}"));
        exact.chain(prefixes).collect::<Vec<_>>().join(", ")
    }
}

/// What brokers keep their own state in (Kafka's `Topic.isInternal`, and `__share_group_state` of KIP-932).
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

fn matches(topic: &str, stem: &str, is_prefix: bool) -> bool {
    topic == stem || (is_prefix && topic.starts_with(stem))
}

/// Kafka's `Topic.MAX_NAME_LENGTH`.
const MAX_TOPIC_LEN: usize = 249;

/// Kafka's `Topic.validate`.
pub(crate) fn is_legal_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_TOPIC_LEN
        && name != "."
        && name != ".."
        && name.bytes().all(is_topic_byte)
}

fn is_topic_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(list: &[&str]) -> TopicRules {
        let mut rules = TopicRules::default();
        for rule in list {
            rules.add(rule).unwrap();
        }
        rules
    }

    #[test]
    fn exact_and_prefix_rules_match_bytes_only() {
        let rules = rules(&["clicks", "shop-*"]);
        for topic in ["clicks", "shop-", "shop-orders"] {
            assert!(rules.allows(topic), "{topic}");
        }
        for topic in [
            "Clicks",
            "clicks2",
            "shop",
            "shop-\u{e9}",
            "shop-a b",
            "",
            "__consumer_offsets",
            "clicks*",
        ] {
            assert!(!rules.allows(topic), "{topic}");
        }
    }

    #[test]
    fn rules_that_match_what_is_kafkas_own_are_refused() {
        for rule in [
            "__consumer_offsets",
            "__transaction_state",
            "__share_group_state",
            "_*",
            "__con*",
        ] {
            let why = TopicRules::default().add(rule).expect_err(rule);
            assert!(why.contains("Kafka's own"), "{why}");
        }
        assert!(rules(&["__mine", "_shop-*"]).allows("__mine"));
    }

    #[test]
    fn rules_that_match_everything_or_nothing_are_refused() {
        for rule in ["*", "", "a b", "sh*op", "..", "shop-**"] {
            assert!(TopicRules::default().add(rule).is_err(), "{rule}");
        }
    }
}
