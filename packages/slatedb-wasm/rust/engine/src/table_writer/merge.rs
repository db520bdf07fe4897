//! Merges sorted parts, and the rows in memory, into one sequence in key order.

use std::sync::Arc;

use bytes::Bytes;

use super::part::Part;
use super::rows::{row_at, Row, Rows};
use super::sort::{part_of, Order};
use crate::error::EngineError;

/// The rows of one part, or those in memory.
enum Source<'a> {
    Stored { part: Arc<Part>, next: usize, frames: Bytes, at: usize },
    Memory { rows: &'a Rows, order: &'a Order, at: usize },
}

impl Source<'_> {
    fn row(&self) -> Row<'_> {
        match self {
            Source::Stored { frames, at, .. } => row_at(frames, *at),
            Source::Memory { rows, order, at } => rows.get(order.address(*at)),
        }
    }

    /// Moves to the next row. False if it needs the next frames.
    fn step(&mut self) -> bool {
        match self {
            Source::Stored { frames, at, .. } => {
                *at += row_at(frames, *at).bytes.len();
                *at < frames.len()
            }
            Source::Memory { rows, order, at } => {
                *at += 1;
                order.read_ahead(rows, *at);
                *at < order.len()
            }
        }
    }

    /// Loads the next frames, of about `most` bytes. False at the end.
    async fn load(&mut self, most: usize) -> Result<bool, EngineError> {
        let Source::Stored { part, next, frames, at } = self else { return Ok(false) };
        if *next == part.frames() {
            return Ok(false);
        }
        *frames = Bytes::new();
        let (bytes, count) = part.read(*next, most).await?;
        *frames = bytes;
        *at = 0;
        *next += count;
        Ok(true)
    }
}

/// A source with its place in the order of parts; of equal keys, that of the latest part counts.
struct Head<'a> {
    source: Source<'a>,
    age: usize,
    part: u64,
}

impl Head<'_> {
    fn is_before(&self, other: &Self, common: usize) -> bool {
        if self.part != other.part {
            return self.part < other.part;
        }
        let order = self.source.row().key[common..].cmp(&other.source.row().key[common..]);
        order.then(other.age.cmp(&self.age)).is_lt()
    }
}

/// A heap of heads by their next rows.
pub struct Merge<'a> {
    heads: Vec<Head<'a>>,
    /// What all keys begin with.
    common: usize,
    /// Bytes of frames of one part that are loaded at once.
    frames: usize,
}

impl<'a> Merge<'a> {
    /// `parts` from the earliest to the latest, then the rows in memory.
    pub async fn new(
        parts: &[Arc<Part>],
        memory: Option<(&'a Rows, &'a Order)>,
        common: usize,
        frames: usize,
    ) -> Result<Self, EngineError> {
        let mut heads = Vec::new();
        for part in parts {
            let part = Arc::clone(part);
            let mut source = Source::Stored { part, next: 0, frames: Bytes::new(), at: 0 };
            if source.load(frames).await? {
                heads.push(source);
            }
        }
        if let Some((rows, order)) = memory.filter(|(_, order)| order.len() > 0) {
            heads.push(Source::Memory { rows, order, at: 0 });
        }
        let heads = heads.into_iter().enumerate().map(|(age, source)| {
            let part = part_of(&source.row().key[common..]);
            Head { source, age, part }
        });
        let mut merge = Self { heads: heads.collect(), common, frames };
        for at in (0..merge.heads.len() / 2).rev() {
            merge.sink(at);
        }
        Ok(merge)
    }

    /// The next row, which may have the key of the row before.
    pub fn row(&self) -> Option<Row<'_>> {
        self.heads.first().map(|head| head.source.row())
    }

    /// Moves behind the row. False if `load` has to follow.
    pub fn step(&mut self) -> bool {
        let head = &mut self.heads[0];
        if !head.source.step() {
            return false;
        }
        head.part = part_of(&head.source.row().key[self.common..]);
        self.sink(0);
        true
    }

    pub async fn load(&mut self) -> Result<(), EngineError> {
        let head = &mut self.heads[0];
        if head.source.load(self.frames).await? {
            head.part = part_of(&head.source.row().key[self.common..]);
        } else {
            self.heads.swap_remove(0);
        }
        self.sink(0);
        Ok(())
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let left = 2 * at + 1;
            let Some(first) = self.heads.get(left) else { return };
            let mut next = left;
            if self.heads.get(left + 1).is_some_and(|right| right.is_before(first, self.common)) {
                next = left + 1;
            }
            if !self.heads[next].is_before(&self.heads[at], self.common) {
                return;
            }
            self.heads.swap(at, next);
            at = next;
        }
    }
}
