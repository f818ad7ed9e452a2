//! `cargo xtask demo`: build what is missing, then hand over to `ottla demo`.

use crate::args::Args;
use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::page::Page;
use crate::steps::{binaries, system};

pub(crate) fn main(mut args: Args) -> Result<()> {
    let kafka = args.value("--kafka")?;
    let topic = args.value("--topic")?;
    let port = args.value("--port")?;
    if let Some(port) = &port {
        port.parse::<u16>()
            .map_err(|_| args.refusal(&format!("--port {port}: not a port (0 to 65535)")))?;
    }
    let no_open = args.flag("--no-open");
    args.finish()?;
    system::C_COMPILER.require()?;
    Page::Demo.build()?;
    let ottla = binaries::ottla("demo")?;
    let mut command = Cmd::new(ottla).args(["demo", "--page"]).arg(Page::Demo.dir());
    for (name, value) in [("--kafka", kafka), ("--topic", topic), ("--port", port)] {
        if let Some(value) = value {
            command = command.args([name, &value]);
        }
    }
    if no_open {
        command = command.arg("--no-open");
    }
    command.hand_over()
}
