//! `index.html` as written for trunk, turned into plain HTML, so that one file serves trunk and xtask.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// Plain HTML and the files that it refers to.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) html: String,
    /// Files (from the checkout's root) to copy beside the page, under their own names.
    pub(crate) copies: Vec<PathBuf>,
}

/// Rewrites every `data-trunk` line. `web.js` is the bound wasm and `start.js` loads it: a script of its own,
/// because a Content-Security-Policy that is worth having forbids inline scripts.
pub(crate) fn plain(source: &str) -> Result<Plain> {
    let mut plain = Plain::default();
    for (number, line) in source.lines().enumerate() {
        if !line.contains("data-trunk") {
            plain.html.push_str(line);
            plain.html.push('\n');
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let rel = attribute(line, "rel");
        match rel {
            Some("rust") => {
                for tag in [
                    "<link rel=\"modulepreload\" href=\"web.js\">",
                    "<link rel=\"preload\" href=\"web_bg.wasm\" as=\"fetch\" type=\"application/wasm\" crossorigin>",
                    "<script type=\"module\" src=\"start.js\"></script>",
                ] {
                    plain.html.push_str(&format!("{indent}{tag}\n"));
                }
            }
            Some("css") => {
                let name = plain.copy(line, number)?;
                plain
                    .html
                    .push_str(&format!("{indent}<link rel=\"stylesheet\" href=\"{name}\">\n"));
            }
            Some("copy-file") => {
                plain.copy(line, number)?;
            }
            _ => {
                return Err(Failure::step(format!(
                    "index.html:{}: data-trunk with rel={rel:?}: xtask knows rust, css and copy-file; \
                     teach it in xtask/src/steps/html.rs",
                    number + 1
                )));
            }
        }
    }
    Ok(plain)
}

impl Plain {
    fn copy(&mut self, line: &str, number: usize) -> Result<String> {
        let href = attribute(line, "href")
            .ok_or_else(|| Failure::step(format!("index.html:{}: data-trunk without href", number + 1)))?;
        let path = PathBuf::from(href);
        let name = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.copies.push(path);
        Ok(name)
    }
}

/// What `start.js` holds: it starts the page, and says so where the page itself cannot any more. After a trap the module
/// is in no state that anybody knows; the console has the error.
pub(crate) const START: &str = "\
import init from './web.js';
const end = error => {
  if (!(error instanceof WebAssembly.RuntimeError) || document.getElementById('end')) return;
  const note = document.createElement('p');
  note.id = 'end';
  note.setAttribute('role', 'alert');
  note.style.cssText = 'position:fixed;inset:auto 0 0;z-index:9;padding:12px 24px;background:#111;color:#fff';
  note.textContent = document.documentElement.lang === 'ko'
    ? '페이지에 오류가 나서 멈췄어요. 새로 고침 해 주세요.'
    : 'The page met an error of its own and stopped. Please reload it.';
  document.body.append(note);
};
addEventListener('error', event => end(event.error));
addEventListener('unhandledrejection', event => end(event.reason));
init();
";

/// The value of an attribute in double quotes.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let marker = format!(" {name}=\"");
    let start = line.find(&marker)? + marker.len();
    let rest = &line[start..];
    rest.find('"').map(|end| &rest[..end])
}

/// Copies the files of a page beside it.
pub(crate) fn copy_all(plain: &Plain, root: &Path, out_dir: &Path) -> Result<()> {
    for path in &plain.copies {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let result = std::fs::copy(root.join(path), out_dir.join(name));
        result.map_err(|error| Failure::step(format!("index.html names {}: {error}", path.display())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn trunk_lines_become_plain_tags_and_the_rest_stays() {
        let source = "<head>\n  <link data-trunk rel=\"rust\" href=\"web/Cargo.toml\" />\n  \
                      <link data-trunk rel=\"css\" href=\"web/style/page.css\" />\n</head>\n";
        let page = plain(source).unwrap();
        assert!(
            page.html.starts_with("<head>\n  <link rel=\"modulepreload\""),
            "{}",
            page.html
        );
        assert!(
            page.html
                .contains("  <script type=\"module\" src=\"start.js\"></script>\n")
        );
        assert!(
            page.html
                .ends_with("  <link rel=\"stylesheet\" href=\"page.css\">\n</head>\n")
        );
        assert!(!page.html.contains("trunk"));
        assert_eq!(page.copies, [std::path::PathBuf::from("web/style/page.css")]);
    }

    #[test]
    fn trunk_is_told_the_same_page_the_same_profile_and_the_same_wasm_bindgen() {
        let read = |name: &str| {
            std::fs::read_to_string(crate::tree::root().join(name)).expect("a file of the checkout")
        };
        let trunk = read("Trunk.toml");
        let version = read("Cargo.toml")
            .lines()
            .find_map(|line| {
                Some(
                    line.strip_prefix("wasm-bindgen = \"=")?
                        .strip_suffix('"')?
                        .to_owned(),
                )
            })
            .expect("one exact version");
        for line in [
            "target = \"index.html\"".to_owned(),
            "cargo_profile = \"demo\"".to_owned(),
            format!("wasm_bindgen = \"{version}\""),
        ] {
            assert!(
                trunk.lines().any(|it| it == line),
                "Trunk.toml has no line {line}"
            );
        }
        assert!(read("Cargo.toml").contains("\n[profile.demo]\n"));
    }

    #[test]
    fn an_unknown_kind_is_an_error_with_its_line() {
        let failure = plain("<head>\n<link data-trunk rel=\"sass\" href=\"a.scss\" />").unwrap_err();
        assert!(failure.message().starts_with("index.html:2:"), "{failure:?}");
    }
}
