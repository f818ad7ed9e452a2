//! What stands before every request and response.

use alloc::string::String;

use crate::api::ApiKey;
use crate::primitives::{DecodeError, EncodeError, Reader, Writer};

/// Stands before a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestHeader {
    /// Which API; see [`ApiKey::from_i16`].
    pub api_key: i16,
    /// Which version of it.
    pub api_version: i16,
    /// The response repeats it.
    pub correlation_id: i32,
    /// Who asks, for quotas and logs.
    pub client_id: Option<String>,
}

impl RequestHeader {
    /// Appends the header in the version that its API and version call for. The client id keeps its 16-bit length
    /// in flexible versions too.
    pub fn write(&self, w: &mut Writer) -> Result<(), EncodeError> {
        w.i16(self.api_key);
        w.i16(self.api_version);
        w.i32(self.correlation_id);
        w.enter("RequestHeader.client_id");
        w.string(false, self.client_id.as_deref())?;
        if self.has_tagged_fields() {
            w.uvarint(0);
        }
        Ok(())
    }

    /// Reads the header. Of an API that this crate does not know, tagged fields stay unread.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.enter("RequestHeader");
        let header = Self {
            api_key: r.i16()?,
            api_version: r.i16()?,
            correlation_id: r.i32()?,
            client_id: r.nullable_string(false)?,
        };
        if header.has_tagged_fields() {
            r.skip_tagged_fields()?;
        }
        Ok(header)
    }

    fn has_tagged_fields(&self) -> bool {
        ApiKey::from_i16(self.api_key).is_some_and(|api| api.request_header_version(self.api_version) >= 2)
    }
}

/// Stands before a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseHeader {
    /// The one of the request that is answered.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// Appends the header of a response to that version of that API.
    pub fn write(&self, api: ApiKey, version: i16, w: &mut Writer) {
        w.i32(self.correlation_id);
        if api.response_header_version(version) >= 1 {
            w.uvarint(0);
        }
    }

    /// Reads the header of a response to that version of that API.
    pub fn read(api: ApiKey, version: i16, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.enter("ResponseHeader");
        let header = Self {
            correlation_id: r.i32()?,
        };
        if api.response_header_version(version) >= 1 {
            r.skip_tagged_fields()?;
        }
        Ok(header)
    }
}
