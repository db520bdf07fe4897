//! The blocks of a whole database in key order, as they are stored: for a new database that takes some of them over.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use siphasher::sip::SipHasher13;
use tokio::task::JoinHandle;

use super::rows::{row_at, Effect, Row};
use super::Tables;
use crate::config::CompressionCodec;
use crate::error::SlateDBError;
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;
use crate::partitioned_keyspace::RangePartitionedKeySpace;

/// How many cached blocks are held ahead of time.
const CACHED_AHEAD: usize = 4;

/// A block whose rows were checked: they fill it, and their keys ascend.
pub struct StoredBlock {
    pub(crate) block: Block,
    /// Rows and restarts as they are before they are packed.
    pub(crate) plain: Bytes,
    /// The bytes in storage, with their checksum; nothing if the block comes from the cache.
    pub(crate) stored: Option<Bytes>,
    pub(crate) codec: Option<CompressionCodec>,
    /// Whether all rows have the end that a writer asked for, so that they may be taken over.
    pub(crate) has_same_ends: bool,
    /// Rows with a value.
    rows: u64,
    pub(crate) first_key: Vec<u8>,
    pub(crate) last_key: Vec<u8>,
    pub(crate) key_bytes: u64,
    pub(crate) value_bytes: u64,
    /// Of the keys, for a filter.
    pub(crate) hashes: Vec<u64>,
}

impl StoredBlock {
    /// The number of its rows with a value.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn first_key(&self) -> &[u8] {
        &self.first_key
    }

    pub fn last_key(&self) -> &[u8] {
        &self.last_key
    }

    /// Its bytes before they are packed.
    pub fn bytes(&self) -> usize {
        self.plain.len()
    }

}

/// The rows of a block that have a value, one after the other.
pub struct BlockRows {
    data: Bytes,
    /// The offset of the next row.
    at: usize,
    key: Vec<u8>,
    /// Key and value of the current row.
    content: Vec<u8>,
    is_over: bool,
}

impl BlockRows {
    pub fn new(block: &StoredBlock) -> Result<Self, crate::Error> {
        let data = block.block.data.clone();
        let mut rows = Self { data, at: 0, key: Vec::new(), content: Vec::new(), is_over: false };
        rows.step()?;
        Ok(rows)
    }

    /// Key and value of the current row, as one slice with the length of the key; nothing after the last one.
    pub fn row(&self) -> Option<(&[u8], usize)> {
        (!self.is_over).then_some((&self.content[..], self.key.len()))
    }

    pub fn step(&mut self) -> Result<(), crate::Error> {
        while self.at < self.data.len() {
            let row = row_at(&self.data, self.at)?;
            row.complete_key(&self.data, &mut self.key)?;
            self.at = row.end;
            if let Effect::Value = row.effect()? {
                self.content.clear();
                self.content.extend_from_slice(&self.key);
                self.content.extend_from_slice(&self.data[row.value.clone()]);
                return Ok(());
            }
        }
        self.is_over = true;
        Ok(())
    }
}

enum Ahead {
    Cached(usize, Arc<Block>),
    Running(Range<usize>, JoinHandle<object_store::Result<Bytes>>),
}

/// Reads the blocks of all tables, some requests ahead.
pub struct BlockFeed {
    tables: Arc<Tables>,
    /// The tables that were not started.
    run: Range<usize>,
    request_bytes: usize,
    requests: usize,
    index: Option<(usize, Arc<SsTableIndexOwned>)>,
    /// Blocks of the table without a request.
    blocks: Range<usize>,
    ahead: VecDeque<Ahead>,
    /// Blocks that were fetched together: their numbers, and the bytes, which begin with the first of them.
    fetched: Option<(Range<usize>, Bytes)>,
    row_end: Vec<u8>,
    last_key: Vec<u8>,
}

impl BlockFeed {
    /// Nothing if a key may have several rows: then rows have to be merged. Rows that end with `row_end` may be taken over
    /// by a new database.
    pub fn new(tables: &Arc<Tables>, request_bytes: usize, requests: usize, row_end: Vec<u8>) -> Option<Self> {
        if !tables.is_one_run() {
            return None;
        }
        let run = tables.runs.first().cloned().unwrap_or_default();
        Some(Self {
            tables: Arc::clone(tables),
            run,
            request_bytes,
            requests,
            index: None,
            blocks: 0..0,
            ahead: VecDeque::new(),
            fetched: None,
            row_end,
            last_key: Vec::new(),
        })
    }

