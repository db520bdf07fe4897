//! Writes a database from the blocks of another one and changes in key order, in one pass. Blocks that no change touches
//! are taken over.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use slatedb::tables::{BlockFeed, BlockRows, StoredBlock};
use tokio::sync::Notify;
use wasm_bindgen::prelude::*;

use super::chunk::each_row;
use super::output::Output;
use super::state::{check, table_bytes, table_options};
use super::{answer_until, closed_state};
use crate::error::EngineError;
use crate::outcome::Outcome;
use crate::reader::Reader;
use crate::store::HostStore;
use crate::{executor, settings};

/// Bytes of old blocks that one call merges.
const STEP_BYTES: usize = 4 << 20;
/// The first byte of the value of a change.
const DELETE: u8 = 0;
const PUT: u8 = 1;
/// Requests for old blocks at the same time.
const REQUESTS: usize = 2;

#[wasm_bindgen]
pub struct TableUpdate {
    state: Arc<Mutex<Option<State>>>,
    closing: Arc<Notify>,
}

impl Drop for TableUpdate {
    /// Ends a running call, which may wait for a store that never answers.
    fn drop(&mut self) {
        self.state.lock().take();
        self.closing.notify_waiters();
        executor::run();
    }
}

/// Begins a database at the root of `store`, made from that of `base`, which can be updated. `memory_bytes` are for tables on their way, `request_bytes` for one request of the base.
#[wasm_bindgen(js_name = openTableUpdate)]
pub fn open_table_update(
    store: u32,
    settings_json: &str,
    memory_bytes: f64,
    request_bytes: u32,
    base: &Reader,
) -> Result<TableUpdate, JsValue> {
    let open = || -> Result<State, EngineError> {
        let unfit = || EngineError::invalid("update: the rows of the base have to be read one by one");
        let parsed = settings::parse(settings_json, 0)?;
        let tables = base.tables()?.ok_or_else(unfit)?;
        let table_bytes = parsed.table_bytes.unwrap_or_else(|| table_bytes(memory_bytes as usize));
        let mut output = Output::new(HostStore::writable(store), table_options(&parsed), table_bytes);
        let feed = BlockFeed::new(&tables, request_bytes as usize, REQUESTS, output.row_end()).ok_or_else(unfit)?;
        output.expect(table_bytes.min(tables.bytes() + tables.bytes() / 16));
        let (changes, counts) = (Changes::default(), Counts::default());
        Ok(State { feed, output, block: None, changes, counts, is_over: false })
    };
    let state = open().map_err(EngineError::into_js)?;
    Ok(TableUpdate { state: Arc::new(Mutex::new(Some(state))), closing: Arc::default() })
}

#[wasm_bindgen]
impl TableUpdate {
    /// Takes a packed chunk of changes in ascending order: the value of each begins with a byte, 1 if the rest is put, 0 if
    /// the key is deleted. Without a chunk, no change follows.
    pub fn add(&self, chunk: Option<Vec<u8>>) -> Result<(), JsValue> {
        let mut state = self.state.lock();
        let Some(open) = state.as_mut() else { return Err(closed_state("add").into_js()) };
        let added = match chunk {
            Some(chunk) => open.changes.add(&chunk),
            None => {
                open.changes.ended = true;
                Ok(())
            }
        };
        added.map_err(|error| {
            *state = None;
            error.into_js()
        })
    }

    /// Merges some rows. True if it has merged all that it can before more changes are added.
    pub fn step(&self) -> Result<JsValue, JsValue> {
        let state = self.take("step");
        let place = Arc::clone(&self.state);
        answer_until(&self.closing, async move {
            let mut state = state?;
            let needs_changes = state.step().await?;
            *place.lock() = Some(state);
            Ok(Outcome::handle(needs_changes))
        })
    }

    /// Counts so far: rows read, rows written, keys inserted, replaced by another value and deleted.
    pub fn counts(&self) -> Result<Vec<f64>, JsValue> {
        let state = self.state.lock();
        let state = state.as_ref().ok_or_else(|| closed_state("counts").into_js())?;
        let Counts { read, inserted, replaced, deleted, .. } = state.counts;
        Ok([read, state.output.rows(), inserted, replaced, deleted].map(|count| count as f64).to_vec())
    }

    /// The first key of the new database, then the last one; nothing without rows.
    pub fn bound(&self, last: bool) -> Result<Option<Vec<u8>>, JsValue> {
        let state = self.state.lock();
        let state = state.as_ref().ok_or_else(|| closed_state("bound").into_js())?;
        let Counts { first_key, last_key, .. } = &state.counts;
        Ok((state.output.rows() > 0).then(|| if last { last_key.clone() } else { first_key.clone() }))
    }

    /// Stores tables and manifest, and answers with the number of rows. Nothing follows.
    pub fn seal(&self) -> Result<JsValue, JsValue> {
        let state = self.take("seal");
        answer_until(&self.closing, async move {
            let state = state?;
            match state.is_over {
                true => Ok(Outcome::handle(state.output.finish().await? as f64)),
                false => Err(EngineError::invalid("seal: changes were not ended, or not all rows are merged")),
            }
        })
    }

    /// A call that fails, or that has not ended, leaves no state: the database stays unfinished.
    fn take(&self, call: &str) -> Result<State, EngineError> {
        self.state.lock().take().ok_or_else(|| closed_state(call))
    }
}

/// A block, and its rows that are left if it is not taken over.
struct Open {
    block: StoredBlock,
    rows: Option<BlockRows>,
}

#[derive(Default)]
struct Counts {
    read: u64,
    inserted: u64,
    replaced: u64,
    deleted: u64,
    first_key: Vec<u8>,
    last_key: Vec<u8>,
}

