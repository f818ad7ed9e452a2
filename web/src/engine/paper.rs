//! Runs as files: opened and saved a slice at a time, because neither may cost a frame.

use gloo::timers::callback::Timeout;
use js_sys::Array;
use ottla::rt::web::slice;
use ottla_scene::{history::History, words::Word};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Engine, Handle, Notice,
    source::{File, Source},
};
use crate::run::{Reading, Refusal};

/// Lines between two looks at the clock.
const LINES_PER_SLICE: usize = 32;

impl Handle {
    /// Opens a trace. A broken one changes nothing but the notice.
    pub(crate) async fn open(&self, name: String, text: String) {
        let number = self.change(|it| {
            it.opening += 1;
            it.opening
        });
        let read = read(&name, &text).await;
        self.change(|it| {
            // Who opened another one meanwhile wants that.
            if it.opening == number {
                it.opened(name, read);
            }
        });
    }

    /// The run as lines, in pieces. It ends where another run began.
    async fn lines(&self) -> Array {
        let parts = Array::new();
        let (head, number, mut at) = self.change(|it| {
            let forgotten = it.run.history.forgotten();
            (it.run.trace_head(), it.run.number(), forgotten)
        });
        parts.push(&head.into());
        loop {
            slice().await;
            let (lines, next) = self.read(|it| {
                if it.run.number() == number {
                    it.run.trace_piece(at, LINES_PER_SLICE)
                } else {
                    (String::new(), at)
                }
            });
            if lines.is_empty() {
                return parts;
            }
            parts.push(&lines.into());
            at = next;
        }
    }

    /// Hands the run to the reader as a file.
    pub(crate) fn save(&self) {
        let handle = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let lines = handle.lines().await;
            if download(&lines).is_err() {
                handle.change(|it| {
                    it.notice = Some(Notice::Refused(Refusal {
                        code: "NOT_SAVED".to_owned(),
                        message: "the browser did not take the file; look at its settings for downloads"
                            .to_owned(),
                    }));
                });
            }
        });
    }
}

impl Engine {
    fn opened(&mut self, name: String, read: Result<(History, bool), Refusal>) {
        match read {
            Ok((history, whole)) => {
                if let Source::Live(live) = &mut self.source {
                    live.disconnect();
                }
                self.begin(history);
                self.source = Source::File(File { name: Some(name) });
                self.run.show_end(false);
                if !whole {
                    self.notice = Some(Notice::Word(Word::TraceCut));
                }
            }
            Err(refusal) => self.notice = Some(Notice::BrokenFile(refusal)),
        }
    }
}

async fn read(name: &str, text: &str) -> Result<(History, bool), Refusal> {
    let broken = |error| Refusal {
        code: "BROKEN_TRACE".to_owned(),
        message: format!("{name}: {error}"),
    };
    let mut reading = Reading::new(text).map_err(broken)?;
    while reading.go_on(LINES_PER_SLICE).map_err(broken)? {
        slice().await;
    }
    let whole = reading.is_whole();
    Ok((reading.into_history(), whole))
}

/// Offers the lines as a download, as a link does that is clicked.
fn download(lines: &Array) -> Result<(), JsValue> {
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type("application/jsonl");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(lines, &kind)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let document = web_sys::window()
        .and_then(|it| it.document())
        .ok_or(JsValue::NULL)?;
    let link: web_sys::HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download("run.jsonl");
    link.click();
    // The browser reads it after this; a minute is enough for any, and nothing waits for it.
    Timeout::new(60_000, move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}
