//! Ascending scans of tables, a block at a time.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::rows::{row_at, seek, Effect, Row};
use super::{Table, Tables};
use crate::error::SlateDBError;
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;
use crate::partitioned_keyspace::{partitions_covering_range, RangePartitionedKeySpace};

/// Size of the first request of a scan. It doubles with each request, up to the limit.
const FIRST_FETCH_BYTES: usize = 64 << 10;
/// How many of the runs that overlap the current one are opened ahead of time.
const OPEN_AHEAD: usize = 8;

/// How a scan fetches blocks.
#[derive(Clone, Copy)]
pub struct Fetching {
    /// Limit of one request in bytes; a single block may be larger.
    pub request_bytes: usize,
    /// Concurrent requests of one run.
    pub requests: usize,
}

/// The rows of a range in ascending key order, each key once with its newest value.
pub struct TableScan {
    /// Runs that the scan has not reached, sorted by their first key.
    waiting: VecDeque<Waiting>,
    active: Vec<Cursor>,
    end: Option<Bytes>,
    /// The active cursor whose row is used up.
    spent: Option<usize>,
    latest: Option<Vec<u8>>,
}

struct Waiting {
    first: Bytes,
    cursor: Opening,
}

enum Opening {
    Idle(Cursor),
    Running(JoinHandle<Result<Option<Cursor>, crate::Error>>),
}

impl TableScan {
    /// From `start`, included, to `end`, excluded.
    pub fn new(tables: Arc<Tables>, start: Option<Bytes>, end: Option<Bytes>, fetching: Fetching) -> Self {
        let mut waiting: Vec<Waiting> = tables
            .runs
            .iter()
            .enumerate()
            .filter_map(|(age, run)| {
                let cursor = Cursor::new(&tables, age, run.clone(), start.clone(), end.clone(), fetching);
                Some(Waiting { first: cursor.first_key()?, cursor: Opening::Idle(cursor) })
            })
            .collect();
        waiting.sort_by(|a, b| a.first.cmp(&b.first));
        Self { waiting: waiting.into(), active: Vec::new(), end, spent: None, latest: None }
    }

    /// Passes rows to `take` until it returns false (false) or the range ends (true).
    pub async fn fill(&mut self, mut take: impl FnMut(&[u8], &[u8]) -> bool) -> Result<bool, crate::Error> {
        loop {
            if let Some(spent) = self.spent.take() {
                if !self.active[spent].next().await? {
                    self.active.swap_remove(spent);
                }
            }
            self.activate().await?;
            let Some(at) = self.next_cursor() else { return Ok(true) };
            let cursor = &self.active[at];
            if self.end.as_ref().is_some_and(|end| cursor.key[..] >= end[..]) {
                self.active.clear();
                self.waiting.clear();
                return Ok(true);
            }
            self.spent = Some(at);
            let is_older = self.latest.as_ref().is_some_and(|latest| *latest == cursor.key);
            if is_older {
                continue;
            }
            let latest = self.latest.get_or_insert_default();
            latest.clear();
            latest.extend_from_slice(&cursor.key);
            if let Some(value) = cursor.value()? {
                if !take(&cursor.key, value) {
                    return Ok(false);
                }
            }
        }
    }

    /// The cursor with the smallest key; of equal keys, the cursor with the newest row.
    fn next_cursor(&self) -> Option<usize> {
        match self.active.len() {
            0 => None,
            1 => Some(0),
            count => (0..count).min_by(|a, b| self.active[*a].order(&self.active[*b])),
        }
    }

    /// Opens the runs whose first key the scan has reached.
    async fn activate(&mut self) -> Result<(), crate::Error> {
        while let Some(first) = self.waiting.front().map(|waiting| &waiting.first) {
            let is_reached = self.active.iter().all(|cursor| first[..] <= cursor.key[..]);
            if !is_reached {
                if self.active.len() == 1 && self.active[0].has_fetched_all() {
                    self.open_ahead(1);
                }
                break;
            }
            let reach = self.active.iter().map(|cursor| cursor.last_key()).max();
            let overlapping = match reach {
                Some(reach) => self.waiting.iter().take_while(|waiting| waiting.first <= *reach).count(),
                None => self.overlapping_the_first(),
            };
            self.open_ahead(overlapping.min(OPEN_AHEAD));
            let Some(waiting) = self.waiting.pop_front() else { break };
            let opened = match waiting.cursor {
                Opening::Idle(cursor) => cursor.open().await?,
                Opening::Running(opening) => {
                    opening.await.map_err(|_| SlateDBError::BackgroundTaskCancelled("scan".to_string()))??
                }
            };
            self.active.extend(opened);
        }
        Ok(())
    }

