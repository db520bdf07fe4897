//! Index and filter of a table, decoded for lookups.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Memory};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::words::{lower_bound, word_u64};
use crate::error::SlateDBError;
use crate::filter_policy::NamedFilter;
use crate::flatbuffer_types::SsTableIndexOwned;
use crate::format::block::Block;
use crate::partitioned_keyspace::RangePartitionedKeySpace;

/// The parts of a table that every lookup needs.
pub(super) struct Head {
    pub(super) index: Arc<SsTableIndexOwned>,
    filters: Arc<[NamedFilter]>,
    /// The first key of the first block. Writers may shorten it to one byte, so it says little of the others.
    lowest: Vec<u8>,
    /// The bytes that the first keys of all blocks after the first one begin with.
    shared: Vec<u8>,
    /// Of these keys, the eight bytes after those, padded with zeros.
    words: Vec<u64>,
    /// How many bytes these keys have after the shared ones; 255 if there are more. A key that ends in its word is
    /// compared without the index, which would be several reads of memory that is in no cache of the processor.
    rest_bytes: Vec<u8>,
    /// The places of the blocks in the object of the table.
    starts: Vec<u64>,
    /// The blocks that were found in the cache, as long as they are in memory.
    blocks: Mutex<Vec<Weak<Block>>>,
    used: AtomicBool,
}

impl Head {
    pub(super) fn new(
        index: Arc<SsTableIndexOwned>,
        filters: Arc<[NamedFilter]>,
    ) -> Result<Self, SlateDBError> {
        let (lowest, shared, words, rest_bytes, starts) = {
            let index = index.borrow();
            let count = index.partitions();
            if count == 0 {
                return Err(SlateDBError::Damaged("a table has no blocks"));
            }
            let key = |block: usize| index.partition_first_key(block);
            let (first, last) = (key(1.min(count - 1)), key(count - 1));
            let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
            let words = (1..count).map(|block| word_u64(key(block), shared)).collect();
            let rest = |block: usize| key(block).len().saturating_sub(shared).min(u8::MAX.into()) as u8;
            let rest_bytes = (1..count).map(rest).collect();
            let starts = index.block_meta().iter().map(|block| block.offset()).collect();
            (key(0).to_vec(), first[..shared].to_vec(), words, rest_bytes, starts)
        };
        let blocks = Mutex::new(vec![Weak::new(); index.borrow().partitions()]);
        let used = AtomicBool::new(false);
        Ok(Self { index, filters, lowest, shared, words, rest_bytes, starts, blocks, used })
    }

    pub(super) fn blocks(&self) -> usize {
        self.starts.len()
    }

    pub(super) fn might_contain(&self, key: &[u8]) -> bool {
        self.filters.iter().all(|named| named.filter.might_contain_key(key))
    }

    /// The first block that can contain the key; nothing if all blocks begin with later keys. Versions of a key may
    /// continue in the blocks after it, unless each key `has_one_row`.
    pub(super) fn first_block(&self, key: &[u8], has_one_row: bool) -> Option<usize> {
        match self.blocks_before(key) {
            (count, true) if has_one_row => Some(count),
            (0, is_lowest) => is_lowest.then_some(0),
            (count, _) => Some(count - 1),
        }
    }

    /// Whether a block begins with a later key.
    pub(super) fn is_after(&self, block: usize, key: &[u8]) -> bool {
        let Some(after_first) = block.checked_sub(1) else { return self.lowest[..] > *key };
        let order = self.compare_shared(key).reverse();
        let order = order.then_with(|| self.words[after_first].cmp(&word_u64(key, self.shared.len())));
        order.then_with(|| self.compare_rest(after_first, key)).is_gt()
    }

    /// The number of blocks whose first key is before the key, and whether the block after them begins with it.
    fn blocks_before(&self, key: &[u8]) -> (usize, bool) {
        if *key <= self.lowest[..] {
            return (0, self.lowest[..] == *key);
        }
        match self.compare_shared(key) {
            Ordering::Less => return (1, false),
            Ordering::Greater => return (self.blocks(), false),
            Ordering::Equal => {}
        }
        let word = word_u64(key, self.shared.len());
        let is_same = |at: usize| self.words.get(at) == Some(&word);
        let mut low = lower_bound(&self.words, word);
        let mut high = match is_same(low + 1) {
            true => low + self.words[low..].partition_point(|first| *first == word),
            // At most one word is the same.
            false => low + usize::from(is_same(low)),
        };
        let mut is_found = false;
        while low < high {
            let middle = (low + high) / 2;
            let order = self.compare_rest(middle, key);
            is_found = is_found || order.is_eq();
            match order {
                Ordering::Less => low = middle + 1,
                _ => high = middle,
            }
        }
        (1 + low, is_found)
    }