    /// The next block; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<StoredBlock>, crate::Error> {
        loop {
            self.look_ahead()?;
            if let Some((numbers, bytes)) = &mut self.fetched {
                if let Some(number) = numbers.next() {
                    let bytes = bytes.clone();
                    return Ok(Some(self.stored_block(number, &bytes)?));
                }
                self.fetched = None;
            }
            match self.ahead.pop_front() {
                Some(Ahead::Cached(number, block)) => {
                    let plain = block.encode();
                    let block = Block::decode(plain.clone())?;
                    return Ok(Some(self.checked(number, block, plain, None)?));
                }
                Some(Ahead::Running(numbers, fetch)) => {
                    let bytes = fetch.await;
                    let bytes = bytes.map_err(|_| SlateDBError::BackgroundTaskCancelled("blocks".to_string()))?;
                    self.fetched = Some((numbers, bytes.map_err(SlateDBError::from)?));
                }
                None => {
                    if !self.next_table().await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    async fn next_table(&mut self) -> Result<bool, crate::Error> {
        let Some(at) = self.run.next() else { return Ok(false) };
        let index = self.tables.load_index(at).await?;
        self.blocks = 0..index.borrow().partitions();
        if self.blocks.is_empty() {
            return Err(SlateDBError::Damaged("a table has no blocks").into());
        }
        self.index = Some((at, index));
        Ok(true)
    }

    fn table(&self) -> Result<(usize, Arc<SsTableIndexOwned>), SlateDBError> {
        self.index.clone().ok_or(SlateDBError::Damaged("a table has no index"))
    }

    /// The place of some blocks of the table.
    fn place(&self, numbers: Range<usize>) -> Result<Range<u64>, SlateDBError> {
        let (at, index) = self.table()?;
        let index = index.borrow();
        self.tables.store.sst_format.block_range(numbers, &self.tables.tables[at].handle.info, &index)
    }

    /// Starts requests for the next blocks that are not cached.
    fn look_ahead(&mut self) -> Result<(), SlateDBError> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        let (at, index) = self.table()?;
        while !self.blocks.is_empty() && self.ahead.len() < self.requests.max(CACHED_AHEAD) {
            let next = self.blocks.start;
            if let Some(block) = self.tables.cached_block(at, &index, next) {
                self.blocks.start += 1;
                self.ahead.push_back(Ahead::Cached(next, block));
                continue;
            }
            let running = self.ahead.iter().filter(|ahead| matches!(ahead, Ahead::Running(..))).count();
            if running >= self.requests {
                return Ok(());
            }
            let offset = |number: usize| index.borrow().block_meta().get(number).offset();
            let limit = offset(next).saturating_add(self.request_bytes as u64);
            let end = (next + 1..self.blocks.end).find(|number| offset(*number) >= limit);
            let numbers = next..end.unwrap_or(self.blocks.end);
            let range = self.place(numbers.clone())?;
            let store = &self.tables.store;
            let id = self.tables.tables[at].handle.id;
            let (objects, path) = (store.object_stores.store_for(&id), store.path(&id));
            let fetch = tokio::spawn(async move { objects.get_range(&path, range).await });
            self.blocks.start = numbers.end;
            self.ahead.push_back(Ahead::Running(numbers, fetch));
        }
        Ok(())
    }

    /// Block `number` from the bytes that end with the last block that is left in `fetched`.
    fn stored_block(&mut self, number: usize, bytes: &Bytes) -> Result<StoredBlock, crate::Error> {
        let (at, _) = self.table()?;
        let Range { start, end } = self.place(number..number + 1)?;
        let size = usize::try_from(end - start).unwrap_or(usize::MAX);
        if size > bytes.len() {
            return Err(SlateDBError::Damaged("a block of a table ends before it starts").into());
        }
        let stored = bytes.slice(..size);
        if let Some((_, rest)) = &mut self.fetched {
            *rest = bytes.slice(size..);
        }
        let store = &self.tables.store;
        let handle = &self.tables.tables[at].handle;
        let unpacked = store.sst_format.unpack_now(stored.clone(), handle.info.compression_codec);
        let unpacked = unpacked.map_err(|error| error.with_path(&store.path(&handle.id)))?;
        let Some(plain) = unpacked else {
            return Err(SlateDBError::Damaged("a block of a table is too short").into());
        };
        let block = Block::decode(plain.clone())?;
        self.checked(number, block, plain, Some(stored))
    }

    /// Reads the keys of a block, in one pass.
    fn checked(
        &mut self,
        number: usize,
        block: Block,
        plain: Bytes,
        stored: Option<Bytes>,
    ) -> Result<StoredBlock, crate::Error> {
        let (at, _) = self.table()?;
        let codec = self.tables.tables[at].handle.info.compression_codec;
        let mut checked = StoredBlock {
            block,
            plain,
            stored,
            codec,
            has_same_ends: true,
            rows: 0,
            first_key: Vec::new(),
            last_key: Vec::new(),
            key_bytes: 0,
            value_bytes: 0,
            hashes: Vec::new(),
        };
        self.read_keys(&mut checked, number)?;
        Ok(checked)
    }

    fn read_keys(&mut self, checked: &mut StoredBlock, number: usize) -> Result<(), SlateDBError> {
        let data = &checked.block.data[..];
        let mut restarts = checked.block.offsets.iter().map(|offset| usize::from(*offset)).peekable();
        if restarts.peek() != Some(&0) || data.is_empty() {
            return Err(SlateDBError::Damaged("a block does not begin with a row"));
        }
        let key = &mut checked.last_key;
        let mut at = 0;
        while at < data.len() {
            let row = row_at(data, at)?;
            self.tables.check(&row)?;
            if restarts.next_if_eq(&at).is_some() && row.shared != 0 {
                return Err(SlateDBError::Damaged("a restart of a block is not a whole key"));
            }
            let previous = if at == 0 { &self.last_key[..] } else { &key[..] };
            // Nothing comes before the first key of a database.
            if !(at == 0 && previous.is_empty()) && !follows(&row, data, previous, at == 0) {
                return Err(SlateDBError::Damaged("the rows of a table are not in order"));
            }
            row.complete_key(data, key)?;
            if key.is_empty() {
                return Err(SlateDBError::Damaged("a row has an empty key"));
            }
            checked.hashes.push(SipHasher13::new().hash(key));
            checked.key_bytes += key.len() as u64;
            checked.value_bytes += row.value.len() as u64;
            if data[row.value.end..row.end] != self.row_end[..] {
                checked.has_same_ends = false;
            }
            if let Effect::Value = row.effect()? {
                checked.rows += 1;
            }
            if at == 0 {
                checked.first_key.extend_from_slice(key);
            }
            at = row.end;
        }
        if restarts.next().is_some() {
            return Err(SlateDBError::Damaged("a restart of a block is not at a row"));
        }
        // The bounds in the manifest, by which readers choose the table.
        let (table, index) = self.table()?;
        let bounds = &self.tables.tables[table];
        let is_last = number + 1 == index.borrow().partitions();
        let is_expected = (number > 0 || checked.first_key == bounds.first) && (!is_last || *key == bounds.last);
        if !is_expected {
            return Err(SlateDBError::Damaged("a table has other keys than its manifest says"));
        }
        self.last_key.clone_from(key);
        Ok(())
    }
}

impl Drop for BlockFeed {
    fn drop(&mut self) {
        for ahead in self.ahead.drain(..) {
            if let Ahead::Running(_, fetch) = ahead {
                fetch.abort();
            }
        }
    }
}

/// Whether the key of the row comes after the previous one, of which it may share a part.
fn follows(row: &Row, data: &[u8], previous: &[u8], is_whole: bool) -> bool {
    let suffix = &data[row.suffix.clone()];
    let shared = if is_whole { 0 } else { row.shared };
    previous.get(shared..).is_some_and(|rest| suffix.cmp(rest) == Ordering::Greater)
}