    fn overlapping_the_first(&self) -> usize {
        let Some(Opening::Idle(cursor)) = self.waiting.front().map(|waiting| &waiting.cursor) else {
            return 1;
        };
        let reach = cursor.last_key();
        self.waiting.iter().take_while(|waiting| waiting.first <= *reach).count()
    }

    /// Starts to open the next runs. The caller waits for the first of them.
    fn open_ahead(&mut self, count: usize) {
        for waiting in self.waiting.iter_mut().take(count) {
            let Opening::Idle(cursor) = &waiting.cursor else { continue };
            let opening = tokio::spawn(cursor.clone_unopened().open());
            waiting.cursor = Opening::Running(opening);
        }
    }
}

/// The rows of one run.
struct Cursor {
    tables: Arc<Tables>,
    /// The position of the run; 0 is the newest.
    age: usize,
    run: Range<usize>,
    start: Option<Bytes>,
    end: Option<Bytes>,
    fetching: Fetching,
    fetch_bytes: usize,
    index: Option<(usize, Arc<SsTableIndexOwned>)>,
    /// Blocks of the table without a request.
    blocks: Range<usize>,
    /// Each with the number of its first block.
    fetches: VecDeque<(usize, Fetch)>,
    fetched: VecDeque<Arc<Block>>,
    block: Option<Arc<Block>>,
    /// The offset of the next row.
    at: usize,
    key: Vec<u8>,
    row: Option<Row>,
    seq: u64,
}

type Fetch = JoinHandle<Result<VecDeque<Arc<Block>>, SlateDBError>>;

impl Cursor {
    fn new(
        tables: &Arc<Tables>,
        age: usize,
        run: Range<usize>,
        start: Option<Bytes>,
        end: Option<Bytes>,
        fetching: Fetching,
    ) -> Self {
        let is_before = |table: &Table| start.as_ref().is_some_and(|start| table.last < *start);
        let is_within = |table: &Table| end.as_ref().is_none_or(|end| table.first < *end);
        let from = run.start + tables.tables[run.clone()].partition_point(is_before);
        let to = from + tables.tables[from..run.end].partition_point(is_within);
        Self {
            tables: Arc::clone(tables),
            age,
            run: from..to,
            start,
            end,
            fetching,
            fetch_bytes: FIRST_FETCH_BYTES.min(fetching.request_bytes),
            index: None,
            blocks: 0..0,
            fetches: VecDeque::new(),
            fetched: VecDeque::new(),
            block: None,
            at: 0,
            key: Vec::new(),
            row: None,
            seq: 0,
        }
    }

    fn clone_unopened(&self) -> Self {
        let (start, end) = (self.start.clone(), self.end.clone());
        Self::new(&self.tables, self.age, self.run.clone(), start, end, self.fetching)
    }

    /// A lower bound of the keys; nothing if the run has no key in the range.
    fn first_key(&self) -> Option<Bytes> {
        let first = &self.tables.tables[self.run.clone()].first()?.first;
        Some(self.start.as_ref().filter(|start| *start > first).unwrap_or(first).clone())
    }

    fn last_key(&self) -> Bytes {
        let at = match self.run.end.checked_sub(1) {
            Some(at) if at >= self.run.start => at,
            _ => self.index.as_ref().map_or(0, |(at, _)| *at),
        };
        self.tables.tables[at].last.clone()
    }

    /// Moves to the first row; nothing if the run is empty.
    async fn open(mut self) -> Result<Option<Self>, crate::Error> {
        Ok(if self.next().await? { Some(self) } else { None })
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let newest_first = (Reverse(self.seq), self.age).cmp(&(Reverse(other.seq), other.age));
        self.key.cmp(&other.key).then(newest_first)
    }

