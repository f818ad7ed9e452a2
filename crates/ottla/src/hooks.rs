//! What an application hands in: callbacks, sinks and its own decisions. `Send` natively, where producers are shared
//! between threads, and not in wasm, where JavaScript values are not.

use ottla_core::Record;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ottla_core::extensions::{Extensions, Partitions};
use ottla_core::trace::Envelope;

use crate::deliveries::DeliveryResult;
use crate::hot_partition::HotPartition;
use crate::interceptor::Interceptor;
use crate::partitioner::Partitioner;

/// `Send` natively; every type in wasm.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Send` natively; every type in wasm.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` natively; every type in wasm.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Sync` natively; every type in wasm.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

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
boxed!(HotPartitionListener = FnMut(&HotPartition));

// These traits are `Send` natively by themselves.
pub(crate) type BoxedInterceptor = Box<dyn Interceptor>;
pub(crate) type BoxedPartitioner = Box<dyn Partitioner>;

/// What stands for an answer that a partitioner could not give.
const NO_ANSWER: i32 = i32::MIN;

/// The application's partitioner, or none.
#[derive(Default)]
pub(crate) struct Hooks(pub(crate) Option<BoxedPartitioner>);

impl Extensions for Hooks {
    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        let own = self.0.as_mut()?;
        // A panic here would take the producer and all that it holds with it.
        catch_unwind(AssertUnwindSafe(|| own.partition(record, topic))).unwrap_or(Some(NO_ANSWER))
    }
}

impl Hooks {
    pub(crate) fn close(&mut self) {
        if let Some(own) = &mut self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| own.close()));
        }
    }
}
