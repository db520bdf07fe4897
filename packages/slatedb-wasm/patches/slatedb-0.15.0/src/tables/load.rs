//! Fetches the parts that lookups lack: the head of a table in one request, neighbouring blocks in one request.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;

use super::head::Head;
use super::{Loaded, Part, Tables};
use crate::blob::ReadOnlyBlob;
use crate::db_cache::{CacheLoader, CachedEntry};
use crate::db_state::SsTableHandle;
use crate::error::{SlateDBError, TooLarge};
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;

/// The first read of a table up to this size fetches all of it.
const WHOLE_TABLE_BYTES: u64 = 256 << 10;
/// Concurrent requests of one call.
const CONCURRENT_REQUESTS: usize = 32;
/// Fetching a gap between two blocks is cheaper than another request, up to this size.
const GAP_BYTES: u64 = 32 << 10;
const REQUEST_BYTES: u64 = 1 << 20;
/// Limit of the unpacked blocks in memory for the lookups of one call.
const HELD_BYTES: usize = 1 << 30;

enum Fetched {
    Head(usize, Arc<Head>),
    Blocks(usize, Range<usize>, Vec<Arc<Block>>),
}

impl Tables {
    /// Loads the parts, in any order, for the lookups of one call.
    pub async fn load(&self, mut parts: Vec<Part>, loaded: &mut Loaded) -> Result<(), crate::Error> {
        parts.sort_unstable();
        parts.dedup();
        let requests = requests(&parts, loaded);
        let mut answers =
            stream::iter(requests).map(|request| self.answer(request)).buffer_unordered(CONCURRENT_REQUESTS);
        while let Some(fetched) = answers.try_next().await? {
            match fetched {
                Fetched::Head(at, head) => {
                    loaded.heads.insert(at, head);
                }
                Fetched::Blocks(at, numbers, blocks) => {
                    loaded.block_bytes += blocks.iter().map(|block| block.data.len()).sum::<usize>();
                    loaded.blocks.extend(numbers.map(|number| (at, number)).zip(blocks));
                    check_held(loaded.block_bytes)?;
                }
            }
        }
        Ok(())
    }

