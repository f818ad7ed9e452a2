//! The links between the documents: each leads to a file that is there, and to a heading that it has.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at};
use crate::steps::{Outcome, step};
use crate::tree;

const DIRS: [&str; 4] = ["", "docs", "crates/ottla-js/npm", "examples"];

pub(crate) fn check() -> Result<()> {
    step("links of the documents", || {
        let mut broken = Vec::new();
        let mut count = 0;
        for file in documents()? {
            let text = read(&file)?;
            for link in links(&text) {
                count += 1;
                if let Err(why) = follow(&file, link) {
                    broken.push(format!("{}: {link}: {why}", tree::shown(&file)));
                }
            }
        }
        if count == 0 {
            return Err(Failure::step("no document has a link: is this the checkout?"));
        }
        match broken.is_empty() {
            true => Ok(Outcome::Done(format!("{count} lead somewhere"))),
            false => Err(Failure::step(broken.join("\n"))),
        }
    })
}

fn documents() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for dir in DIRS {
        let dir = tree::root().join(dir);
        for entry in at(&dir, std::fs::read_dir(&dir))? {
            let path = at(&dir, entry)?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    at(path, std::fs::read_to_string(path))
}

fn follow(from: &Path, link: &str) -> std::result::Result<(), String> {
    let (path, heading) = link
        .split_once('#')
        .map_or((link, None), |(path, heading)| (path, Some(heading)));
    let to = match path {
        "" => from.to_owned(),
        path => from.parent().unwrap_or(from).join(path),
    };
    if !to.exists() {
        return Err("there is no such file".to_owned());
    }
    let Some(heading) = heading else { return Ok(()) };
    let text = read(&to).map_err(|failure| failure.message().to_owned())?;
    match headings(&text).any(|other| other == heading) {
        true => Ok(()),
        false => Err("the file has no such heading".to_owned()),
    }
}

/// The targets that are no addresses on the network.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text)
        .flat_map(|line| line.match_indices("](").map(move |(at, _)| &line[at + 2..]))
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://"))
}

/// The anchors that GitHub gives to headings.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The lines outside of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

#[cfg(test)]
mod tests {
    use super::{anchor, follow, headings, links};
    use crate::tree;

    #[test]
    fn links_in_code_and_to_the_network_are_not_followed() {
        let text = "[a](b.md) and [c](https://example.org/)\n```\n[d](e.md)\n```\n![f](g.png#h)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["b.md", "g.png#h"]);
    }

    #[test]
    fn headings_have_the_anchors_of_github() {
        assert_eq!(
            anchor("The same key, another client"),
            "the-same-key-another-client"
        );
        assert_eq!(anchor("같은 키, `다른` 클라이언트"), "같은-키-다른-클라이언트");
        assert_eq!(
            headings("# A\n```sh\n# no heading\n```\n## B c").collect::<Vec<_>>(),
            ["a", "b-c"]
        );
    }

    #[test]
    fn a_missing_file_and_a_missing_heading_are_named() {
        let readme = tree::root().join("README.md");
        assert_eq!(follow(&readme, "docs/options.md#options"), Ok(()));
        assert_eq!(follow(&readme, "#see-it"), Ok(()));
        assert!(follow(&readme, "docs/none.md").is_err_and(|why| why.contains("file")));
        assert!(follow(&readme, "docs/options.md#none").is_err_and(|why| why.contains("heading")));
    }
}
