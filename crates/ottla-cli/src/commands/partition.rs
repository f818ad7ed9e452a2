//! `ottla partition`: which partition a key goes to, and the hash that says why.

use std::io::Write;

use clap::Args;
use ottla_core::partitioner;

use crate::exit::{Failure, Outcome, written};

/// Print the partition of each key, and the hash that says why.
///
/// Kafka's Java client, and every client that agrees with it, computes (murmur2(key) & 0x7fffffff) % partitions over
/// the bytes of the serialized key. An empty key is a key; a record without a key goes where the sticky partitioner
/// is filling a batch, so it has no answer here.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ottla partition --partitions 3 --key 1 --key 2\n  ottla partition --partitions 12 --key kim --key-hex 00ff"
)]
pub(crate) struct PartitionArgs {
    /// How many partitions the topic has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// A key as text (UTF-8); may be repeated.
    #[arg(long, value_name = "TEXT")]
    key: Vec<String>,
    /// A key as hexadecimal bytes; may be repeated.
    #[arg(long, value_name = "HEX")]
    key_hex: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &PartitionArgs, out: &mut impl Write) -> Outcome {
    if args.key.is_empty() && args.key_hex.is_empty() {
        return Err(Failure::Usage(
            "no key: give --key TEXT or --key-hex HEX at least once".to_owned(),
        ));
    }
    let mut keys: Vec<(String, Vec<u8>)> = args
        .key
        .iter()
        .map(|text| (format!("{text:?}"), text.clone().into_bytes()))
        .collect();
    for hex in &args.key_hex {
        keys.push((format!("0x{hex}"), unhex(hex)?));
    }
    let width = keys
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or(0);
    for (label, key) in keys {
        let hash = partitioner::key_hash(&key);
        let partition =
            partitioner::partition_for_key(&key, args.partitions).expect("the option's range begins at 1");
        written(writeln!(
            out,
            "{label:<width$}  partition {partition}  = (murmur2 {hash} & 0x7fffffff) % {}",
            args.partitions
        ))?;
    }
    Ok(())
}

fn unhex(text: &str) -> Result<Vec<u8>, Failure> {
    let bad = || {
        Failure::Usage(format!(
            "--key-hex {text}: must be an even number of hexadecimal digits"
        ))
    };
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(bad());
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| bad()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(partitions: i32, keys: &[&str]) -> String {
        let args = PartitionArgs {
            partitions,
            key: keys.iter().map(|k| (*k).to_owned()).collect(),
            key_hex: Vec::new(),
        };
        let mut out = Vec::new();
        run(&args, &mut out).expect("keys");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn keys_1_and_2_on_two_and_three_partitions() {
        let two = print(2, &["1", "2"]);
        assert!(
            two.contains("\"1\"  partition 1") && two.contains("\"2\"  partition 0"),
            "{two}"
        );
        let three = print(3, &["1", "2"]);
        assert!(
            three.contains("\"1\"  partition 0") && three.contains("\"2\"  partition 2"),
            "{three}"
        );
    }

    #[test]
    fn hexadecimal_keys_are_bytes() {
        assert_eq!(unhex("00ff").expect("hex"), [0, 255]);
        assert!(unhex("0").is_err() && unhex("zz").is_err());
    }
}
