//! Node and the npm packages of the checks and benches.

use crate::failure::{Failure, Result, at};
use crate::run::Cmd;
use crate::stamp::Stamp;
use crate::steps::{Outcome, step, system};
use crate::tree;

/// Runs `npm ci` unless `node_modules` is what `package-lock.json` says.
pub(crate) fn packages() -> Result<()> {
    step("npm packages", || {
        system::NODE.require()?;
        let modules = tree::root().join("node_modules");
        let stamp =
            Stamp::new(modules.join(".ottla-stamp")).input(&tree::root().join("package-lock.json"))?;
        if stamp.is_fresh() {
            return Ok(Outcome::UpToDate("node_modules".to_owned()));
        }
        // No install scripts: none of the packages needs one, and they would run other people's programs.
        let args = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ];
        Cmd::new("npm").args(args).logged("npm").map_err(|failure| {
            Failure::step(format!(
                "{}\n`cargo xtask doctor` says how to bring Node 20 and npm",
                failure.message()
            ))
        })?;
        stamp.leave()?;
        let count = at(&modules, std::fs::read_dir(&modules))?.count();
        Ok(Outcome::Done(format!(
            "installed about {count} into node_modules"
        )))
    })
}
