//! Blocks, indexes and filters in memory: one budget for all readers of an instance.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::LazyLock;

use async_trait::async_trait;
use lru::LruCache;
use parking_lot::Mutex;
use slatedb::db_cache::{CacheLoader, CachedEntry, CachedKey, DbCache};
use slatedb::tables::{head_bytes, set_head_limit};
use slatedb::Error;
use tokio::sync::oneshot;
use wasm_bindgen::prelude::*;

/// Bytes of an entry without its content: key, list, table, allocations.
const ENTRY_OVERHEAD: usize = 200;
const DEFAULT_BUDGET: usize = 64 << 20;
/// The decoded heads of tables may take the budget divided by this.
const HEADS_PART: usize = 2;

const USUAL_BLOCK: usize = 4 << 10;
/// The least and the largest number of blocks that are remembered, powers of two.
const LEAST_SEEN: usize = 1 << 12;
const MOST_SEEN: usize = 1 << 18;

static NEXT_READER: AtomicU64 = AtomicU64::new(0);
static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(|| {
    Mutex::new(Shared {
        entries: LruCache::unbounded(),
        bytes: 0,
        budget: DEFAULT_BUDGET,
        hits: 0,
        misses: 0,
        seen: Vec::new(),
    })
});

// SlateDB's keys contain a number of the reader, too, but entries cannot be found by it.
type Key = (u64, CachedKey);

struct Shared {
    entries: LruCache<Key, CachedEntry>,
    bytes: usize,
    budget: usize,
    hits: u64,
    misses: u64,
    /// Of the blocks that were read lately, as many as fit, their marks.
    seen: Vec<u32>,
}

impl Shared {
    fn get(&mut self, key: &Key) -> Option<CachedEntry> {
        let found = self.entries.get(key).cloned();
        match found {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
        found
    }

    fn insert(&mut self, key: Key, entry: CachedEntry) {
        let bytes = cost(&entry);
        if bytes > self.budget {
            return;
        }
        self.bytes += bytes;
        if let Some(replaced) = self.entries.put(key, entry) {
            self.bytes -= cost(&replaced);
        }
        self.shrink();
    }

    /// Removes entries until they fit, together with the decoded heads of tables. Blocks that lookups have found since
    /// the last round stay.
    fn shrink(&mut self) {
        while self.bytes > self.entries_budget() {
            let Some((key, entry)) = self.entries.pop_lru() else { return };
            match entry.take_used() {
                true => drop(self.entries.put(key, entry)),
                false => self.bytes -= cost(&entry),
            }
        }
    }

    fn entries_budget(&self) -> usize {
        self.budget.saturating_sub(head_bytes().min(self.budget / HEADS_PART))
    }

    fn room(&self) -> usize {
        self.entries_budget().saturating_sub(self.bytes)
    }

    /// Notes that a block is read. True if it was read before, not longer ago than the cache would have kept it.
    fn is_seen_again(&mut self, place: u64) -> bool {
        if self.seen.is_empty() {
            let blocks = (self.budget / USUAL_BLOCK).next_power_of_two();
            self.seen = vec![0; blocks.clamp(LEAST_SEEN, MOST_SEEN)];
        }
        let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = (mixed >> 44) as usize & (self.seen.len() - 1);
        let mark = (mixed >> 12) as u32;
        std::mem::replace(&mut self.seen[at], mark) == mark
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.pop(key) {
            self.bytes -= cost(&entry);
        }
    }

    fn forget(&mut self, reader: u64) {
        let keys: Vec<Key> =
            self.entries.iter().filter(|(key, _)| key.0 == reader).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.remove(&key);
        }
    }
}

fn cost(entry: &CachedEntry) -> usize {
    entry.size() + entry.lookup_bytes() + ENTRY_OVERHEAD
}

/// The part of the cache that belongs to one reader. It is removed with the reader.
pub struct ReaderCache {
    reader: u64,
    // The calls that wait for each key that is loading.
    loading: Mutex<HashMap<CachedKey, Vec<oneshot::Sender<CachedEntry>>>>,
}

impl Default for ReaderCache {
    fn default() -> Self {
        Self { reader: NEXT_READER.fetch_add(1, Ordering::Relaxed), loading: Mutex::default() }
    }
}

impl Drop for ReaderCache {
    fn drop(&mut self) {
        SHARED.lock().forget(self.reader);
    }
}

impl ReaderCache {
    fn find(&self, key: &CachedKey) -> Option<CachedEntry> {
        SHARED.lock().get(&(self.reader, key.clone()))
    }

    fn store(&self, key: CachedKey, entry: &CachedEntry) {
        // A block is a slice of a larger read. The copy lets that be freed.
        SHARED.lock().insert((self.reader, key), entry.clamp_allocated_size());
    }

