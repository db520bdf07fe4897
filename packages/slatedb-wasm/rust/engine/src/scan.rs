//! A scan, a chunk at a time.

use std::ops::Bound;
use std::sync::Arc;

use slatedb::config::ScanOptions;
use slatedb::{DbIterator, DbReader, IterationOrder};
use tokio::sync::Mutex;
use wasm_bindgen::prelude::*;

use crate::error::EngineError;
use crate::outcome::{answer, Outcome};
use crate::packed::PackedChunk;

#[wasm_bindgen]
pub struct Scan {
    state: Arc<Mutex<State>>,
}

enum State {
    Unopened(Request),
    Open { rows: DbIterator, last_bytes: usize },
    Over,
}

struct Request {
    reader: Arc<DbReader>,
    range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
    options: ScanOptions,
}

impl Scan {
    pub fn new(
        reader: Arc<DbReader>,
        start: Option<Vec<u8>>,
        end: Option<Vec<u8>>,
        reverse: bool,
        read_ahead_bytes: usize,
        fetch_tasks: usize,
    ) -> Self {
        let is_empty = match (&start, &end) {
            (_, Some(end)) if end.is_empty() => true,
            (Some(start), Some(end)) => start >= end,
            _ => false,
        };
        let order = if reverse { IterationOrder::Descending } else { IterationOrder::Ascending };
        let options =
            ScanOptions { read_ahead_bytes, max_fetch_tasks: fetch_tasks, order, ..ScanOptions::default() };
        // The empty key cannot be stored, so a range from there starts at the beginning.
        let start = start.filter(|start| !start.is_empty());
        let range =
            (start.map_or(Bound::Unbounded, Bound::Included), end.map_or(Bound::Unbounded, Bound::Excluded));
        let state = match is_empty {
            true => State::Over,
            false => State::Unopened(Request { reader, range, options }),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

#[wasm_bindgen]
impl Scan {
    /// The next entries, packed: at most `max_entries`, and no more once they take `max_bytes`. Nothing at
    /// the end.
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
        let rows = request.reader.scan_with_options(request.range.clone(), &request.options).await?;
        *state = State::Open { rows, last_bytes: 0 };
    }
    let State::Open { rows, last_bytes } = state else { return Ok(None) };
    let mut chunk = PackedChunk::with_capacity(max_entries.min(1 << 16), *last_bytes);
    while chunk.count() < max_entries && chunk.data_bytes() < max_bytes {
        match rows.next().await? {
            Some(row) => chunk.push(&row.key, &row.value),
            None => break,
        }
    }
    *last_bytes = chunk.data_bytes();
    Ok((chunk.count() > 0).then_some(chunk))
}
