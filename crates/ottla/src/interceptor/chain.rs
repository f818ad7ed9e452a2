//! All interceptors of a producer, called as Kafka's `ProducerInterceptors` calls them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ottla_core::{Completion, Header, Record, RecordMetadata};

use super::{Acknowledgement, Interceptor, Refused};
use crate::error::{ErrorKind, KafkaError};
use crate::hooks::BoxedInterceptor;

/// What is kept of a record for the interceptors while it is on its way.
#[derive(Default)]
pub(crate) struct Sent {
    headers: Box<[Header<'static>]>,
    /// Which it named itself.
    partition: Option<i32>,
}

impl Sent {
    /// Nothing when there is nothing to keep.
    pub(crate) fn of(record: &Record<'_>) -> Option<Self> {
        let headers = record.headers.iter().cloned().map(Header::into_owned);
        let wanted = record.partition.is_some() || !record.headers.is_empty();
        wanted.then(|| Self {
            headers: headers.collect(),
            partition: record.partition,
        })
    }
}

/// Results that interceptors hear of before anybody else does.
pub(crate) struct Acknowledged {
    pub(crate) batch: Completion,
    /// Of its records, by their place in the batch, ascending.
    pub(crate) sent: Vec<(usize, Sent)>,
}

impl Acknowledged {
    pub(crate) fn into_batch(self) -> Completion {
        self.batch
    }
}

/// The interceptors, in order.
#[derive(Default)]
pub(crate) struct Interceptors(Vec<BoxedInterceptor>);

impl Interceptors {
    pub(crate) fn add(&mut self, interceptor: BoxedInterceptor) {
        self.0.push(interceptor);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shows a record to one after the other, until one refuses it.
    pub(crate) fn on_send(&self, record: &mut Record<'_>) -> Result<(), KafkaError> {
        for interceptor in &self.0 {
            if let Some(Err(Refused { code, message })) = guarded(|| interceptor.on_send(record)) {
                return Err(KafkaError::new(code, ErrorKind::Record, message));
            }
        }
        Ok(())
    }

    /// Tells of a record that `send` gives back with this error.
    pub(crate) fn given_back(&self, error: &KafkaError) {
        if self.is_empty() {
            return;
        }
        let Some(record) = error.record() else { return };
        let metadata = unplaced(record.topic.as_ref().into(), record.partition.unwrap_or(-1));
        self.tell(&metadata, Some(error), &record.headers);
    }

    /// Tells of a batch, record by record in their order.
    pub(crate) fn acknowledged(&self, Acknowledged { batch, sent }: &Acknowledged) {
        let (mut sent, nothing) = (sent.iter().peekable(), Sent::default());
        for index in 0..batch.len() {
            let own = sent.next_if(|(at, _)| *at == index);
            let own = own.map_or(&nothing, |(_, own)| own);
            match batch.result(index) {
                Ok(metadata) => self.tell(&metadata, None, &own.headers),
                Err(error) => {
                    let partition = own.partition.unwrap_or(batch.partition());
                    let metadata = unplaced(batch.topic().clone(), partition);
                    self.tell(&metadata, Some(&KafkaError::from(error)), &own.headers);
                }
            }
        }
    }

    fn tell(&self, metadata: &RecordMetadata, error: Option<&KafkaError>, headers: &[Header<'static>]) {
        let of = Acknowledgement {
            metadata,
            error,
            headers,
        };
        for interceptor in &self.0 {
            guarded(|| interceptor.on_acknowledgement(&of));
        }
    }

    pub(crate) fn close(&self) {
        for interceptor in &self.0 {
            guarded(|| interceptor.close());
        }
    }
}

/// One that panics is as good as one that is not there; the panic was printed when it happened.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// What Java's `RecordMetadata` says of a record that is nowhere.
fn unplaced(topic: Arc<str>, partition: i32) -> RecordMetadata {
    RecordMetadata {
        topic,
        partition,
        offset: -1,
        timestamp: -1,
        serialized_key_size: -1,
        serialized_value_size: -1,
    }
}

/// An interceptor may be kept by the application, to ask it later what it saw.
impl<I: Interceptor + ?Sized> Interceptor for Arc<I>
where
    Arc<I>: crate::hooks::MaybeSend + crate::hooks::MaybeSync,
{
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        (**self).on_send(record)
    }

    fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
        (**self).on_acknowledgement(of);
    }

    fn close(&self) {
        (**self).close();
    }
}
