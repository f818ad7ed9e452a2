//! The frame loop: outside yew, asleep when nothing moves.

use std::rc::Rc;

use wasm_bindgen::{JsCast, prelude::Closure};

use super::Handle;

/// yew hears of what changes by itself at most this often (milliseconds).
const PUBLISH_EVERY: f64 = 100.0;
/// A longer gap is a tab that slept, not time that passed.
const LONGEST_FRAME: f64 = 250.0;

impl Handle {
    /// Asks for a frame, unless one is coming.
    pub(crate) fn wake(&self) {
        {
            let mut engine = self.0.borrow_mut();
            if engine.frame_pending {
                return;
            }
            engine.frame_pending = true;
        }
        let handle = self.clone();
        let closure = Closure::once_into_js(move |now: f64| handle.frame(now));
        if let Some(window) = web_sys::window() {
            // Only fails in a window that is being closed.
            let _ = window.request_animation_frame(closure.unchecked_ref());
        }
    }

    fn frame(&self, now: f64) {
        let (again, model) = {
            let mut engine = self.0.borrow_mut();
            engine.frame_pending = false;
            let wall = (now - engine.last_frame).clamp(0.0, LONGEST_FRAME);
            // The first frame after a sleep continues from where time stood.
            let wall = if engine.asleep { 0.0 } else { wall };
            engine.last_frame = now;
            let moving = engine.frame(wall);
            engine.asleep = !moving;
            let due = now - engine.last_publish >= PUBLISH_EVERY;
            let mut again = moving;
            let mut out = None;
            if due || engine.published.is_none() {
                engine.last_publish = now;
                let model = Rc::new(engine.model(now));
                if engine.published.as_ref() != Some(&model) {
                    engine.published = Some(model.clone());
                    out = engine.publish.clone().map(|publish| (publish, model));
                }
            } else {
                // What changed now is told with the next frame that is due.
                again = true;
                engine.asleep = !moving;
            }
            (again, out)
        };
        if let Some((publish, model)) = model {
            publish.emit(model);
        }
        if again {
            self.wake();
        }
    }
}