struct State {
    feed: BlockFeed,
    output: Output,
    /// A block that waits for more changes.
    block: Option<Open>,
    changes: Changes,
    counts: Counts,
    /// Whether all rows and changes are merged.
    is_over: bool,
}

impl State {
    /// Merges some blocks. True if nothing is left to do before more changes come.
    async fn step(&mut self) -> Result<bool, EngineError> {
        let mut bytes = 0;
        while !self.is_over && bytes < STEP_BYTES {
            let open = match self.block.take() {
                Some(open) => Some(open),
                None => self.feed.next().await?.map(|block| Open { block, rows: None }),
            };
            let Some(mut open) = open else {
                self.changes_before(None)?;
                self.store_due().await?;
                self.is_over = self.changes.ended;
                return Ok(true);
            };
            let is_merged = self.merge(&mut open)?;
            self.store_due().await?;
            if !is_merged {
                self.block = Some(open);
                return Ok(true);
            }
            bytes += open.block.bytes();
        }
        Ok(self.is_over)
    }

    /// Merges a block with its changes. False if more of them have to be known first.
    fn merge(&mut self, Open { block, rows }: &mut Open) -> Result<bool, EngineError> {
        if rows.is_none() {
            self.changes_before(Some(block.first_key()))?;
            let next = self.changes.next();
            if next.is_none() && !self.changes.reach(block.last_key()) {
                return Ok(false);
            }
            let is_touched = next.is_some_and(|change| change.key() <= block.last_key());
            self.counts.read += block.rows();
            if self.output.take_over(block, is_touched)? {
                self.counts.note(block.first_key());
                self.counts.note(block.last_key());
                return Ok(true);
            }
        }
        if rows.is_none() {
            *rows = Some(BlockRows::new(block)?);
        }
        let Some(rows) = rows else { return Ok(true) };
        while let Some((content, key_bytes)) = rows.row() {
            if !self.changes.reach(&content[..key_bytes]) {
                self.changes_before(None)?;
                return Ok(false);
            }
            self.merge_row(content, key_bytes)?;
            rows.step()?;
        }
        Ok(true)
    }

    fn merge_row(&mut self, content: &[u8], key_bytes: usize) -> Result<(), EngineError> {
        let key = &content[..key_bytes];
        self.changes_before(Some(key))?;
        let Self { changes, output, counts, .. } = self;
        let Some(change) = changes.next().filter(|change| change.key() == key) else {
            counts.note(key);
            return output.push_old(content, key_bytes);
        };
        match change.row() {
            None => counts.deleted += 1,
            Some(row) => {
                counts.replaced += u64::from(row[key_bytes..] != content[key_bytes..]);
                counts.note(key);
                output.push_old(row, key_bytes)?;
            }
        }
        changes.pop();
        Ok(())
    }

    /// Applies the changes before a key, or all that are left: keys that no old row has.
    fn changes_before(&mut self, key: Option<&[u8]>) -> Result<(), EngineError> {
        let Self { changes, output, counts, .. } = self;
        while let Some(change) = changes.next().filter(|change| key.is_none_or(|key| change.key() < key)) {
            if let Some(row) = change.row() {
                counts.inserted += 1;
                counts.note(change.key());
                output.push_new(row, change.key().len())?;
            }
            changes.pop();
        }
        Ok(())
    }

    async fn store_due(&mut self) -> Result<(), EngineError> {
        match self.output.is_due() {
            true => self.output.store_due().await,
            false => Ok(()),
        }
    }
}

impl Counts {
    fn note(&mut self, key: &[u8]) {
        if self.first_key.is_empty() {
            self.first_key.extend_from_slice(key);
        }
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
    }
}

/// Changes that are not merged yet, in ascending order.
#[derive(Default)]
struct Changes {
    waiting: VecDeque<Change>,
    last_key: Vec<u8>,
    ended: bool,
}

/// Key and value of a change, without the first byte of the value.
struct Change {
    content: Box<[u8]>,
    key_bytes: usize,
    is_put: bool,
}

impl Change {
    fn key(&self) -> &[u8] {
        &self.content[..self.key_bytes]
    }

    /// The row that it puts.
    fn row(&self) -> Option<&[u8]> {
        self.is_put.then_some(&self.content[..])
    }
}

impl Changes {
    fn add(&mut self, chunk: &[u8]) -> Result<(), EngineError> {
        if self.ended {
            return Err(EngineError::invalid("add: changes were ended"));
        }
        each_row(chunk, |content, key_bytes| {
            let (key, value) = content.split_at(key_bytes);
            let Some((tag, value)) = value.split_first().filter(|(tag, _)| [DELETE, PUT].contains(tag)) else {
                return Err(EngineError::invalid("add: the value of a change begins with 1 (put) or 0 (delete)"));
            };
            check(key, value.len())?;
            if key <= &self.last_key[..] {
                return Err(EngineError::invalid("add: the keys of changes must ascend"));
            }
            self.last_key.clear();
            self.last_key.extend_from_slice(key);
            let is_put = *tag == PUT;
            let value: &[u8] = if is_put { value } else { &[] };
            self.waiting.push_back(Change { content: [key, value].concat().into(), key_bytes, is_put });
            Ok(())
        })
    }

    fn next(&self) -> Option<&Change> {
        self.waiting.front()
    }

    fn pop(&mut self) {
        self.waiting.pop_front();
    }

    /// Whether all changes up to a key are known.
    fn reach(&self, key: &[u8]) -> bool {
        self.ended || &self.last_key[..] >= key
    }
}
