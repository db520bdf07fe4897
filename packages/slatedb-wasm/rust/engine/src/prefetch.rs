//! The ends of tables, where filters and indexes lie, asked for while the manifest is still on its way.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::store::{HostStore, Listing};

/// Tables up to this size are wanted whole; the same as in `tables/load.rs` of SlateDB as patched.
const WHOLE_TABLE_BYTES: u64 = 256 << 10;
/// Of larger tables the filter and the index take about this share, where rows are no smaller than 60 bytes.
const TAIL_SHARE: u64 = 32;
const TAIL_BYTES: u64 = 16 << 10;

/// What has been asked for ahead of time, until someone takes it.
#[derive(Debug, Default)]
pub struct Prefetched {
    tails: Mutex<HashMap<String, Arc<Tail>>>,
}

#[derive(Debug)]
pub struct Tail {
    path: Path,
    range: Range<u64>,
    bytes: OnceCell<Option<Bytes>>,
}

impl Prefetched {
    /// Decides what to fetch: the ends of all tables, or nothing if that is too much.
    pub fn plan(&self, listing: &Listing, most_bytes: u64) -> Vec<Arc<Tail>> {
        let mut total = 0;
        let mut planned = Vec::new();
        for (path, info) in listing {
            if !(path.starts_with("compacted/") && path.ends_with(".sst")) {
                continue;
            }
            let Ok(path) = Path::parse(path) else { continue };
            let start = match info.size {
                0..=WHOLE_TABLE_BYTES => 0,
                size => size - (size / TAIL_SHARE + TAIL_BYTES),
            };
            total += info.size - start;
            if total > most_bytes {
                return Vec::new();
            }
            planned.push(Arc::new(Tail { path, range: start..info.size, bytes: OnceCell::new() }));
        }
        let by_path = planned.iter().map(|tail| (tail.path.to_string(), Arc::clone(tail)));
        *self.tails.lock() = by_path.collect();
        planned
    }

    /// The bytes, if they are among those fetched; they are given out once, since what reads them keeps them.
    pub async fn take(&self, store: &HostStore, path: &Path, range: &Range<u64>) -> Option<Bytes> {
        let tail = {
            let mut tails = self.tails.lock();
            let Range { start, end } = tails.get(path.as_ref())?.range;
            if range.start < start || range.end > end {
                return None;
            }
            tails.remove(path.as_ref())?
        };
        let bytes = tail.fetch(store).await?;
        let place = |at: u64| usize::try_from(at - tail.range.start).ok();
        let (start, end) = (place(range.start)?, place(range.end)?);
        (end <= bytes.len()).then(|| bytes.slice(start..end))
    }
}

impl Tail {
    /// Once for all who ask. A failure leaves it to the read that needs the bytes to fail or to succeed.
    pub async fn fetch(&self, store: &HostStore) -> Option<&Bytes> {
        let fetched = self.bytes.get_or_init(|| async { store.fetch(&self.path, &self.range).await.ok() });
        fetched.await.as_ref()
    }
}
