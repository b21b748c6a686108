//! Who calls, told with every call.

use std::fmt;

use annals_core::{Error, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::{Request, Status, metadata::AsciiMetadataValue, service::Interceptor};

/// Adds the user and the password to each call, where there are some, and what else is told with
/// each.
#[derive(Clone, Default)]
pub struct Login(Vec<(&'static str, AsciiMetadataValue)>);

impl Login {
    /// Tells a user with its password.
    ///
    /// # Errors
    /// `InvalidArgument` for a user that fits in no header.
    pub fn new(user: Option<&(String, String)>) -> Result<Self> {
        let Some((user, password)) = user else { return Ok(Self::default()) };
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let mut value = AsciiMetadataValue::try_from(format!("Basic {encoded}"))
            .map_err(|_| Error::invalid("the user and the password fit in no header"))?;
        value.set_sensitive(true);
        Ok(Self(vec![("authorization", value)]))
    }

    /// Tells something else too, under a name in lower case.
    ///
    /// # Errors
    /// `InvalidArgument` for a value that fits in no header.
    pub fn and(mut self, name: &'static str, value: &str) -> Result<Self> {
        let value = AsciiMetadataValue::try_from(value)
            .map_err(|_| Error::invalid(format!("`{name}` fits in no header")))?;
        self.0.push((name, value));
        Ok(self)
    }
}

impl Interceptor for Login {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (name, value) in &self.0 {
            request.metadata_mut().insert(*name, value.clone());
        }
        Ok(request)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}
