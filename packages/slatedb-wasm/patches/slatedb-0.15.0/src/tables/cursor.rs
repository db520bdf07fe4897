//! The rows of one run in key order, ascending or descending.

use std::cmp::{Ordering, Reverse};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::feed::{Feed, Fetching, Keys};
use super::rows::{row_at, seek, Effect, Row};
use super::Tables;
use crate::error::SlateDBError;
use crate::format::block::Block;

/// A function that takes a row of a scan: key, value, and the block that contains the value. False if it wants no more.
pub trait Take: FnMut(&[u8], &[u8], &Bytes) -> bool {}

impl<F: FnMut(&[u8], &[u8], &Bytes) -> bool> Take for F {}

pub(super) struct Cursor {
    tables: Arc<Tables>,
    /// The position of the run; 0 is the newest.
    age: usize,
    pub(super) feed: Feed,
    /// The bound where the scan begins, until a row was found.
    bound: Option<Bytes>,
    reverse: bool,
    block: Option<Arc<Block>>,
    /// The offset of the next row, if ascending.
    at: usize,
    /// The rows of the block that are left, if descending, with their keys as ranges of `keys`.
    rows: Vec<(Range<usize>, Row)>,
    keys: Vec<u8>,
    pub(super) key: Vec<u8>,
    row: Option<Row>,
}

/// Why `pass_block` has ended.
pub(super) enum Passed {
    Block,
    /// The caller has enough rows.
    Enough,
    /// The next row is beyond the range.
    Range,
}

/// A row, with its block.
pub(super) struct Held {
    pub(super) key: Vec<u8>,
    block: Arc<Block>,
    row: Row,
    age: usize,
}

impl Cursor {
    pub(super) fn new(
        tables: &Arc<Tables>,
        age: usize,
        run: Range<usize>,
        keys: Keys,
        fetching: Fetching,
    ) -> Self {
        let feed = Feed::new(tables, run, keys.clone(), fetching);
        Self::of(tables, age, feed, keys)
    }

    fn of(tables: &Arc<Tables>, age: usize, feed: Feed, keys: Keys) -> Self {
        let reverse = keys.reverse;
        Self {
            tables: Arc::clone(tables),
            age,
            feed,
            bound: if reverse { keys.end } else { keys.start },
            reverse,
            block: None,
            at: 0,
            rows: Vec::new(),
            keys: Vec::new(),
            key: Vec::new(),
            row: None,
        }
    }

    pub(super) fn clone_unopened(&self, keys: Keys) -> Self {
        Self::of(&self.tables, self.age, self.feed.clone_unopened(), keys)
    }

    /// Moves to the first row; nothing if the run is empty.
    pub(super) async fn open(mut self) -> Result<Option<Self>, crate::Error> {
        Ok(if self.next().await? { Some(self) } else { None })
    }

