//! What an administrator changes while a cluster runs. The controller knows at once, brokers when they hear of it.

use std::sync::Arc;

use ottla_broker::{
    ConfigChanges, ControllerAnswer, ControllerRequest, Micros, MorePartitions, NodeId, SettingError,
    TopicOutcome,
};

use super::Cluster;

impl Cluster {
    /// Deletes a topic; each broker's log goes when it hears of it.
    pub fn delete_topic(&mut self, now: Micros, name: &str) -> TopicOutcome {
        let names = vec![name.to_owned()];
        self.alter(now, ControllerRequest::DeleteTopics { token: None, names })
    }

    /// Gives a topic so many partitions in all.
    pub fn grow_topic(&mut self, now: Micros, name: &str, partitions: i32) -> TopicOutcome {
        let request = ControllerRequest::CreatePartitions {
            token: None,
            topics: vec![MorePartitions {
                name: name.to_owned(),
                count: partitions,
                assignments: None,
            }],
            validate_only: false,
        };
        self.alter(now, request)
    }

    /// Changes a topic's configurations.
    pub fn configure_topic(&mut self, now: Micros, name: &str, changes: ConfigChanges) -> TopicOutcome {
        let request = ControllerRequest::AlterTopicConfigs {
            token: None,
            topics: vec![(name.to_owned(), changes)],
            validate_only: false,
        };
        self.alter(now, request)
    }

    fn alter(&mut self, now: Micros, request: ControllerRequest) -> TopicOutcome {
        let answer = self.controller.request(request);
        self.publish(now);
        match answer {
            Some(ControllerAnswer::Topics { mut results, .. }) if results.len() == 1 => results.remove(0),
            _ => unreachable!("one topic is asked for, so there is one outcome"),
        }
    }

    /// Changes a setting of every broker that runs or will start, and what topics do not set themselves.
    ///
    /// # Errors
    /// [`SettingError`] when there is no such setting or the value does not fit; nothing has changed then.
    pub fn configure(&mut self, now: Micros, name: &str, value: &str) -> Result<(), SettingError> {
        let mut settings = (*self.settings).clone();
        settings.set(name, value)?;
        self.settings = Arc::new(settings);
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            let settings = self.settings.clone();
            if let Some(broker) = self.nodes.get_mut(&id).and_then(|node| node.process.broker_mut()) {
                broker.configure(settings);
            }
        }
        self.controller.configure(self.settings.clone());
        self.publish(now);
        Ok(())
    }

    /// Sets a broker's wall clock forwards or backwards. `false` if there is no such broker.
    pub fn shift_clock(&mut self, node: NodeId, by_ms: i64) -> bool {
        let Some(node) = self.nodes.get_mut(&node) else {
            return false;
        };
        node.clock_ms = node.clock_ms.saturating_add(by_ms);
        if let Some(broker) = node.process.broker_mut() {
            broker.shift_clock(by_ms);
        }
        true
    }
}
