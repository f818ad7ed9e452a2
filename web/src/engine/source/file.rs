//! A recorded trace.

use ottla_scene::history::History;
use ottla_trace::jsonl;

use crate::run::Refusal;

/// An opened trace, or none yet.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
}

/// Reads a trace. Either all of it is good, or nothing changes.
pub(crate) fn read(name: &str, text: &str) -> Result<(File, History), Refusal> {
    let (_, envelopes) = jsonl::read(text).map_err(|error| Refusal {
        code: "BROKEN_TRACE".to_owned(),
        message: format!("{name}: {error}"),
    })?;
    let mut history = History::new();
    for envelope in envelopes {
        history.push(envelope);
    }
    let file = File {
        name: Some(name.to_owned()),
    };
    Ok((file, history))
}
