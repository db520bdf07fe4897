//! The lookups of one call: cached keys first, then the missing parts, fetched together.

use std::sync::Arc;

use bytes::Bytes;
use slatedb::tables::{Loaded, Lookup, Part, Tables};

use crate::error::EngineError;

/// Number of keys that are looked up together. Their parts stay in memory until the last of them is found.
const WINDOW: usize = 1024;
/// Limit of the values of one call in bytes. Packing them takes the same memory again.
pub const MOST_BYTES: usize = 1 << 30;

pub struct Lookups {
    tables: Arc<Tables>,
    keys: Vec<Bytes>,
    values: Vec<Option<Bytes>>,
    /// Positions of the keys of the window without a result.
    pending: Vec<usize>,
    next_window: usize,
    loaded: Loaded,
    lacking: Vec<Part>,
    /// Bytes of the values found.
    bytes: usize,
}

impl Lookups {
    pub fn new(tables: Arc<Tables>, keys: Vec<Bytes>) -> Self {
        let values = vec![None; keys.len()];
        Self {
            tables,
            keys,
            values,
            pending: Vec::new(),
            next_window: 0,
            loaded: Loaded::default(),
            lacking: Vec::new(),
            bytes: 0,
        }
    }

    /// Looks keys up until it would have to wait. True if all keys have a result.
    pub fn advance(&mut self) -> Result<bool, EngineError> {
        loop {
            let mut undecided = Vec::new();
            for &at in &self.pending {
                match self.tables.find(&self.keys[at], &mut self.loaded, &mut self.lacking)? {
                    Lookup::Value(value) => {
                        let value = value.into_bytes();
                        self.bytes += value.len();
                        self.values[at] = Some(value);
                    }
                    Lookup::Nothing => {}
                    Lookup::Lacking => undecided.push(at),
                }
            }
            self.pending = undecided;
            if self.bytes > MOST_BYTES {
                return Err(too_many_bytes());
            }
            if !self.pending.is_empty() {
                return Ok(false);
            }
            if self.next_window == self.keys.len() {
                return Ok(true);
            }
            let end = self.keys.len().min(self.next_window + WINDOW);
            self.pending.extend(self.next_window..end);
            self.next_window = end;
            self.loaded.forget_blocks();
        }
    }

    /// Fetches and looks up until all keys have a result.
    pub async fn finish(mut self) -> Result<Vec<Option<Bytes>>, EngineError> {
        while !self.advance()? {
            let lacking = std::mem::take(&mut self.lacking);
            self.tables.load(lacking, &mut self.loaded).await?;
        }
        Ok(self.values)
    }
}

pub fn too_many_bytes() -> EngineError {
    EngineError::too_large(format!("values of more than {MOST_BYTES} bytes for the keys of one call"))
}
