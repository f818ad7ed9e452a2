//! Takes comments and indentation out of the JavaScript around a module.

use std::path::Path;

/// [`strip`] in place.
pub(crate) fn strip_file(path: &Path) -> std::io::Result<()> {
    std::fs::write(path, strip(&std::fs::read_to_string(path)?))
}

/// Without lines that are comments, without indentation, without empty lines. Line ends stay, since they end statements.
/// Text that goes over several lines stays as it is, with the whole file: its indentation is part of it.
fn strip(script: &str) -> String {
    if script.lines().any(|line| line.matches('`').count() % 2 == 1) {
        return script.to_owned();
    }
    let mut stripped = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            stripped.push_str(line);
            stripped.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go() {
        let script =
            "/** a\n * b\n */\nlet a = 1;\n\n    // c\n    let b = '/* d */';\n    /* e */\n    b();\n";
        assert_eq!(strip(script), "let a = 1;\nlet b = '/* d */';\nb();\n");
    }

    #[test]
    fn text_of_several_lines_stays() {
        let script = "let a = `\n    b`;\n// c\n";
        assert_eq!(strip(script), script);
    }
}
