//! The blocks of a run in key order, ascending or descending, fetched ahead.

use std::collections::VecDeque;
use std::ops::{Bound, Range};
use std::sync::atomic::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::{Table, Tables};
use crate::db_cache::CachedEntry;
use crate::error::SlateDBError;
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;
use crate::partitioned_keyspace::{partitions_covering_range, RangePartitionedKeySpace};

/// Size of the first request of a scan. Each request is larger by this factor, up to the limit.
const FIRST_FETCH_BYTES: usize = 64 << 10;
const FETCH_GROWTH: usize = 4;
/// How many cached blocks are held ahead of time.
const CACHED_AHEAD: usize = 4;
/// Limit of a request that is answered without a wait, so that its blocks are in a cache of the processor when they are
/// checked and copied.
const NOW_BYTES: usize = 256 << 10;
/// After as many reads in a row that took a wait, the rest of the table is fetched by large requests.
const MOST_REFUSALS: u32 = 5;

tokio::task_local! {
    static READ_OF_SCAN: ();
}

/// Whether the read that runs is one of a scan, which the store may answer without a wait. Lookups have asked it before.
pub fn is_read_of_scan() -> bool {
    READ_OF_SCAN.try_with(|()| ()).is_ok()
}

/// How a scan fetches blocks.
#[derive(Clone, Copy)]
pub struct Fetching {
    /// Limit of one request in bytes; a single block may be larger, and the last request of a table by half.
    pub request_bytes: usize,
    /// Concurrent requests of one run.
    pub requests: usize,
    /// Caches the blocks, as long as that removes no others.
    pub keeps_blocks: bool,
}

/// The keys of a scan: from `start`, included, to `end`, excluded.
#[derive(Clone)]
pub struct Keys {
    pub start: Option<Bytes>,
    pub end: Option<Bytes>,
    pub reverse: bool,
}

pub(super) struct Feed {
    tables: Arc<Tables>,
    /// The tables that were not started.
    run: Range<usize>,
    keys: Keys,
    fetching: Fetching,
    fetch_bytes: usize,
    index: Option<(usize, Arc<SsTableIndexOwned>)>,
    /// Blocks of the table without a request.
    blocks: Range<usize>,
    ahead: VecDeque<Ahead>,
    fetched: VecDeque<Arc<Block>>,
}

enum Ahead {
    Cached(Arc<Block>),
    Running(Range<usize>, Fetch),
}

type Fetch = JoinHandle<Result<VecDeque<Arc<Block>>, SlateDBError>>;

impl Feed {
    pub(super) fn new(tables: &Arc<Tables>, run: Range<usize>, keys: Keys, fetching: Fetching) -> Self {
        let is_before = |table: &Table| keys.start.as_ref().is_some_and(|start| table.last < *start);
        let is_within = |table: &Table| keys.end.as_ref().is_none_or(|end| table.first < *end);
        let from = run.start + tables.tables[run.clone()].partition_point(is_before);
        let to = from + tables.tables[from..run.end].partition_point(is_within);
        Self {
            tables: Arc::clone(tables),
            run: from..to,
            keys,
            fetching,
            fetch_bytes: FIRST_FETCH_BYTES.min(fetching.request_bytes),
            index: None,
            blocks: 0..0,
            ahead: VecDeque::new(),
            fetched: VecDeque::new(),
        }
    }

    pub(super) fn clone_unopened(&self) -> Self {
        Self::new(&self.tables, self.run.clone(), self.keys.clone(), self.fetching)
    }

    /// A bound of the keys where the scan begins; nothing if the run has no key in the range.
    pub(super) fn near_edge(&self) -> Option<Bytes> {
        let tables = &self.tables.tables[self.run.clone()];
        Some(match self.keys.reverse {
            false => {
                let first = &tables.first()?.first;
                self.keys.start.as_ref().filter(|start| *start > first).unwrap_or(first).clone()
            }
            true => {
                let last = &tables.last()?.last;
                self.keys.end.as_ref().filter(|end| *end < last).unwrap_or(last).clone()
            }
        })
    }

    /// A bound of the keys where the run ends.
    pub(super) fn far_edge(&self) -> Bytes {
        let current = self.index.as_ref().map_or(0, |(at, _)| *at);
        match (self.run.is_empty(), self.keys.reverse) {
            (true, false) => self.tables.tables[current].last.clone(),
            (true, true) => self.tables.tables[current].first.clone(),
            (false, false) => self.tables.tables[self.run.end - 1].last.clone(),
            (false, true) => self.tables.tables[self.run.start].first.clone(),
        }
    }

    pub(super) fn has_fetched_all(&self) -> bool {
        self.blocks.is_empty() && self.run.is_empty()
    }

