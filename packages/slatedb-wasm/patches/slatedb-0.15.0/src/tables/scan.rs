//! Scans of tables, ascending or descending, a block at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::cursor::{Cursor, Held, Passed, Take};
use super::feed::{Fetching, Keys};
use super::Tables;
use crate::error::SlateDBError;

/// How many of the runs that overlap the current one are opened ahead of time.
const OPEN_AHEAD: usize = 8;

/// The rows of a range in key order, each key once with its newest value.
pub struct TableScan {
    tables: Arc<Tables>,
    keys: Keys,
    /// Runs that the scan has not reached, sorted by the bound where it reaches them.
    waiting: VecDeque<Waiting>,
    active: Vec<Cursor>,
    /// The active cursor whose row is used up.
    spent: Option<usize>,
    /// Ascending: the key of the latest row.
    latest: Option<Vec<u8>>,
    /// Descending: the row that comes next, unless a newer one of its key follows.
    held: Option<Held>,
    spare_key: Vec<u8>,
}

struct Waiting {
    edge: Bytes,
    cursor: Opening,
}

enum Opening {
    Idle(Cursor),
    Running(JoinHandle<Result<Option<Cursor>, crate::Error>>),
}

impl TableScan {
    pub fn new(tables: Arc<Tables>, keys: Keys, fetching: Fetching) -> Self {
        let mut waiting: Vec<Waiting> = tables
            .runs
            .iter()
            .enumerate()
            .filter_map(|(age, run)| {
                let cursor = Cursor::new(&tables, age, run.clone(), keys.clone(), fetching);
                Some(Waiting { edge: cursor.feed.near_edge()?, cursor: Opening::Idle(cursor) })
            })
            .collect();
        match keys.reverse {
            false => waiting.sort_by(|a, b| a.edge.cmp(&b.edge)),
            true => waiting.sort_by(|a, b| b.edge.cmp(&a.edge)),
        }
        Self {
            tables,
            keys,
            waiting: waiting.into(),
            active: Vec::new(),
            spent: None,
            latest: None,
            held: None,
            spare_key: Vec::new(),
        }
    }

    /// Passes rows to `take`, each with the block that contains its value, until it returns false (false) or the range
    /// ends (true).
    pub async fn fill(&mut self, mut take: impl Take) -> Result<bool, crate::Error> {
        loop {
            if let Some(spent) = self.spent.take() {
                if !self.active[spent].next().await? {
                    self.active.swap_remove(spent);
                }
            }
            self.activate().await?;
            let next = self.next_cursor();
            let is_within = next.is_some_and(|at| self.is_within(&self.active[at].key));
            if !is_within {
                self.active.clear();
                self.waiting.clear();
                if let Some(held) = self.held.take() {
                    if let Some(value) = held.value(&self.tables)? {
                        take(&held.key, value, held.block());
                    }
                }
                return Ok(true);
            }
            self.spent = next;
            let Some(at) = next else { continue };
            if self.is_simple() {
                match self.active[at].pass_block(self.keys.end.as_deref(), &mut take)? {
                    Passed::Block => {}
                    Passed::Enough => return Ok(false),
                    Passed::Range => self.spent = None,
                }
                continue;
            }
            let wants_more = match self.keys.reverse {
                false => self.pass_ascending(at, &mut take)?,
                true => self.pass_descending(at, &mut take)?,
            };
            if !wants_more {
                return Ok(false);
            }
        }
    }

    /// Whether the rows of the cursor can be passed on as they come.
    fn is_simple(&self) -> bool {
        !self.keys.reverse && self.active.len() == 1 && self.waiting.is_empty() && self.tables.has_one_row()
    }

    /// Of equal keys, the newest row comes first.
    fn pass_ascending(
        &mut self,
        at: usize,
        take: &mut impl Take,
    ) -> Result<bool, SlateDBError> {
        let cursor = &self.active[at];
        let latest = match &mut self.latest {
            Some(latest) if *latest == cursor.key => return Ok(true),
            latest => latest.get_or_insert_default(),
        };
        latest.clear();
        latest.extend_from_slice(&cursor.key);
        Ok(match cursor.value()? {
            Some((value, block)) => take(&cursor.key, value, block),
            None => true,
        })
    }

    /// Of equal keys in one run, the newest row comes last.
    fn pass_descending(
        &mut self,
        at: usize,
        take: &mut impl Take,
    ) -> Result<bool, SlateDBError> {
        let spare = std::mem::take(&mut self.spare_key);
        let Some(next) = self.active[at].hold(spare) else { return Ok(true) };
        let Some(held) = self.held.replace(next) else { return Ok(true) };
        if self.held.as_ref().is_some_and(|next| next.key == held.key) {
            if !self.held.as_ref().is_some_and(|next| next.is_newer(&held)) {
                self.held = Some(held);
            }
            return Ok(true);
        }
        let wants_more = match held.value(&self.tables)? {
            Some(value) => take(&held.key, value, held.block()),
            None => true,
        };
        self.spare_key = held.key;
        Ok(wants_more)
    }

    fn is_within(&self, key: &[u8]) -> bool {
        match self.keys.reverse {
            false => self.keys.end.as_ref().is_none_or(|end| key < &end[..]),
            true => self.keys.start.as_ref().is_none_or(|start| key >= &start[..]),
        }
    }

    /// The cursor whose row comes next; of equal keys, the cursor with the newest row.
    fn next_cursor(&self) -> Option<usize> {
        match self.active.len() {
            0 => None,
            1 => Some(0),
            count => (0..count).min_by(|a, b| self.active[*a].order(&self.active[*b])),
        }
    }

    /// Opens the runs that the scan has reached.
    async fn activate(&mut self) -> Result<(), crate::Error> {
        while let Some(edge) = self.waiting.front().map(|waiting| &waiting.edge) {
            let is_reached = self.active.iter().all(|cursor| self.comes_by(edge, &cursor.key));
            if !is_reached {
                if self.active.len() == 1 && self.active[0].feed.has_fetched_all() {
                    self.open_ahead(1);
                }
                break;
            }
            let mut reaches = self.active.iter().map(|cursor| cursor.feed.far_edge());
            let overlapping = match reaches.next() {
                Some(first) => {
                    let reach = reaches.fold(first, |a, b| if self.comes_by(&a, &b) { b } else { a });
                    self.overlapping(&reach)
                }
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

    /// Whether a scan reaches `a` before `b` or together with it.
    fn comes_by(&self, a: &[u8], b: &[u8]) -> bool {
        if self.keys.reverse { a >= b } else { a <= b }
    }

    fn overlapping(&self, reach: &[u8]) -> usize {
        self.waiting.iter().take_while(|waiting| self.comes_by(&waiting.edge, reach)).count()
    }

    fn overlapping_the_first(&self) -> usize {
        match self.waiting.front().map(|waiting| &waiting.cursor) {
            Some(Opening::Idle(cursor)) => self.overlapping(&cursor.feed.far_edge()),
            _ => 1,
        }
    }

    /// Starts to open the next runs. The caller waits for the first of them.
    fn open_ahead(&mut self, count: usize) {
        for waiting in self.waiting.iter_mut().take(count) {
            let Opening::Idle(cursor) = &waiting.cursor else { continue };
            let opening = tokio::spawn(cursor.clone_unopened(self.keys.clone()).open());
            waiting.cursor = Opening::Running(opening);
        }
    }
}
