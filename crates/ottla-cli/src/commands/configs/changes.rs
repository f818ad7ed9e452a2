//! What `--add-config`, `--add-config-file` and `--delete-config` ask for.

use std::path::Path;

use ottla::admin::ConfigChange;

use crate::exit::Failure;
use crate::properties;

/// The changes, those to add before those to delete.
pub(super) fn changes(
    add: Option<&str>,
    file: Option<&Path>,
    delete: &[String],
) -> Result<Vec<ConfigChange>, Failure> {
    let mut pairs = match file {
        Some(path) => properties::file(path).map_err(Failure::usage)?,
        None => Vec::new(),
    };
    if let Some(add) = add {
        pairs.extend(added(add)?);
    }
    let mut changes: Vec<ConfigChange> = Vec::new();
    let set = pairs.into_iter().map(|(name, value)| (name, Some(value)));
    let removed = delete.iter().flat_map(|list| list.split(','));
    let removed = removed.map(|name| (name.trim().to_owned(), None));
    for (name, value) in set.chain(removed) {
        if name.is_empty() {
            continue;
        }
        if changes.iter().any(|change| change.name == name) {
            return Err(Failure::Usage(format!(
                "{name} is there twice; say once what becomes of it"
            )));
        }
        changes.push(ConfigChange { name, value });
    }
    if changes.is_empty() {
        return Err(Failure::Usage(
            "--alter needs --add-config, --add-config-file or --delete-config with something in it"
                .to_owned(),
        ));
    }
    Ok(changes)
}

/// `k1=v1,k2=[v1,v2],k3=v3`: brackets hold values that contain commas.
fn added(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut pairs = Vec::new();
    for part in split(text) {
        let fault = || {
            Failure::Usage(format!(
                "--add-config {part}: must be NAME=VALUE, or NAME=[VALUE,VALUE] for a value with commas in it"
            ))
        };
        let (name, value) = part.split_once('=').ok_or_else(fault)?;
        if name.trim().is_empty() {
            return Err(fault());
        }
        let value = value.trim();
        let bare = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let value = match bare {
            Some(bare) => bare,
            None if value.contains(['[', ']']) => return Err(fault()),
            None => value,
        };
        pairs.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(pairs)
}

/// At commas that are not in brackets.
fn split(text: &str) -> Vec<&str> {
    let mut inside = false;
    let parts = text.split(|c| {
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        c == ',' && !inside
    });
    parts.filter(|part| !part.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(add: &str, delete: &[&str]) -> Result<Vec<(String, Option<String>)>, String> {
        let delete: Vec<_> = delete.iter().map(|name| (*name).to_owned()).collect();
        let changes = changes(Some(add), None, &delete).map_err(|failure| failure.message().to_owned())?;
        Ok(changes.into_iter().map(|it| (it.name, it.value)).collect())
    }

    #[test]
    fn brackets_hold_commas_and_deletions_follow() {
        let pairs = of("k1=v1, k2=[v1,v2] ,k3=a=b,k4=", &["k5,k6", "k7"]).expect("good");
        let expected = [
            ("k1", Some("v1")),
            ("k2", Some("v1,v2")),
            ("k3", Some("a=b")),
            ("k4", Some("")),
            ("k5", None),
            ("k6", None),
            ("k7", None),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(
            of("k1", &[])
                .expect_err("no value")
                .contains("--add-config k1: must be")
        );
        assert!(of("=x", &[]).expect_err("no name").contains("must be NAME=VALUE"));
        assert!(
            of("k=[a,b", &[])
                .expect_err("open")
                .contains("NAME=[VALUE,VALUE]")
        );
        assert!(of("k=1", &["k"]).expect_err("both").contains("k is there twice"));
        assert!(of(" ", &[]).expect_err("nothing").contains("--alter needs"));
    }
}
