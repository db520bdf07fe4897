//! Scans, a chunk at a time.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use slatedb::config::ScanOptions;
use slatedb::tables::{Fetching, Keys, TableScan};
use slatedb::{DbIterator, IterationOrder};
use tokio::sync::Mutex;
use wasm_bindgen::prelude::*;

use crate::error::EngineError;
use crate::outcome::{answer, Outcome};
use crate::packed::PackedChunk;
use crate::reader::Open;

/// The room of a new chunk in entries; it grows.
const MOST_ROOM: usize = 4096;

#[wasm_bindgen]
pub struct Scan {
    state: Arc<Mutex<State>>,
}

enum State {
    Unopened(Request),
    Open { rows: Rows, reader: Open, last_bytes: usize },
    Over,
}

/// Straight from the tables if they can serve the scan, else from SlateDB's iterator.
enum Rows {
    Tables(Box<TableScan>),
    Iterator(Box<DbIterator>),
}

struct Request {
    reader: Open,
    start: Option<Vec<u8>>,
    end: Option<Vec<u8>>,
    reverse: bool,
    fetching: Fetching,
}

impl Scan {
    pub fn new(
        reader: Open,
        start: Option<Vec<u8>>,
        end: Option<Vec<u8>>,
        reverse: bool,
        read_ahead_bytes: usize,
        fetch_tasks: usize,
        keeps_blocks: bool,
    ) -> Self {
        let is_empty = match (&start, &end) {
            (_, Some(end)) if end.is_empty() => true,
            (Some(start), Some(end)) => start >= end,
            _ => false,
        };
        // The empty key cannot be stored, so a range from it starts at the first key.
        let start = start.filter(|start| !start.is_empty());
        let fetching = Fetching {
            request_bytes: read_ahead_bytes.max(1),
            requests: fetch_tasks.max(1),
            keeps_blocks,
        };
        let state = match is_empty {
            true => State::Over,
            false => State::Unopened(Request { reader, start, end, reverse, fetching }),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

#[wasm_bindgen]
impl Scan {
    /// The next entries, packed: up to `max_entries`, and no further entry after `max_bytes`. Nothing at the end.
    #[wasm_bindgen(js_name = nextChunk)]
    pub fn next_chunk(&self, max_entries: u32, max_bytes: u32) -> Result<JsValue, JsValue> {
        let state = Arc::clone(&self.state);
        answer(async move {
            let mut state = state
                .try_lock()
                .map_err(|_| EngineError::invalid("nextChunk: the call before it has not ended"))?;
            let result = next_chunk(&mut state, max_entries as usize, max_bytes as usize).await;
            if !matches!(result, Ok(Some(_))) {
                *state = State::Over;
            }
            Ok(result?.map_or(Outcome::Nothing, Outcome::Chunk))
        })
    }
}

async fn next_chunk(
    state: &mut State,
    max_entries: usize,
    max_bytes: usize,
) -> Result<Option<PackedChunk>, EngineError> {
    if let State::Unopened(request) = state {
        let reader = request.reader.clone();
        *state = State::Open { rows: request.open().await?, reader, last_bytes: 0 };
    }
    let State::Open { rows, reader, last_bytes } = state else { return Ok(None) };
    let mut chunk = PackedChunk::with_capacity(max_entries.min(MOST_ROOM), *last_bytes);
    let mut take = |key: &[u8], value: &[u8], block: &Bytes| {
        chunk.push(key, value, block);
        chunk.count() < max_entries && chunk.data_bytes() < max_bytes
    };
    match rows {
        Rows::Tables(rows) => {
            if max_entries > 0 && max_bytes > 0 {
                rows.fill(take).await?;
            }
        }
        Rows::Iterator(rows) => {
            let mut wants_more = max_entries > 0 && max_bytes > 0;
            while wants_more {
                let Some(row) = rows.next().await? else { break };
                reader.check(&row.value)?;
                wants_more = take(&row.key, &row.value, &row.value);
            }
        }
    }
    *last_bytes = chunk.data_bytes();
    Ok((chunk.count() > 0).then_some(chunk))
}

impl Request {
    async fn open(&mut self) -> Result<Rows, EngineError> {
        let (start, end) = (self.start.take(), self.end.take());
        if let Some(tables) = &self.reader.tables {
            let (start, end) = (start.map(Bytes::from), end.map(Bytes::from));
            let keys = Keys { start, end, reverse: self.reverse };
            return Ok(Rows::Tables(Box::new(TableScan::new(Arc::clone(tables), keys, self.fetching))));
        }
        let order = if self.reverse { IterationOrder::Descending } else { IterationOrder::Ascending };
        let options = ScanOptions {
            read_ahead_bytes: self.fetching.request_bytes,
            max_fetch_tasks: self.fetching.requests,
            order,
            ..ScanOptions::default()
        };
        let range =
            (start.map_or(Bound::Unbounded, Bound::Included), end.map_or(Bound::Unbounded, Bound::Excluded));
        let rows = self.reader.db.scan_with_options(range, &options).await?;
        Ok(Rows::Iterator(Box::new(rows)))
    }
}
