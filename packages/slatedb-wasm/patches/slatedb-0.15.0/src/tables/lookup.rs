//! Looks keys up in cached parts, and lists the parts that are missing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::directory::{find_cached_row, place_of, row_at_place, touch, Place};
use super::head::Head;
use super::rows::{find_row, Effect, Row};
use super::Tables;
use crate::error::SlateDBError;
use crate::format::block::Block;

pub enum Lookup {
    Value(Found),
    Nothing,
    /// The parts listed have to be loaded first.
    Lacking,
}

/// A value in a block.
pub struct Found {
    block: Arc<Block>,
    range: Range<usize>,
}

impl Found {
    pub fn bytes(&self) -> &[u8] {
        &self.block.data[self.range.clone()]
    }

    /// The value, which keeps its block in memory.
    pub fn into_bytes(self) -> Bytes {
        self.block.data.slice(self.range)
    }
}

/// Number of keys whose searches alternate.
const TOGETHER: usize = 64;

/// A part of a table that a lookup needs, with the number of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Index and filter.
    Head(usize),
    Block(usize, usize),
}

/// The parts for the lookups of one call, in memory until it ends even if the cache drops them.
#[derive(Default)]
pub struct Loaded {
    pub(super) heads: BTreeMap<usize, Arc<Head>>,
    pub(super) blocks: BTreeMap<(usize, usize), Arc<Block>>,
    pub(super) block_bytes: usize,
}

impl Loaded {
    pub fn forget_blocks(&mut self) {
        self.blocks.clear();
        self.block_bytes = 0;
    }
}

impl Tables {
    /// Finds a key without waiting. Missing parts are added to `lacking`.
    pub fn find(
        &self,
        key: &[u8],
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Lookup, crate::Error> {
        Ok(self.find_newest(key, loaded, lacking)?)
    }

    /// Finds many keys without waiting, and calls `found` with their positions and values; false if parts are missing.
    pub fn find_many<'k>(
        &self,
        count: usize,
        key: impl Fn(usize) -> &'k [u8],
        mut found: impl FnMut(usize, &[u8]),
    ) -> Result<bool, crate::Error> {
        let mut loaded = Loaded::default();
        let mut blocks: Vec<(usize, Arc<Block>)> = Vec::with_capacity(TOGETHER);
        for start in (0..count).step_by(TOGETHER) {
            let window = start..count.min(start + TOGETHER);
            // Each step is done for all keys of the window, because the processor then waits for the memory of several
            // keys at the same time.
            if !self.blocks_of(window.clone(), &key, &mut blocks)? {
                for at in window {
                    match self.find_newest(key(at), &mut loaded, &mut Vec::new())? {
                        Lookup::Value(value) => found(at, value.bytes()),
                        Lookup::Nothing => {}
                        Lookup::Lacking => return Ok(false),
                    }
                }
                continue;
            }
            std::hint::black_box(blocks.iter().fold(0, |sum, (_, block)| sum ^ touch(block)));
            let mut places = [Place::Unclear; TOGETHER];
            for (place, (at, block)) in places.iter_mut().zip(&blocks) {
                *place = place_of(block, key(*at));
            }
            let mut rows: [Option<Row>; TOGETHER] = [const { None }; TOGETHER];
            for ((row, place), (at, block)) in rows.iter_mut().zip(places).zip(&blocks) {
                *row = row_at_place(block, key(*at), place)?;
            }
            for (row, (at, block)) in rows.into_iter().zip(&blocks) {
                let Some(row) = row else {
                    // The rows of a key may begin in the next block.
                    match self.find_newest(key(*at), &mut loaded, &mut Vec::new())? {
                        Lookup::Value(value) => found(*at, value.bytes()),
                        Lookup::Nothing => {}
                        Lookup::Lacking => return Ok(false),
                    }
                    continue;
                };
                self.check(&row)?;
                match row.effect()? {
                    Effect::Value => found(*at, &block.data[row.value]),
                    Effect::Deleted => {}
                }
            }
        }
        Ok(true)
    }

