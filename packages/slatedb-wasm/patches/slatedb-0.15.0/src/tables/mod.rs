//! wasm32: reads of a complete database straight from its tables.
//!
//! SlateDB's iterators work for every state of a database. They need a task for each lookup and about six boxed futures
//! for each row. A complete database consists of tables only. Here, cached values are found without tasks and futures,
//! and missing parts are fetched for many keys at a time. A database with a log, segments or parts of other databases
//! is read by the iterators; see `DbReader::tables`.

mod append;
mod blocks;
mod cursor;
mod directory;
mod feed;
mod head;
mod level0;
mod load;
mod lookup;
mod rows;
mod scan;
mod supply;
mod words;

pub use append::append;
pub use crate::checksum::add as add_checksum;
pub use blocks::{BlockFeed, BlockRows, StoredBlock};
pub(crate) use directory::{directory_bytes, DirectoryCell};
pub use head::{head_bytes, set_head_limit};
use head::{Head, HeadOwner};
pub use lookup::{Found, Loaded, Lookup, Part};
pub(crate) use rows::row_at;
use rows::Row;
pub use supply::{Now, WantedBlock};
pub use feed::{is_read_of_scan, Fetching, Keys};
pub use scan::TableScan;

use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::db_cache::{CachedEntry, DbCache};
use crate::db_state::{SsTableHandle, SsTableView};
use crate::error::{SlateDBError, TooLarge};
use crate::filter_policy::NamedFilter;
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;
use crate::format::sst::SST_FORMAT_VERSION_V2;
use crate::manifest::ManifestCore;
use crate::tablestore::TableStore;

/// The tables of one state of a database.
pub struct Tables {
    store: Arc<TableStore>,
    cache: Arc<dyn DbCache>,
    tables: Vec<Table>,
    heads: HeadOwner,
    /// Ranges of `tables`, newest first: one table, or a sorted run in key order.
    runs: Vec<Range<usize>>,
    /// The largest sequence number of a row.
    max_seq: u64,
    /// Of a store that can answer without a wait, how many reads in a row it did not.
    refusals: Option<Arc<AtomicU32>>,
}

struct Table {
    handle: SsTableHandle,
    /// The bounds of its keys, both included.
    first: Bytes,
    last: Bytes,
    head: Mutex<Weak<Head>>,
}

impl Tables {
    /// Nothing if the state needs the iterators.
    pub(crate) fn new(store: Arc<TableStore>, core: &ManifestCore, max_seq: u64) -> Option<Self> {
        if !core.segments.is_empty() || core.segment_extractor_name.is_some() {
            return None;
        }
        let cache = Arc::clone(store.cache()?);
        let mut tables = Vec::new();
        let mut runs = Vec::new();
        let compacted = core.tree.compacted.iter().map(|run| run.sst_views.iter().collect());
        for run in level0::runs(&core.tree.l0).into_iter().chain(compacted) {
            let start = tables.len();
            for view in run {
                tables.push(table(view)?);
            }
            runs.push(start..tables.len());
        }
        Some(Self { store, cache, tables, heads: HeadOwner::new(), runs, max_seq, refusals: None })
    }

    /// Says that the store can answer without a wait, and counts the reads in a row that it did not.
    pub fn with_refusals(self, refusals: Arc<AtomicU32>) -> Self {
        Self { refusals: Some(refusals), ..self }
    }

    /// Whether all rows are in one sequence of blocks, each key once.
    pub fn is_one_run(&self) -> bool {
        self.runs.len() < 2 && self.has_one_row()
    }

    /// The bytes of all tables.
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(|table| table.handle.info.index_offset as usize).sum()
    }

    /// Whether each key has one row. Two rows of a key have different numbers, and the first is 1; a shard that was
    /// written straight into tables has no other.
    fn has_one_row(&self) -> bool {
        self.max_seq <= 1
    }

    /// Refuses a row that is newer than the manifest, and a value above the limit.
    fn check(&self, row: &Row) -> Result<(), SlateDBError> {
        let limit = self.store.sst_format.max_value_bytes;
        if row.seq > self.max_seq {
            return Err(SlateDBError::Damaged("a row is newer than the manifest of its table"));
        }
        match row.value.len() {
            bytes if bytes > limit => Err(SlateDBError::TooLarge(TooLarge::Value { bytes, limit })),
            _ => Ok(()),
        }
    }

    fn cached(&self, at: usize, offset: u64) -> Option<CachedEntry> {
        self.cache.peek(&(self.tables[at].handle.id, offset).into())
    }

    /// A block, if it is in memory.
    fn cached_block(&self, at: usize, index: &SsTableIndexOwned, number: usize) -> Option<Arc<Block>> {
        let head = self.tables[at].head.lock().upgrade();
        if let Some(block) = head.as_ref().and_then(|head| head.block(number)) {
            return Some(block);
        }
        let block = self.cached(at, index.borrow().block_meta().get(number).offset())?.block()?;
        if let Some(head) = head {
            head.keep(number, &block);
        }
        Some(block)
    }

    fn cached_index(&self, at: usize) -> Option<Arc<SsTableIndexOwned>> {
        self.cached(at, self.tables[at].handle.info.index_offset)?.sst_index()
    }

    fn cached_filters(&self, at: usize) -> Option<Arc<[NamedFilter]>> {
        let info = &self.tables[at].handle.info;
        match info.filter_len {
            0 => Some(Arc::from([])),
            _ => self.cached(at, info.filter_offset)?.filters(),
        }
    }
}

fn table(view: &SsTableView) -> Option<Table> {
    let handle = view.sst.clone();
    let is_whole = view.visible_range.is_none() && handle.format_version == SST_FORMAT_VERSION_V2;
    match (is_whole, handle.info.first_entry.clone(), handle.info.last_entry.clone()) {
        (true, Some(first), Some(last)) => Some(Table { handle, first, last, head: Mutex::default() }),
        _ => None,
    }
}
