//! Reads of scans that a store answers without a wait, straight into the memory of the engine.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use slatedb::tables::is_read_of_scan;

use crate::host;

/// Longer ranges take longer than a wait.
const MOST_BYTES: usize = 512 << 10;
/// The folder of tables. Other objects are compared with their seal, which takes a wait.
const TABLES: &str = "compacted/";

/// The reads of a store that can answer without a wait.
#[derive(Debug, Clone)]
pub struct NowReads {
    store: u32,
    /// How many reads in a row it did not answer.
    refusals: Arc<AtomicU32>,
}

impl NowReads {
    /// Nothing if the store cannot.
    pub fn of(store: u32) -> Option<Self> {
        host::with(|host| host.can_read_now(store)).then(|| Self { store, refusals: Arc::default() })
    }

    pub fn refusals(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.refusals)
    }

    /// A part of a table for a scan, if the store has it now.
    pub fn read(&self, path: &Path, range: &Range<u64>) -> Option<Bytes> {
        let bytes = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        if bytes == 0 || bytes > MOST_BYTES || !path.as_ref().starts_with(TABLES) || !is_read_of_scan() {
            return None;
        }
        let mut read = Vec::<u8>::with_capacity(bytes);
        let (start, address) = (range.start as f64, read.as_mut_ptr() as usize);
        if !host::with(|host| host.read_now(self.store, path.as_ref(), start, address, bytes)) {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.refusals.store(0, Ordering::Relaxed);
        // The host has written all of it.
        unsafe { read.set_len(bytes) };
        Some(read.into())
    }
}