    /// The next block; nothing at the end of the run.
    pub(super) async fn next(&mut self) -> Result<Option<Arc<Block>>, crate::Error> {
        loop {
            self.look_ahead();
            if let Some(block) = self.fetched.pop_front() {
                return Ok(Some(block));
            }
            match self.ahead.pop_front() {
                Some(Ahead::Cached(block)) => return Ok(Some(block)),
                Some(Ahead::Running(numbers, fetch)) => {
                    let blocks = fetch.await;
                    match blocks.map_err(|_| SlateDBError::BackgroundTaskCancelled("scan".to_string()))? {
                        Ok(blocks) if self.keys.reverse => self.fetched = blocks.into_iter().rev().collect(),
                        Ok(blocks) => self.fetched = blocks,
                        Err(SlateDBError::TooMuchAtOnce { .. }) => self.fetch_singly_from(numbers),
                        Err(error) => return Err(error.into()),
                    }
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
        let next = if self.keys.reverse { self.run.next_back() } else { self.run.next() };
        let Some(at) = next else { return Ok(false) };
        let index = self.tables.load_index(at).await?;
        if index.borrow().partitions() == 0 {
            return Err(SlateDBError::Damaged("a table has no blocks").into());
        }
        let start = self.keys.start.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let end = self.keys.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.blocks = partitions_covering_range(&index.borrow(), start, end);
        self.index = Some((at, index));
        if let Some(refusals) = &self.tables.refusals {
            refusals.store(0, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// Starts requests for the next blocks that are not cached.
    fn look_ahead(&mut self) {
        let Some((at, index)) = self.index.clone() else { return };
        while !self.blocks.is_empty() && self.ahead.len() < self.fetching.requests.max(CACHED_AHEAD) {
            let next = if self.keys.reverse { self.blocks.end - 1 } else { self.blocks.start };
            if let Some(block) = self.tables.cached_block(at, &index, next) {
                self.take(1);
                self.ahead.push_back(Ahead::Cached(block));
                continue;
            }
            let running = self.ahead.iter().filter(|ahead| matches!(ahead, Ahead::Running(..))).count();
            let (requests, bytes) = match self.is_answered_now() {
                true => (1, self.fetch_bytes.min(NOW_BYTES)),
                false => (self.fetching.requests, self.fetch_bytes),
            };
            if running >= requests {
                return;
            }
            let rest = self.blocks_within(&index, bytes + bytes / 2);
            let count = match rest == self.blocks.len() {
                true => rest,
                false => self.blocks_within(&index, bytes),
            };
            let numbers = self.take(count);
            self.fetch_bytes = (FETCH_GROWTH * self.fetch_bytes).min(self.fetching.request_bytes);
            let fetch = tokio::spawn(fetch(
                Arc::clone(&self.tables),
                at,
                Arc::clone(&index),
                numbers.clone(),
                self.fetching.keeps_blocks,
            ));
            self.ahead.push_back(Ahead::Running(numbers, fetch));
        }
    }

    fn is_answered_now(&self) -> bool {
        let refusals = self.tables.refusals.as_ref();
        refusals.is_some_and(|refusals| refusals.load(Ordering::Relaxed) < MOST_REFUSALS)
    }

    /// The numbers of the next blocks, which are no longer without a request.
    fn take(&mut self, count: usize) -> Range<usize> {
        match self.keys.reverse {
            false => {
                let start = self.blocks.start;
                self.blocks.start += count;
                start..self.blocks.start
            }
            true => {
                let end = self.blocks.end;
                self.blocks.end -= count;
                self.blocks.end..end
            }
        }
    }

    /// How many of the next blocks begin within `bytes` bytes; at least one.
    fn blocks_within(&self, index: &SsTableIndexOwned, bytes: usize) -> usize {
        let index = index.borrow();
        let metas = index.block_meta();
        let (bytes, Range { start, end }) = (bytes as u64, self.blocks.clone());
        match self.keys.reverse {
            false => {
                let limit = metas.get(start).offset().saturating_add(bytes);
                (start + 1..end).take_while(|number| metas.get(*number).offset() < limit).count() + 1
            }
            true => {
                let limit = metas.get(end - 1).offset().saturating_sub(bytes);
                (start..end - 1).rev().take_while(|number| metas.get(*number).offset() > limit).count() + 1
            }
        }
    }

    /// Switches to one block at a time, for blocks that unpack to very many bytes.
    fn fetch_singly_from(&mut self, numbers: Range<usize>) {
        for ahead in self.ahead.drain(..) {
            if let Ahead::Running(_, fetch) = ahead {
                fetch.abort();
            }
        }
        match self.keys.reverse {
            false => self.blocks.start = numbers.start,
            true => self.blocks.end = numbers.end,
        }
        self.fetching = Fetching { request_bytes: 1, requests: 1, ..self.fetching };
        self.fetch_bytes = 1;
    }
}

async fn fetch(
    tables: Arc<Tables>,
    at: usize,
    index: Arc<SsTableIndexOwned>,
    numbers: Range<usize>,
    keeps_blocks: bool,
) -> Result<VecDeque<Arc<Block>>, SlateDBError> {
    let handle = &tables.tables[at].handle;
    let read = || tables.store.read_blocks_at_once(handle, &index, numbers.clone());
    let blocks = match READ_OF_SCAN.scope((), read()).await {
        // Blocks that came without a wait may be damaged, as those of lookups.
        Err(error) if tables.refusals.is_some() && !matches!(error, SlateDBError::TooMuchAtOnce { .. }) => {
            read().await?
        }
        blocks => blocks?,
    };
    let blocks: VecDeque<Arc<Block>> = blocks.into_iter().map(Arc::new).collect();
    if keeps_blocks {
        for (number, block) in numbers.zip(&blocks) {
            let offset = index.borrow().block_meta().get(number).offset();
            tables.cache.offer(&(handle.id, offset).into(), &CachedEntry::with_block(Arc::clone(block)));
        }
    }
    Ok(blocks)
}