    fn value(&self) -> Result<Option<&[u8]>, SlateDBError> {
        let (Some(block), Some(row)) = (&self.block, &self.row) else { return Ok(None) };
        self.tables.check(row)?;
        Ok(match row.effect()? {
            Effect::Value => Some(&block.data[row.value.clone()]),
            Effect::Deleted => None,
        })
    }

    fn has_fetched_all(&self) -> bool {
        self.blocks.is_empty() && self.run.is_empty()
    }

    /// Moves to the next row; false at the end of the run.
    async fn next(&mut self) -> Result<bool, crate::Error> {
        loop {
            if let Some(block) = &self.block {
                if self.at < block.data.len() {
                    let row = row_at(&block.data, self.at)?;
                    row.complete_key(&block.data, &mut self.key)?;
                    self.at = row.end;
                    self.seq = row.seq;
                    self.row = Some(row);
                    return Ok(true);
                }
                self.block = None;
            }
            if !self.next_block().await? {
                return Ok(false);
            }
        }
    }

    async fn next_block(&mut self) -> Result<bool, crate::Error> {
        loop {
            self.spawn_fetches();
            if let Some(block) = self.fetched.pop_front() {
                self.at = 0;
                self.key.clear();
                if let Some(start) = &self.start {
                    self.at = seek(&block, start, &mut self.key)?;
                    if self.at < block.data.len() {
                        self.start = None; // All later rows are beyond it.
                    }
                }
                self.block = Some(block);
                return Ok(true);
            }
            if let Some((number, fetch)) = self.fetches.pop_front() {
                let blocks = fetch.await;
                match blocks.map_err(|_| SlateDBError::BackgroundTaskCancelled("scan".to_string()))? {
                    Ok(blocks) => self.fetched = blocks,
                    Err(SlateDBError::TooMuchAtOnce { .. }) => self.fetch_singly_from(number),
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
            let Some(at) = self.run.next() else { return Ok(false) };
            let index = self.tables.load_index(at).await?;
            if index.borrow().partitions() == 0 {
                return Err(SlateDBError::Damaged("a table has no blocks").into());
            }
            let start = self.start.as_deref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Included);
            let end = self.end.as_deref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            self.blocks = partitions_covering_range(&index.borrow(), start, end);
            self.index = Some((at, index));
        }
    }

    fn spawn_fetches(&mut self) {
        let Some((at, index)) = &self.index else { return };
        while self.fetches.len() < self.fetching.requests && !self.blocks.is_empty() {
            let numbers =
                self.blocks.start..self.blocks.start + blocks_within(index, &self.blocks, self.fetch_bytes);
            self.blocks.start = numbers.end;
            self.fetch_bytes = (2 * self.fetch_bytes).min(self.fetching.request_bytes);
            let store = Arc::clone(&self.tables.store);
            let handle = self.tables.tables[*at].handle.clone();
            let index = Arc::clone(index);
            let first = numbers.start;
            let fetch =
                tokio::spawn(
                    async move { store.read_blocks_using_index(&handle, index, numbers, false).await },
                );
            self.fetches.push_back((first, fetch));
        }
    }

    /// Switches to one block at a time, for blocks that unpack to very many bytes.
    fn fetch_singly_from(&mut self, number: usize) {
        for (_, fetch) in self.fetches.drain(..) {
            fetch.abort();
        }
        self.blocks.start = number;
        self.fetching = Fetching { request_bytes: 1, requests: 1 };
        self.fetch_bytes = 1;
    }
}

/// How many of the blocks begin within the next `bytes` bytes; at least one.
fn blocks_within(index: &SsTableIndexOwned, blocks: &Range<usize>, bytes: usize) -> usize {
    let index = index.borrow();
    let metas = index.block_meta();
    let limit = metas.get(blocks.start).offset().saturating_add(bytes as u64);
    (blocks.start + 1..blocks.end).take_while(|number| metas.get(*number).offset() < limit).count() + 1
}
