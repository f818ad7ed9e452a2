//! What an application hands in: callbacks, sinks and its own decisions. `Send` natively, where producers are shared
//! between threads, and not in wasm, where JavaScript values are not.

use ottla_core::Record;
use ottla_core::extensions::{Extensions, Partitions};
use ottla_core::trace::Envelope;

use crate::deliveries::DeliveryResult;

/// `Send` natively; every type in wasm.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send> MaybeSend for T {}

/// `Send` natively; every type in wasm.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T> MaybeSend for T {}

macro_rules! boxed {
    ($name:ident = $($bound:tt)*) => {
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) type $name = Box<dyn $($bound)* + Send>;
        #[cfg(target_arch = "wasm32")]
        pub(crate) type $name = Box<dyn $($bound)*>;
    };
}

boxed!(Callback = FnOnce(DeliveryResult));
boxed!(TraceSink = FnMut(Envelope));
boxed!(BoxedExtensions = Extensions);

/// The application's extensions, or none.
#[derive(Default)]
pub(crate) struct Hooks(pub(crate) Option<BoxedExtensions>);

impl Extensions for Hooks {
    fn on_send(&mut self, record: &mut Record<'_>) {
        if let Some(own) = &mut self.0 {
            own.on_send(record);
        }
    }

    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        self.0.as_mut()?.partition(record, topic)
    }
}
