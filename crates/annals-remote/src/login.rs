//! Who calls, told with every call.

use std::fmt;

use annals_core::{Error, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::{Request, Status, metadata::AsciiMetadataValue, service::Interceptor};

/// Adds the user and the password to each call, where there are some.
#[derive(Clone)]
pub struct Login(Option<AsciiMetadataValue>);

impl Login {
    pub(crate) fn new(user: Option<&(String, String)>) -> Result<Self> {
        let Some((user, password)) = user else { return Ok(Self(None)) };
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let mut value = AsciiMetadataValue::try_from(format!("Basic {encoded}"))
            .map_err(|_| Error::invalid("the user and the password fit in no header"))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Login {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}