    /// Loads a missing entry once for all concurrent calls.
    async fn fetch(&self, key: CachedKey, loader: CacheLoader) -> Result<CachedEntry, Error> {
        if let Some(entry) = self.find(&key) {
            return Ok(entry);
        }
        let waiting = match self.loading.lock().get_mut(&key) {
            Some(waiters) => {
                let (sender, entry) = oneshot::channel();
                waiters.push(sender);
                Some(entry)
            }
            None => None,
        };
        if let Some(entry) = waiting {
            // Without an answer the other call failed or was cancelled, so this one loads the entry.
            if let Ok(entry) = entry.await {
                return Ok(entry);
            }
        }
        let place = Loading::new(self, key.clone());
        let entry = loader().await?;
        self.store(key, &entry);
        for waiter in place.waiters() {
            let _ = waiter.send(entry.clone());
        }
        Ok(entry)
    }
}

/// The right to load a key. Dropping it releases the waiting calls.
struct Loading<'a> {
    cache: &'a ReaderCache,
    key: CachedKey,
}

impl<'a> Loading<'a> {
    fn new(cache: &'a ReaderCache, key: CachedKey) -> Self {
        cache.loading.lock().entry(key.clone()).or_default();
        Self { cache, key }
    }

    fn waiters(&self) -> Vec<oneshot::Sender<CachedEntry>> {
        self.cache.loading.lock().remove(&self.key).unwrap_or_default()
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        drop(self.waiters());
    }
}

#[async_trait]
impl DbCache for ReaderCache {
    fn peek(&self, key: &CachedKey) -> Option<CachedEntry> {
        self.find(key)
    }

    fn offer(&self, key: &CachedKey, entry: &CachedEntry) {
        let mut shared = SHARED.lock();
        let place = (self.reader, key.clone());
        if shared.room() >= cost(entry) && !shared.entries.contains(&place) {
            shared.insert(place, entry.clamp_allocated_size());
        }
    }

    fn insert_now(&self, key: &CachedKey, entry: CachedEntry) {
        SHARED.lock().insert((self.reader, key.clone()), entry);
    }

    fn has_room(&self, bytes: usize) -> bool {
        SHARED.lock().room() >= bytes + ENTRY_OVERHEAD
    }

    async fn get_block(&self, key: &CachedKey) -> Result<Option<CachedEntry>, Error> {
        Ok(self.find(key))
    }

    async fn get_index(&self, key: &CachedKey) -> Result<Option<CachedEntry>, Error> {
        Ok(self.find(key))
    }

    async fn get_filter(&self, key: &CachedKey) -> Result<Option<CachedEntry>, Error> {
        Ok(self.find(key))
    }

    async fn get_stats(&self, key: &CachedKey) -> Result<Option<CachedEntry>, Error> {
        Ok(self.find(key))
    }

    async fn insert(&self, key: CachedKey, value: CachedEntry) {
        self.store(key, &value);
    }

    async fn remove(&self, key: &CachedKey) {
        SHARED.lock().remove(&(self.reader, key.clone()));
    }

    fn entry_count(&self) -> u64 {
        SHARED.lock().entries.len() as u64
    }

    async fn fetch_block(&self, key: CachedKey, loader: CacheLoader) -> Result<CachedEntry, Error> {
        self.fetch(key, loader).await
    }

    async fn fetch_index(&self, key: CachedKey, loader: CacheLoader) -> Result<CachedEntry, Error> {
        self.fetch(key, loader).await
    }

    async fn fetch_filter(&self, key: CachedKey, loader: CacheLoader) -> Result<CachedEntry, Error> {
        self.fetch(key, loader).await
    }

    async fn fetch_stats(&self, key: CachedKey, loader: CacheLoader) -> Result<CachedEntry, Error> {
        self.fetch(key, loader).await
    }
}

/// Whether a block of a table of a reader was read not long ago. A full cache takes such blocks only, so that reads of
/// everything do not remove what is used.
pub fn is_seen_again(reader: u64, table: usize, start: u64) -> bool {
    SHARED.lock().is_seen_again((reader << 48) ^ ((table as u64) << 36) ^ start)
}

/// Sets the budget and drops entries above it.
#[wasm_bindgen(js_name = setCacheBudget)]
pub fn set_cache_budget(bytes: f64) {
    let mut shared = SHARED.lock();
    shared.budget = bytes as usize;
    shared.seen = Vec::new();
    set_head_limit(shared.budget / HEADS_PART);
    shared.shrink();
}

/// Budget, bytes in use, entries, hits, misses.
#[wasm_bindgen(js_name = cacheStats)]
pub fn cache_stats() -> Vec<f64> {
    let shared = SHARED.lock();
    vec![
        shared.budget as f64,
        (shared.bytes + head_bytes()) as f64,
        shared.entries.len() as f64,
        shared.hits as f64,
        shared.misses as f64,
    ]
}