    async fn answer(&self, request: Request) -> Result<Fetched, crate::Error> {
        match request {
            Request::Head(at) => Ok(Fetched::Head(at, self.load_head(at).await?)),
            Request::Blocks(at, index, numbers) => {
                let handle = &self.tables[at].handle;
                let read = |numbers| self.store.read_blocks_using_index(handle, index.clone(), numbers, true);
                match read(numbers.clone()).await {
                    Ok(blocks) => Ok(Fetched::Blocks(at, numbers, blocks.into())),
                    Err(SlateDBError::TooMuchAtOnce { .. }) if numbers.len() > 1 => {
                        let mut blocks = Vec::with_capacity(numbers.len());
                        for number in numbers.clone() {
                            blocks.extend(read(number..number + 1).await?);
                            check_held(blocks.iter().map(|block| block.data.len()).sum())?;
                        }
                        Ok(Fetched::Blocks(at, numbers, blocks))
                    }
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// The index and the filter of a table. Concurrent calls share one request.
    async fn load_head(&self, at: usize) -> Result<Arc<Head>, crate::Error> {
        let handle = &self.tables[at].handle;
        let key = (handle.id, handle.info.index_offset).into();
        let entry = self.cache.fetch_index(key, self.head_loader(handle)).await?;
        let index = match entry.sst_index() {
            Some(index) => index,
            None => self.store.read_index(handle, true).await?,
        };
        let filters = self.store.read_filters(handle, true).await?;
        // A concurrent call may have decoded it.
        if let Some(head) = self.tables[at].head.lock().upgrade() {
            return Ok(head);
        }
        Ok(self.keep_head(at, Head::new(index, filters)?)?)
    }

    /// The index of a table, for a scan. A small table is fetched whole.
    pub(super) async fn load_index(&self, at: usize) -> Result<Arc<SsTableIndexOwned>, crate::Error> {
        if let Some(head) = self.tables[at].head.lock().upgrade() {
            return Ok(Arc::clone(&head.index));
        }
        if let Some(index) = self.cached_index(at) {
            return Ok(index);
        }
        let handle = &self.tables[at].handle;
        if head_end(handle) <= WHOLE_TABLE_BYTES {
            return Ok(Arc::clone(&self.load_head(at).await?.index));
        }
        Ok(self.store.read_index(handle, true).await?)
    }

    fn head_loader(&self, handle: &SsTableHandle) -> CacheLoader {
        let handle = handle.clone();
        let store = Arc::clone(&self.store);
        let cache = Arc::clone(&self.cache);
        Box::new(move || {
            Box::pin(async move {
                let info = &handle.info;
                let end = head_end(&handle);
                let is_whole = end <= WHOLE_TABLE_BYTES;
                let start = match (is_whole, info.filter_len) {
                    (true, _) => 0,
                    (false, 0) => info.index_offset,
                    (false, _) => info.filter_offset.min(info.index_offset),
                };
                let objects = store.object_stores.store_for(&handle.id);
                let bytes = objects.get_range(&store.path(&handle.id), start..end).await;
                let part = PartOfTable { start, bytes: bytes.map_err(SlateDBError::from)? };
                let format = &store.sst_format;
                let index = Arc::new(format.read_index(info, &part).await?);
                if info.filter_len > 0 {
                    let filters = CachedEntry::with_filters(format.read_filters(info, &part).await?);
                    cache.insert((handle.id, info.filter_offset).into(), filters).await;
                }
                if is_whole {
                    // One at a time, because all unpacked blocks together may exceed the cache or the memory. A damaged
                    // block fails the lookups that need it.
                    for number in 0..index.borrow().block_meta().len() {
                        let read = format.read_blocks(info, &index, number..number + 1, &part).await;
                        let Some(block) = read.ok().and_then(|mut blocks| blocks.pop_front()) else {
                            continue;
                        };
                        let key = (handle.id, offset(&index, number)).into();
                        cache.insert(key, CachedEntry::with_block(Arc::new(block))).await;
                    }
                }
                Ok(CachedEntry::with_sst_index(index))
            })
        })
    }
}

fn check_held(bytes: usize) -> Result<(), SlateDBError> {
    match bytes > HELD_BYTES {
        true => Err(SlateDBError::TooLarge(TooLarge::Part { part: "blocks of one call", limit: HELD_BYTES })),
        false => Ok(()),
    }
}

enum Request {
    Head(usize),
    Blocks(usize, Arc<SsTableIndexOwned>, Range<usize>),
}

/// One request for each head and for each group of blocks that are close together. `parts` is sorted.
fn requests(parts: &[Part], loaded: &Loaded) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for part in parts {
        let (at, number) = match *part {
            Part::Head(at) => {
                requests.push(Request::Head(at));
                continue;
            }
            Part::Block(at, number) => (at, number),
        };
        let index = &loaded.heads[&at].index;
        if let Some(Request::Blocks(table, _, numbers)) = requests.last_mut() {
            let is_near = *table == at
                && offset(index, number).saturating_sub(offset(index, numbers.end - 1)) <= GAP_BYTES
                && offset(index, number).saturating_sub(offset(index, numbers.start)) <= REQUEST_BYTES;
            if is_near {
                numbers.end = number + 1;
                continue;
            }
        }
        requests.push(Request::Blocks(at, Arc::clone(index), number..number + 1));
    }
    requests
}

fn offset(index: &SsTableIndexOwned, block: usize) -> u64 {
    index.borrow().block_meta().get(block).offset()
}

fn head_end(handle: &SsTableHandle) -> u64 {
    let info = &handle.info;
    (info.index_offset + info.index_len).max(info.filter_offset + info.filter_len)
}

/// Fetched bytes of a table.
struct PartOfTable {
    start: u64,
    bytes: Bytes,
}

impl ReadOnlyBlob for PartOfTable {
    async fn len(&self) -> Result<u64, SlateDBError> {
        Ok(self.start + self.bytes.len() as u64)
    }

    async fn read_range(&self, range: Range<u64>) -> Result<Bytes, SlateDBError> {
        let place = |at: u64| at.checked_sub(self.start).filter(|at| *at <= self.bytes.len() as u64);
        match (place(range.start), place(range.end)) {
            (Some(start), Some(end)) if start <= end => Ok(self.bytes.slice(start as usize..end as usize)),
            _ => Err(SlateDBError::EmptySSTable),
        }
    }

    async fn read(&self) -> Result<Bytes, SlateDBError> {
        Ok(self.bytes.clone())
    }
}
