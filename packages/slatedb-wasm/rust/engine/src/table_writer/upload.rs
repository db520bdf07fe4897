//! Stores an object in pieces, if the store of the host takes them: neither side then has all of it in memory.

use js_sys::Uint8Array;
use object_store::path::Path;

use crate::calls::{self, Call, Reply};
use crate::error::EngineError;
use crate::host;
use crate::store::{failed, unexpected, HostStore};

/// Bytes of a piece, which stay in the cache of the processor from their encoding to the system call.
pub const PIECE_BYTES: usize = 1 << 20;

/// An object that is being stored. It does not exist before `complete`, and never if this is dropped.
pub struct Upload {
    store: u32,
    path: Path,
    /// The last piece, while it is stored.
    running: Option<Call>,
    is_complete: bool,
}

impl Upload {
    pub fn new(store: &HostStore, path: Path) -> Self {
        Self { store: store.number(), path, running: None, is_complete: false }
    }

    /// Adds bytes, which the host has copied when this ends. The last of them may still be on their way to storage.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        for piece in bytes.chunks(PIECE_BYTES) {
            self.stored().await?;
            let (store, path) = (self.store, &self.path);
            // The host copies the view before anything else can be allocated.
            self.running = Some(calls::start(|host, call| {
                host.append(call, store, path.as_ref(), unsafe { Uint8Array::view(piece) });
            }));
        }
        Ok(())
    }

    /// Makes the object visible, whole and durable.
    pub async fn complete(mut self) -> Result<(), EngineError> {
        self.stored().await?;
        let (store, path) = (self.store, &self.path);
        ended(calls::start(|host, call| host.complete(call, store, path.as_ref())).await)?;
        self.is_complete = true;
        Ok(())
    }

    async fn stored(&mut self) -> Result<(), EngineError> {
        match self.running.take() {
            Some(call) => ended(call.await),
            None => Ok(()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_complete {
            host::with(|host| host.abandon(self.store, self.path.as_ref()));
        }
    }
}

fn ended(answer: <Call as std::future::Future>::Output) -> Result<(), EngineError> {
    match answer {
        Ok(Reply::Flag(true)) => Ok(()),
        Ok(_) => Err(unexpected().into()),
        Err(failure) => Err(failed(failure).into()),
    }
}
