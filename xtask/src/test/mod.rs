//! `cargo xtask test`: everything that CI runs.

use crate::args::Args;
use crate::failure::Result;

pub(crate) fn main(args: Args) -> Result<()> {
    args.finish()
}
