//! Fetches the ends of tables, which contain filters and indexes, together with the manifest.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::calls::Listing;
use crate::fetch::Fetch;

/// Tables up to this size are fetched whole, as in `tables/load.rs` of the patched SlateDB.
const WHOLE_TABLE_BYTES: u64 = 256 << 10;
/// The filter and the index of a larger table take about this share, if rows take 60 bytes or more.
const TAIL_SHARE: u64 = 32;
const TAIL_BYTES: u64 = 16 << 10;

/// The parts fetched ahead of time, until a read takes them.
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
    /// Decides which parts to fetch: the ends of all tables, or nothing if they take more than `most_bytes`.
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

    /// The bytes, if they were fetched. Each part is returned once, because the cache stores it afterwards.
    pub async fn take(&self, store: &impl Fetch, path: &Path, range: &Range<u64>) -> Option<Bytes> {
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
    /// Fetches the bytes once for all callers. After a failure the read that needs the bytes tries again.
    pub async fn fetch(&self, store: &impl Fetch) -> Option<&Bytes> {
        let fetched = self.bytes.get_or_init(|| async { store.fetch(&self.path, &self.range).await.ok() });
        fetched.await.as_ref()
    }
}
