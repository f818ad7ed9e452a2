//! Interceptors that many want.

use std::borrow::Cow;

use ottla_core::{Header, Record};

use super::{Interceptor, Refused};

/// Adds a header that says where a record is from, so that nobody has to parse its value for that. It is added behind
/// the record's own headers, even beside one of the same name: a record that is passed on shows its whole way.
///
/// ```
/// use ottla::interceptor::Provenance;
/// let shop = Provenance::new("shop 1.2");                 // provenance: shop 1.2
/// let till = Provenance::new("till 7").header("x-origin"); // x-origin: till 7
/// ```
#[derive(Clone, Debug)]
pub struct Provenance {
    name: Cow<'static, str>,
    source: Vec<u8>,
}

impl Provenance {
    /// Writes `source` into the header `provenance`.
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed("provenance"),
            source: source.into().into_bytes(),
        }
    }

    /// Chooses another header.
    #[must_use]
    pub fn header(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

impl Interceptor for Provenance {
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        record.headers.push(Header {
            key: self.name.clone(),
            value: Some(Cow::Owned(self.source.clone())),
        });
        Ok(())
    }
}

/// Refuses records whose key is null, with `INVALID_RECORD`: for topics that are compacted, or ordered by key. An empty
/// key is a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireKey;

impl Interceptor for RequireKey {
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        match record.key {
            Some(_) => Ok(()),
            None => Err(Refused::new(format!(
                "records of topic {} need a key here (interceptor RequireKey); give the record one",
                record.topic
            ))),
        }
    }
}

/// Refuses records above a size, with `RECORD_TOO_LARGE`: key, value, and names and values of headers, in bytes before
/// compression. `max.request.size` limits a record with all that Kafka adds to it, and for all topics alike.
#[derive(Clone, Copy, Debug)]
pub struct MaximumSize(usize);

impl MaximumSize {
    /// Lets records of up to so many bytes pass.
    pub fn bytes(limit: usize) -> Self {
        Self(limit)
    }
}

impl Interceptor for MaximumSize {
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        let length = |bytes: &Option<Cow<'_, [u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
        let headers = record.headers.iter();
        let headers: usize = headers
            .map(|header| header.key.len() + length(&header.value))
            .sum();
        let size = length(&record.key) + length(&record.value) + headers;
        if size <= self.0 {
            return Ok(());
        }
        let message = format!(
            "a record of {size} bytes for topic {}, where {} are allowed (interceptor MaximumSize); send less",
            record.topic, self.0
        );
        Err(Refused::with_code("RECORD_TOO_LARGE", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_stands_behind_the_records_own_headers() {
        let mut record = Record::to("t").header("provenance", "till 7");
        Provenance::new("shop")
            .on_send(&mut record)
            .expect("lets everything pass");
        Provenance::new("s")
            .header("x")
            .on_send(&mut record)
            .expect("lets everything pass");
        let headers = record.headers.iter();
        let headers: Vec<_> = headers.map(|h| (&*h.key, h.value.as_deref())).collect();
        assert_eq!(
            headers,
            [
                ("provenance", Some(&b"till 7"[..])),
                ("provenance", Some(b"shop")),
                ("x", Some(b"s"))
            ]
        );
    }

    #[test]
    fn an_empty_key_is_a_key_and_null_is_none() {
        assert_eq!(RequireKey.on_send(&mut Record::to("t").key("")), Ok(()));
        let refused = RequireKey
            .on_send(&mut Record::to("t").value("v"))
            .expect_err("no key");
        let refused = refused.to_string();
        assert!(
            refused.starts_with("INVALID_RECORD: ") && refused.contains("topic t"),
            "{refused}"
        );
    }

    #[test]
    fn key_value_and_headers_count_towards_the_size() {
        let record = || {
            Record::to("t")
                .key("12")
                .value("345")
                .header("67", "89")
                .null_header("0")
        };
        assert_eq!(MaximumSize::bytes(10).on_send(&mut record()), Ok(()));
        let refused = MaximumSize::bytes(9)
            .on_send(&mut record())
            .expect_err("one too many");
        let refused = refused.to_string();
        assert!(
            refused.starts_with("RECORD_TOO_LARGE: a record of 10 bytes"),
            "{refused}"
        );
    }
}
