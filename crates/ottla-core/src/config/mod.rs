//! Configuration: Kafka's own names, one table.

/// A checked configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {}