    /// The blocks in which the keys of a window can be, without those that are in none; false if the tables overlap, or
    /// a part was not found in the cache before.
    fn blocks_of<'k>(
        &self,
        window: Range<usize>,
        key: impl Fn(usize) -> &'k [u8],
        blocks: &mut Vec<(usize, Arc<Block>)>,
    ) -> Result<bool, SlateDBError> {
        blocks.clear();
        let [run] = &self.runs[..] else { return Ok(false) };
        let tables = &self.tables[run.clone()];
        let mut places = [(0, 0, 0); TOGETHER];
        let mut count = 0;
        let mut heads: Vec<(usize, Arc<Head>)> = Vec::with_capacity(1);
        for at in window {
            let key = key(at);
            let table = tables.partition_point(|table| table.last[..] < *key);
            if tables.get(table).is_none_or(|table| table.first[..] > *key) {
                continue;
            }
            let head = match heads.iter().position(|(of, _)| *of == table) {
                Some(head) => head,
                None => {
                    let Some(head) = self.head(run.start + table, &Loaded::default())? else { return Ok(false) };
                    heads.push((table, head));
                    heads.len() - 1
                }
            };
            if let Some(number) = heads[head].1.first_block(key, self.has_one_row()) {
                places[count] = (at, head, number);
                count += 1;
            }
        }
        for (at, head, number) in &places[..count] {
            let Some(block) = heads[*head].1.block(*number) else { return Ok(false) };
            blocks.push((*at, block));
        }
        Ok(true)
    }

    fn find_newest(
        &self,
        key: &[u8],
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Lookup, SlateDBError> {
        let mut is_known = true;
        for run in &self.runs {
            let tables = &self.tables[run.clone()];
            let first = run.start + tables.partition_point(|table| table.last[..] < *key);
            for at in (first..run.end).take_while(|at| self.tables[*at].first[..] <= *key) {
                let Some(head) = self.head(at, loaded)? else {
                    // The search continues in older tables, so that their heads are fetched at the same time.
                    lacking.push(Part::Head(at));
                    is_known = false;
                    continue;
                };
                if !is_known {
                    continue;
                }
                match self.find_in_table(at, &head, key, loaded, lacking)? {
                    Some(Lookup::Lacking) => is_known = false,
                    Some(found) => return Ok(found),
                    None => {}
                }
            }
        }
        Ok(if is_known { Lookup::Nothing } else { Lookup::Lacking })
    }

    /// Nothing if the table does not contain the key.
    fn find_in_table(
        &self,
        at: usize,
        head: &Arc<Head>,
        key: &[u8],
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Option<Lookup>, SlateDBError> {
        // With one run, searching a block in memory costs no more than the filter.
        let mut is_filtered = self.runs.len() > 1;
        if is_filtered && !head.might_contain(key) {
            return Ok(None);
        }
        let Some(first) = head.first_block(key, self.has_one_row()) else { return Ok(None) };
        let mut is_known = true;
        // Versions of a key may continue in the next block.
        for number in first..head.blocks() {
            if number > first && head.is_after(number, key) {
                break;
            }
            let Some((block, is_known_block)) = self.block(at, head, number, loaded) else {
                if !is_filtered && !head.might_contain(key) {
                    return Ok(None);
                }
                is_filtered = true;
                loaded.heads.entry(at).or_insert_with(|| Arc::clone(head));
                lacking.push(Part::Block(at, number));
                is_known = false;
                continue;
            };
            if !is_known {
                continue;
            }
            if let Some(found) = self.find_in_block(block, is_known_block, key)? {
                return Ok(Some(found));
            }
        }
        Ok(if is_known { None } else { Some(Lookup::Lacking) })
    }

    /// Nothing if the block has no row of the key. A block that an earlier lookup found in the cache `is_known`.
    pub(super) fn find_in_block(
        &self,
        block: Arc<Block>,
        is_known: bool,
        key: &[u8],
    ) -> Result<Option<Lookup>, SlateDBError> {
        let row = match is_known {
            true => find_cached_row(&block, key)?,
            false => find_row(&block, key)?,
        };
        let Some(row) = row else { return Ok(None) };
        self.check(&row)?;
        Ok(Some(match row.effect()? {
            Effect::Value => Lookup::Value(Found { block, range: row.value }),
            Effect::Deleted => Lookup::Nothing,
        }))
    }

    /// The decoded head of a table, if it is in memory.
    pub(super) fn head(&self, at: usize, loaded: &Loaded) -> Result<Option<Arc<Head>>, SlateDBError> {
        if let Some(head) = self.tables[at].head.lock().upgrade() {
            head.mark_used();
            return Ok(Some(head));
        }
        if let Some(head) = loaded.heads.get(&at) {
            return Ok(Some(Arc::clone(head)));
        }
        let (Some(filters), Some(index)) = (self.cached_filters(at), self.cached_index(at)) else {
            return Ok(None);
        };
        self.keep_head(at, Head::new(index, filters)?).map(Some)
    }

    pub(super) fn keep_head(&self, at: usize, head: Head) -> Result<Arc<Head>, SlateDBError> {
        let head = Arc::new(head);
        self.heads.keep(&head);
        *self.tables[at].head.lock() = Arc::downgrade(&head);
        Ok(head)
    }

    /// A block in memory, and whether an earlier lookup found it in the cache.
    pub(super) fn block(&self, at: usize, head: &Head, number: usize, loaded: &Loaded) -> Option<(Arc<Block>, bool)> {
        if let Some(block) = head.block(number) {
            return Some((block, true));
        }
        if let Some(block) = loaded.blocks.get(&(at, number)) {
            return Some((Arc::clone(block), false));
        }
        let block = self.cached(at, head.offset(number))?.block()?;
        head.keep(number, &block);
        Some((block, false))
    }
}
