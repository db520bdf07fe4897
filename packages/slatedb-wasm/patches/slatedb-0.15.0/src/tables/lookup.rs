//! Looks keys up in cached parts, and lists the parts that are missing.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::rows::{row_at, seek, Effect};
use super::{Head, Tables};
use crate::error::SlateDBError;
use crate::filter_policy::FilterQuery;
use crate::format::block::Block;
use crate::partitioned_keyspace::{first_partition_including_key, RangePartitionedKeySpace};

pub enum Lookup {
    Value(Bytes),
    Nothing,
    /// The parts listed have to be loaded first.
    Lacking,
}

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
    pub(super) heads: HashMap<usize, Head>,
    pub(super) blocks: HashMap<(usize, usize), Arc<Block>>,
    pub(super) block_bytes: usize,
    /// The block of the previous lookup, because neighbouring keys share a block.
    latest: Option<(usize, usize, Arc<Block>)>,
    key: Vec<u8>,
    keeps_heads: bool,
}

impl Loaded {
    /// For many keys: the cache is asked once for the head of each table.
    pub fn for_many() -> Self {
        Self { keeps_heads: true, ..Self::default() }
    }

    pub fn forget_blocks(&mut self) {
        self.blocks.clear();
        self.block_bytes = 0;
    }
}

impl Tables {
    /// Finds a key without waiting. Missing parts are added to `lacking`.
    pub fn find(
        &self,
        key: &Bytes,
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Lookup, crate::Error> {
        Ok(self.find_newest(key, loaded, lacking)?)
    }

    fn find_newest(
        &self,
        key: &Bytes,
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Lookup, SlateDBError> {
        let query = FilterQuery::point(key.clone());
        let mut is_known = true;
        for run in &self.runs {
            let tables = &self.tables[run.clone()];
            let first = run.start + tables.partition_point(|table| table.last < *key);
            for at in (first..run.end).take_while(|at| self.tables[*at].first <= *key) {
                let Some(head) = self.head(at, loaded) else {
                    // The search continues in older tables, so that their heads are fetched at the same time.
                    lacking.push(Part::Head(at));
                    is_known = false;
                    continue;
                };
                if !is_known || !head.filters.iter().all(|named| named.filter.might_match(&query)) {
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
        head: &Head,
        key: &Bytes,
        loaded: &mut Loaded,
        lacking: &mut Vec<Part>,
    ) -> Result<Option<Lookup>, SlateDBError> {
        let index = head.index.borrow();
        if index.partitions() == 0 {
            return Err(SlateDBError::Damaged("a table has no blocks"));
        }
        let Some(first) = first_partition_including_key(&index, key) else { return Ok(None) };
        let mut is_known = true;
        // Versions of a key may continue in the next block.
        for number in first..index.partitions() {
            if number > first && index.partition_first_key(number) > &key[..] {
                break;
            }
            let Some(block) = self.block(at, head, number, loaded) else {
                loaded.heads.entry(at).or_insert_with(|| head.clone());
                lacking.push(Part::Block(at, number));
                is_known = false;
                continue;
            };
            if !is_known {
                continue;
            }
            let found = self.find_in_block(&block, key, &mut loaded.key)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(if is_known { None } else { Some(Lookup::Lacking) })
    }

    fn find_in_block(
        &self,
        block: &Block,
        target: &[u8],
        key: &mut Vec<u8>,
    ) -> Result<Option<Lookup>, SlateDBError> {
        let data = &block.data;
        let at = seek(block, target, key)?;
        if at < data.len() {
            let row = row_at(data, at)?;
            row.complete_key(data, key)?;
            if key != target {
                return Ok(None);
            }
            self.check(&row)?;
            return Ok(Some(match row.effect()? {
                Effect::Value => Lookup::Value(data.slice(row.value)),
                Effect::Deleted => Lookup::Nothing,
            }));
        }
        Ok(None)
    }

    fn head(&self, at: usize, loaded: &mut Loaded) -> Option<Head> {
        if let Some(head) = loaded.heads.get(&at) {
            return Some(head.clone());
        }
        let head = Head { filters: self.cached_filters(at)?, index: self.cached_index(at)? };
        if loaded.keeps_heads {
            loaded.heads.insert(at, head.clone());
        }
        Some(head)
    }

    fn block(&self, at: usize, head: &Head, number: usize, loaded: &mut Loaded) -> Option<Arc<Block>> {
        match &loaded.latest {
            Some((table, latest, block)) if *table == at && *latest == number => return Some(block.clone()),
            _ => {}
        }
        let block = match loaded.blocks.get(&(at, number)) {
            Some(block) => block.clone(),
            None => self.cached_block(at, &head.index, number)?,
        };
        loaded.latest = Some((at, number, block.clone()));
        Some(block)
    }
}