    /// Compares the first key of a block after the first one with a key that has the same shared bytes and word.
    fn compare_rest(&self, after_first: usize, key: &[u8]) -> Ordering {
        let (rest, of_key) = (usize::from(self.rest_bytes[after_first]), key.len() - self.shared.len());
        match rest <= size_of::<u64>() && of_key <= size_of::<u64>() {
            // Words are padded with zeros.
            true => rest.cmp(&of_key),
            false => self.index.borrow().partition_first_key(1 + after_first).cmp(key),
        }
    }

    /// Compares a key with the shared bytes; equal if it begins with them.
    fn compare_shared(&self, key: &[u8]) -> Ordering {
        match key.get(..self.shared.len()) {
            Some(start) => start.cmp(&self.shared[..]),
            // A key that is a beginning of the shared bytes is before all first keys.
            None => key.cmp(&self.shared[..]),
        }
    }

    pub(super) fn offset(&self, block: usize) -> u64 {
        self.starts[block]
    }

    /// The place where a block ends; nothing for the last.
    pub(super) fn end(&self, block: usize) -> Option<u64> {
        self.starts.get(block + 1).copied()
    }

    /// A block that `keep` has seen, if it is still in memory.
    pub(super) fn block(&self, number: usize) -> Option<Arc<Block>> {
        let block = self.blocks.lock().get(number)?.upgrade()?;
        block.used.mark();
        Some(block)
    }

    /// Lets lookups find a block of the cache without asking the cache.
    pub(super) fn keep(&self, number: usize, block: &Arc<Block>) {
        if let Some(place) = self.blocks.lock().get_mut(number) {
            *place = Arc::downgrade(block);
        }
    }

    fn bytes(&self) -> usize {
        let filters: usize = self.filters.iter().map(|named| named.filter.size()).sum();
        let each = 2 * size_of::<u64>() + 1 + size_of::<Weak<Block>>();
        self.index.size() + filters + self.lowest.len() + self.shared.len() + self.starts.len() * each
    }
}

/// The decoded heads of all open databases. They stay in memory until their database is closed, or until all together
/// exceed the limit: then those that were not used since the last round go first.
struct Heads {
    queue: VecDeque<(u64, Arc<Head>)>,
    bytes: usize,
    limit: usize,
}

static HEADS: Mutex<Heads> = Mutex::new(Heads { queue: VecDeque::new(), bytes: 0, limit: 32 << 20 });
static NEXT_OWNER: AtomicU64 = AtomicU64::new(0);

/// The owner of some of the heads; they go with it.
pub(super) struct HeadOwner(u64);

impl HeadOwner {
    pub(super) fn new() -> Self {
        Self(NEXT_OWNER.fetch_add(1, Memory::Relaxed))
    }

    pub(super) fn keep(&self, head: &Arc<Head>) {
        let mut heads = HEADS.lock();
        heads.bytes += head.bytes();
        heads.queue.push_back((self.0, Arc::clone(head)));
        heads.shrink();
    }
}

impl Drop for HeadOwner {
    fn drop(&mut self) {
        let mut heads = HEADS.lock();
        heads.queue.retain(|(owner, _)| *owner != self.0);
        heads.bytes = heads.queue.iter().map(|(_, head)| head.bytes()).sum();
    }
}

impl Heads {
    /// The newest head always stays.
    fn shrink(&mut self) {
        while self.bytes > self.limit && self.queue.len() > 1 {
            let Some((owner, head)) = self.queue.pop_front() else { return };
            match head.used.swap(false, Memory::Relaxed) {
                true => self.queue.push_back((owner, head)),
                false => self.bytes -= head.bytes(),
            }
        }
    }
}

impl Head {
    pub(super) fn mark_used(&self) {
        self.used.store(true, Memory::Relaxed);
    }
}

/// Sets the limit of all decoded heads together.
pub fn set_head_limit(bytes: usize) {
    let mut heads = HEADS.lock();
    heads.limit = bytes;
    heads.shrink();
}

/// The bytes of all decoded heads.
pub fn head_bytes() -> usize {
    HEADS.lock().bytes
}
