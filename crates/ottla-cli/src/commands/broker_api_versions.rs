//! `ottla broker-api-versions`: what each broker speaks, in the words of Kafka's `kafka-broker-api-versions`.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Args;
use ottla::admin::{BrokerDescription, OfferedApi};
use ottla_wire::api::{ApiKey, api_name};

use crate::commands::console_consumer::{connect, into_failure};
use crate::connection::ConnectionArgs;
use crate::exit::{Failure, Outcome, written};

/// Print the APIs and versions that each broker offers, and the highest that ottla can use.
#[derive(Args, Debug)]
#[command(
    after_help = "An API that ottla does not speak is [unusable: not in ottla]; one that it speaks and the broker does not is UNSUPPORTED. A broker that cannot be reached is printed with its error.

Exit codes: 0 done, 1 a broker could not be asked, 2 wrong usage, 3 no cluster answers.

Example:
  ottla broker-api-versions --bootstrap-server localhost:9092"
)]
pub(crate) struct BrokerApiVersionsArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Runs the command.
pub(crate) async fn run(args: BrokerApiVersionsArgs) -> Outcome {
    let mut admin = connect(&args.connection).await?;
    let brokers = admin.brokers().await.map_err(into_failure)?;
    let mut silent = Vec::new();
    for broker in &brokers {
        let apis = match admin.offered_apis(broker).await {
            Ok(offered) => listed(&offered),
            Err(error) => {
                silent.push(broker.id.to_string());
                format!("ERROR: {error}")
            }
        };
        written(writeln!(io::stdout(), "{} -> {apis}", node(broker)))?;
    }
    if silent.is_empty() {
        return Ok(());
    }
    Err(Failure::Delivery(format!(
        "broker {} of {} could not be asked; the cluster says that it is up, so look at its listeners and its log",
        silent.join(", "),
        brokers.len()
    )))
}

/// As Java prints a `Node`. Metadata has no fenced broker in it.
fn node(broker: &BrokerDescription) -> String {
    let rack = broker.rack.as_deref().unwrap_or("null");
    format!(
        "{}:{} (id: {} rack: {rack} isFenced: false)",
        broker.host, broker.port, broker.id
    )
}

/// As Java's `NodeApiVersions.toString(true)`.
fn listed(offered: &[OfferedApi]) -> String {
    let missing = ApiKey::ALL
        .iter()
        .map(|api| api.key())
        .filter(|key| offered.iter().all(|api| api.key != *key))
        .map(|key| (key, None));
    let mut all: Vec<_> = offered
        .iter()
        .map(|api| (api.key, Some(api)))
        .chain(missing)
        .collect();
    all.sort_by_key(|(key, _)| *key);
    let lines: Vec<_> = all.into_iter().map(|(key, api)| line(key, api)).collect();
    format!("(\n\t{}\n)", lines.join(",\n\t"))
}

fn line(key: i16, api: Option<&OfferedApi>) -> String {
    let mut line = format!("{}({key}): ", api_name(key).unwrap_or("UNKNOWN"));
    let Some(api) = api else {
        return line + "UNSUPPORTED";
    };
    let written = if api.min_version == api.max_version {
        write!(line, "{}", api.min_version)
    } else {
        write!(line, "{} to {}", api.min_version, api.max_version)
    };
    written.expect("a String takes every write");
    let Some(ours) = ApiKey::from_i16(key).map(ApiKey::versions) else {
        return line + " [unusable: not in ottla]";
    };
    if *ours.end() < api.min_version {
        line + " [unusable: node too new]"
    } else if api.max_version < *ours.start() {
        line + " [unusable: node too old]"
    } else {
        format!("{line} [usable: {}]", api.max_version.min(*ours.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(key: i16, min_version: i16, max_version: i16) -> OfferedApi {
        OfferedApi {
            key,
            min_version,
            max_version,
        }
    }

    #[test]
    fn apis_are_listed_as_kafka_lists_them() {
        let text = listed(&[
            api(0, 0, 13),
            api(1, 99, 100),
            api(3, 0, 99),
            api(8, 2, 10),
            api(17, 1, 1),
            api(999, 0, 2),
        ]);
        for expected in [
            "(\n\tProduce(0): 0 to 13 [usable: 13],\n",
            "\tFetch(1): 99 to 100 [unusable: node too new],\n",
            "\tListOffsets(2): UNSUPPORTED,\n",
            "\tMetadata(3): 0 to 99 [usable: 13],\n",
            "\tOffsetCommit(8): 2 to 10 [unusable: not in ottla],\n",
            "\tSaslHandshake(17): 1 [usable: 1],\n",
            "\tUNKNOWN(999): 0 to 2 [unusable: not in ottla]\n)",
        ] {
            assert!(text.contains(expected), "no {expected:?} in {text}");
        }
        assert!(line(19, Some(&api(19, 0, 1))).ends_with("[unusable: node too old]"));
    }

    #[test]
    fn a_node_is_printed_as_java_prints_it() {
        let broker = BrokerDescription {
            id: 1,
            host: "localhost".to_owned(),
            port: 9092,
            rack: None,
        };
        assert_eq!(node(&broker), "localhost:9092 (id: 1 rack: null isFenced: false)");
    }
}
