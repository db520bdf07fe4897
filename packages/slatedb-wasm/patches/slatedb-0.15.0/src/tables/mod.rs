//! wasm32: reads of a complete database straight from its tables.
//!
//! SlateDB's iterators serve every state a database can be in, at the price of a task for each lookup and half a
//! dozen boxed futures for each row. A database that is complete has tables and nothing else: what is cached is
//! found without any of that, and what is not is fetched for many keys at a time. Whatever else a database may
//! hold (a log, segments, parts of other databases) is left to the iterators; see `DbReader::tables`.

mod load;
mod lookup;
mod rows;
mod scan;

pub use lookup::{Loaded, Lookup, Part};
pub(crate) use rows::row_at;
use rows::Row;
pub use scan::{Fetching, TableScan};

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

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
    /// Ranges of `tables`, newest first: a table of its own, or a sorted run in key order.
    runs: Vec<Range<usize>>,
    /// No row has a later number.
    max_seq: u64,
}

struct Table {
    handle: SsTableHandle,
    /// Bounds of its keys, both included.
    first: Bytes,
    last: Bytes,
}

/// What a lookup in a table starts with.
#[derive(Clone)]
struct Head {
    filters: Arc<[NamedFilter]>,
    index: Arc<SsTableIndexOwned>,
}

impl Tables {
    /// Nothing if the state has what only the iterators know.
    pub(crate) fn new(store: Arc<TableStore>, core: &ManifestCore, max_seq: u64) -> Option<Self> {
        if !core.segments.is_empty() || core.segment_extractor_name.is_some() {
            return None;
        }
        let cache = Arc::clone(store.cache()?);
        let mut tables = Vec::new();
        let mut runs = Vec::new();
        for view in &core.tree.l0 {
            runs.push(tables.len()..tables.len() + 1);
            tables.push(table(view)?);
        }
        for run in &core.tree.compacted {
            let start = tables.len();
            for view in &run.sst_views {
                tables.push(table(view)?);
            }
            runs.push(start..tables.len());
        }
        Some(Self { store, cache, tables, runs, max_seq })
    }

    /// Refuses a row that no reader is to see: newer than the manifest of its own table, or longer than values may be.
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

    fn cached_block(&self, at: usize, index: &SsTableIndexOwned, block: usize) -> Option<Arc<Block>> {
        self.cached(at, index.borrow().block_meta().get(block).offset())?.block()
    }
}

fn table(view: &SsTableView) -> Option<Table> {
    let handle = view.sst.clone();
    let is_whole = view.visible_range.is_none() && handle.format_version == SST_FORMAT_VERSION_V2;
    match (is_whole, handle.info.first_entry.clone(), handle.info.last_entry.clone()) {
        (true, Some(first), Some(last)) => Some(Table { handle, first, last }),
        _ => None,
    }
}
