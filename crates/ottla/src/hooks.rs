//! What an application hands in: callbacks, sinks and its own decisions. `Send` natively, where producers are shared
//! between threads, and not in wasm, where JavaScript values are not.

use ottla_core::trace::Envelope;

use crate::deliveries::DeliveryResult;
#[cfg(feature = "hooks")]
use crate::hot_partition::HotPartition;
#[cfg(feature = "hooks")]
use crate::interceptor::Interceptor;
#[cfg(feature = "hooks")]
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
#[cfg(feature = "hooks")]
boxed!(HotPartitionListener = FnMut(&HotPartition));

// These traits are `Send` natively by themselves.
#[cfg(feature = "hooks")]
pub(crate) type BoxedInterceptor = Box<dyn Interceptor>;
#[cfg(feature = "hooks")]
pub(crate) type BoxedPartitioner = Box<dyn Partitioner>;