    /// The order of a scan: by key, then the newest first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let by_key = self.key.cmp(&other.key);
        let by_key = if self.reverse { by_key.reverse() } else { by_key };
        by_key.then_with(|| self.age_of_row().cmp(&other.age_of_row()))
    }

    fn age_of_row(&self) -> (Reverse<u64>, usize) {
        (Reverse(self.row.as_ref().map_or(0, |row| row.seq)), self.age)
    }

    /// The value, and its block; nothing if the row deletes the key.
    pub(super) fn value(&self) -> Result<Option<(&[u8], &Bytes)>, SlateDBError> {
        match (&self.block, &self.row) {
            (Some(block), Some(row)) => {
                Ok(value(&self.tables, block, row)?.map(|value| (value, &block.data)))
            }
            _ => Ok(None),
        }
    }

    /// Moves to the next row; false at the end of the run.
    pub(super) async fn next(&mut self) -> Result<bool, crate::Error> {
        loop {
            if self.step()? {
                return Ok(true);
            }
            match self.feed.next().await? {
                Some(block) => self.enter(block)?,
                None => return Ok(false),
            }
        }
    }

    /// Ascending: passes the rows from the current one to the end of its block, without their order among other runs.
    pub(super) fn pass_block(
        &mut self,
        end: Option<&[u8]>,
        take: &mut impl Take,
    ) -> Result<Passed, SlateDBError> {
        let (Some(block), Some(mut row)) = (&self.block, self.row.take()) else { return Ok(Passed::Block) };
        let data = &block.data;
        loop {
            if end.is_some_and(|end| self.key[..] >= *end) {
                return Ok(Passed::Range);
            }
            if let Some(value) = value(&self.tables, block, &row)? {
                if !take(&self.key, value, data) {
                    return Ok(Passed::Enough);
                }
            }
            if self.at >= data.len() {
                return Ok(Passed::Block);
            }
            row = row_at(data, self.at)?;
            row.complete_key(data, &mut self.key)?;
            self.at = row.end;
        }
    }

    /// Moves to the next row of the block; false at its end.
    fn step(&mut self) -> Result<bool, SlateDBError> {
        let Some(block) = &self.block else { return Ok(false) };
        if self.reverse {
            let Some((key, row)) = self.rows.pop() else { return Ok(false) };
            self.key.clear();
            self.key.extend_from_slice(&self.keys[key]);
            self.row = Some(row);
            return Ok(true);
        }
        if self.at >= block.data.len() {
            return Ok(false);
        }
        let row = row_at(&block.data, self.at)?;
        row.complete_key(&block.data, &mut self.key)?;
        self.at = row.end;
        self.row = Some(row);
        Ok(true)
    }

    fn enter(&mut self, block: Arc<Block>) -> Result<(), SlateDBError> {
        match self.reverse {
            true => self.decode(&block)?,
            false => {
                self.at = 0;
                self.key.clear();
                if let Some(start) = &self.bound {
                    self.at = seek(&block, start, &mut self.key)?;
                    if self.at < block.data.len() {
                        self.bound = None; // All later rows are beyond it.
                    }
                }
            }
        }
        self.block = Some(block);
        Ok(())
    }

    /// Reads the rows of a block that are before the bound.
    fn decode(&mut self, block: &Block) -> Result<(), SlateDBError> {
        self.rows.clear();
        self.keys.clear();
        let (mut at, mut previous) = (0, 0..0);
        while at < block.data.len() {
            let row = row_at(&block.data, at)?;
            if row.shared > previous.len() {
                return Err(SlateDBError::EmptyBlock);
            }
            let start = self.keys.len();
            self.keys.extend_from_within(previous.start..previous.start + row.shared);
            self.keys.extend_from_slice(&block.data[row.suffix.clone()]);
            let key = start..self.keys.len();
            if self.bound.as_ref().is_some_and(|end| self.keys[key.clone()] >= end[..]) {
                break;
            }
            at = row.end;
            previous = key.clone();
            self.rows.push((key, row));
        }
        if !self.rows.is_empty() {
            self.bound = None; // All rows of earlier blocks are before it.
        }
        Ok(())
    }

    /// Takes the row out of the cursor; `key` is memory for its key.
    pub(super) fn hold(&mut self, mut key: Vec<u8>) -> Option<Held> {
        let (block, row) = (Arc::clone(self.block.as_ref()?), self.row.take()?);
        key.clear();
        key.extend_from_slice(&self.key);
        Some(Held { key, block, row, age: self.age })
    }
}

impl Held {
    pub(super) fn value(&self, tables: &Tables) -> Result<Option<&[u8]>, SlateDBError> {
        value(tables, &self.block, &self.row)
    }

    pub(super) fn block(&self) -> &Bytes {
        &self.block.data
    }

    /// Whether it is of the same key, and newer.
    pub(super) fn is_newer(&self, other: &Self) -> bool {
        (Reverse(self.row.seq), self.age) < (Reverse(other.row.seq), other.age)
    }
}

fn value<'a>(tables: &Tables, block: &'a Block, row: &Row) -> Result<Option<&'a [u8]>, SlateDBError> {
    tables.check(row)?;
    Ok(match row.effect()? {
        Effect::Value => Some(&block.data[row.value.clone()]),
        Effect::Deleted => None,
    })
}
