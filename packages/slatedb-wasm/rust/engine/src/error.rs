//! Errors for JavaScript.

use std::error::Error;
use std::fmt;

use slatedb::{ErrorKind, TooLarge};
use wasm_bindgen::JsValue;

use crate::host;

/// An error thrown by a callback of the store. `failure` is its number at the host.
#[derive(Debug, Clone)]
pub struct StoreFailure {
    pub failure: u32,
    pub message: String,
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreFailure {}

/// An object ends before the requested bytes. SlateDB does not check this.
#[derive(Debug)]
pub struct CutShort(pub String);

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is cut short", self.0)
    }
}

impl Error for CutShort {}

#[derive(Debug)]
pub struct EngineError {
    kind: &'static str,
    message: String,
    failure: u32,
}

// SlateDB's message for a missing database. The error has no separate kind.
const NO_DATABASE: &str = "failed to find latest transactional object";

impl EngineError {
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { kind: "Invalid", message: message.into(), failure: 0 }
    }

    pub fn too_large(message: impl Into<String>) -> Self {
        Self { kind: "TooLarge", message: message.into(), failure: 0 }
    }

    pub fn closed(message: impl Into<String>) -> Self {
        Self { kind: "Closed", message: message.into(), failure: 0 }
    }

    pub fn fenced(message: impl Into<String>) -> Self {
        Self { kind: "Fenced", message: message.into(), failure: 0 }
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self { kind: "Internal", message: message.into(), failure: 0 }
    }

    pub fn into_js(self) -> JsValue {
        host::with(|host| host.error(self.kind, &self.message, self.failure))
    }
}

impl From<slatedb::Error> for EngineError {
    fn from(error: slatedb::Error) -> Self {
        // The verifier of flatbuffers writes several lines.
        let message = match cause::<TooLarge>(&error) {
            Some(found) => found.to_string(),
            None => error.to_string().lines().next().unwrap_or_default().to_string(),
        };
        let kind = match error.kind() {
            _ if cause::<CutShort>(&error).is_some() => "Data",
            _ if cause::<TooLarge>(&error).is_some() => "TooLarge",
            ErrorKind::Transaction => "Transaction",
            ErrorKind::Closed(slatedb::CloseReason::Fenced) => "Fenced",
            ErrorKind::Closed(_) => "Closed",
            ErrorKind::Unavailable => "Unavailable",
            ErrorKind::Invalid => "Invalid",
            ErrorKind::Data if message.contains(NO_DATABASE) => "NotFound",
            ErrorKind::Data => "Data",
            _ => "Internal",
        };
        let failure = cause::<StoreFailure>(&error).map_or(0, |found| found.failure);
        Self { kind, message, failure }
    }
}

impl From<object_store::Error> for EngineError {
    fn from(error: object_store::Error) -> Self {
        let failure = cause::<StoreFailure>(&error);
        Self {
            kind: "Unavailable",
            message: failure.map_or_else(|| error.to_string(), |found| found.message.clone()),
            failure: failure.map_or(0, |found| found.failure),
        }
    }
}

fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
