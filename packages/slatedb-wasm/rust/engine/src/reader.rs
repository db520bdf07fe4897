//! Reads one database, and writes nothing to its store.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use slatedb::config::DbReaderOptions;
use slatedb::tables::{Loaded, Lookup, Now, Tables, WantedBlock};
use slatedb::{DbReader, DbReaderMode};
use wasm_bindgen::prelude::*;

use crate::cache::{is_seen_again, ReaderCache};
use crate::clock::HostClock;
use crate::error::EngineError;
use crate::lookups::{too_many_bytes, Lookups, MOST_BYTES};
use crate::outcome::{answer, Outcome};
use crate::packed;
use crate::scan::Scan;
use crate::store::HostStore;
use crate::{exchange, executor};

/// Concurrent lookups of one `getMany`, if SlateDB does them one by one.
const CONCURRENT_GETS: usize = 32;

#[wasm_bindgen]
pub struct Reader {
    open: Arc<Mutex<Option<Open>>>,
    /// The block that the latest `peek` lacks.
    wanted: Cell<Option<Wanted>>,
    number: u64,
}

#[derive(Clone, Copy)]
struct Wanted {
    block: WantedBlock,
    /// Whether it will be cached.
    is_admitted: bool,
}

/// The reader, and its tables if the database consists of tables only.
#[derive(Clone)]
pub struct Open {
    pub db: Arc<DbReader>,
    pub tables: Option<Arc<Tables>>,
    pub max_value_bytes: usize,
}

impl Open {
    /// Refuses a value above the limit. SlateDB's iterators have no limit.
    pub fn check(&self, value: &[u8]) -> Result<(), EngineError> {
        match value.len() {
            bytes if bytes > self.max_value_bytes => {
                let limit = self.max_value_bytes;
                Err(EngineError::too_large(slatedb::TooLarge::Value { bytes, limit }.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// Opens the database at the root of a store. A failing callback is repeated up to `max_retries` times. The ends of
/// tables are fetched together with the manifest if their size is at most `prefetch_bytes`. A value longer than
/// `max_value_bytes` is an error and is not unpacked.
#[wasm_bindgen(js_name = openReader)]
pub fn open_reader(
    store: u32,
    max_retries: u32,
    prefetch_bytes: u32,
    max_value_bytes: u32,
) -> Result<JsValue, JsValue> {
    let max_value_bytes = max_value_bytes as usize;
    answer(async move {
        let options = DbReaderOptions {
            // A complete database does not change.
            manifest_poll_interval: Duration::MAX,
            object_store_max_retries: Some(max_retries),
            ..DbReaderOptions::default()
        };
        let objects = HostStore::snapshot(store, prefetch_bytes);
        let refusals = objects.refusals();
        let db = DbReader::builder("", Arc::new(objects))
            .with_reader_mode(DbReaderMode::FollowLatest)
            .with_options(options)
            .with_system_clock(Arc::new(HostClock::default()))
            .with_db_cache(Arc::new(ReaderCache::default()))
            .with_max_value_bytes(max_value_bytes)
            .build()
            .await?;
        let tables = db.tables().map(|tables| match refusals {
            Some(refusals) => Arc::new(tables.with_refusals(refusals)),
            None => Arc::new(tables),
        });
        let open = Open { db: Arc::new(db), tables, max_value_bytes };
        let number = NEXT_READER.with(|next| next.replace(next.get() + 1));
        Ok(Outcome::handle(Reader { open: Arc::new(Mutex::new(Some(open))), wanted: Cell::new(None), number }))
    })
}

async fn get(reader: Arc<DbReader>, key: Bytes) -> Result<Option<Bytes>, slatedb::Error> {
    reader.get(key).await
}

fn closed(call: &str) -> EngineError {
    EngineError::closed(format!("{call}: the reader is closed"))
}

// The results of `peek` and `peekMany`.
const FOUND: i32 = 0;
/// The key does not exist.
const NOTHING: i32 = 1;
/// Parts have to be fetched.
const LACKING: i32 = 2;
const FAILED: i32 = 3;
/// One block has to be fetched; `exchange::set_wanted` says which.
const WANTED: i32 = 4;

/// Blocks of this size or larger are cached only if there is room.
const LARGE_BYTES: usize = 32 << 10;

thread_local! {
    static NEXT_READER: Cell<u64> = const { Cell::new(1) };
}

impl Reader {
    /// The tables, if the database consists of tables only.
    pub(crate) fn tables(&self) -> Result<Option<Arc<Tables>>, EngineError> {
        Ok(self.reader("update")?.tables)
    }
}

#[wasm_bindgen]
impl Reader {
    /// The values of a packed list of keys, as a packed list in the same order. Synchronous if all parts are cached.
    #[wasm_bindgen(js_name = getMany)]
    pub fn get_many(&self, keys: Vec<u8>) -> Result<JsValue, JsValue> {
        let (open, keys) = self.checked(keys).map_err(EngineError::into_js)?;
        let Some(tables) = open.tables else {
            return answer(async move {
                let values: Vec<_> = stream::iter(keys)
                    .map(|key| get(Arc::clone(&open.db), key))
                    .buffered(CONCURRENT_GETS)
                    .try_collect()
                    .await?;
                values.iter().flatten().try_for_each(|value| open.check(value))?;
                Ok(Outcome::Bytes(packed::write_list(&values)))
            });
        };
        let lookups = Lookups::new(tables, keys);
        answer(async move {
            let values = lookups.finish().await?;
            Ok(Outcome::Bytes(packed::write_list(&values)))
        })
    }

    /// Looks up the key that is the first bytes of the request (`exchange`). Returns FOUND, then the answer is the
    /// value, or another of the numbers above.
    pub fn peek(&self, key_bytes: usize) -> i32 {
        let looked = exchange::with_request(key_bytes, |key| self.peeked(key));
        match looked {
            Some(Ok(code)) => code,
            _ => FAILED,
        }
    }

    /// Looks up the keys of a packed list, which is the first bytes of the request. Returns FOUND, then the answer is
    /// the packed list of values, or LACKING or FAILED.
    #[wasm_bindgen(js_name = peekMany)]
    pub fn peek_many(&self, list_bytes: usize) -> i32 {
        let looked = exchange::with_request(list_bytes, |list| self.peeked_many(list));
        match looked {
            Some(Ok(Some(values))) => {
                exchange::answer_with(values);
                FOUND
            }
            Some(Ok(None)) => LACKING,
            _ => FAILED,
        }
    }

    /// Looks up the keys at the beginning of the request, which have the same length. Returns FOUND, then the answer is
    /// the packed list of values, or LACKING or FAILED.
    #[wasm_bindgen(js_name = peekKeys)]
    pub fn peek_keys(&self, count: usize, key_bytes: usize) -> i32 {
        let Some(bytes) = count.checked_mul(key_bytes).filter(|_| key_bytes > 0) else { return FAILED };
        let looked = exchange::with_request(bytes, |keys| {
            let mut values = packed::ListWriter::new(exchange::take_values(), count);
            let mut is_too_much = false;
            let is_complete = self.peeked_keys(keys, key_bytes, |at, value| {
                is_too_much = is_too_much || values.bytes() + value.len() > MOST_BYTES;
                if !is_too_much {
                    values.put(at, value);
                }
            })?;
            match is_too_much {
                true => Err(too_many_bytes()),
                false => Ok(is_complete.then(|| values.finish())),
            }
        });
        match looked {
            Some(Ok(Some(values))) => {
                exchange::answer_with(values);
                FOUND
            }
            Some(Ok(None)) => LACKING,
            _ => FAILED,
        }
    }

    /// The path of the object of a table, by the number in WANTED.
    #[wasm_bindgen(js_name = tablePath)]
    pub fn table_path(&self, table: usize) -> Option<String> {
        let open = self.open.lock();
        Some(open.as_ref()?.tables.as_ref()?.path(table))
    }

    /// Continues a `peek` that returned WANTED: the bytes of the block are at `storedAddress`.
    #[wasm_bindgen(js_name = peekStored)]
    pub fn peek_stored(&self, key_bytes: usize) -> i32 {
        match exchange::with_request(key_bytes, |key| self.found_in(key)) {
            Some(Ok(code)) => code,
            _ => FAILED,
        }
    }

    /// Continues a `peek` that returned WANTED, for a block whose value only is needed: at `storedAddress` are its first
    /// bytes, then as many of its last, and `checksum` is that of its content. Returns FOUND, then the answer is the place
    /// of the value in the block, or LACKING: then `peekStored` reads the block.
    #[wasm_bindgen(js_name = peekPlace)]
    pub fn peek_place(&self, key_bytes: usize, end_bytes: usize, checksum: u32) -> i32 {
        let found = exchange::with_request(key_bytes, |key| {
            let open = self.open.lock();
            let tables = open.as_ref()?.tables.as_ref()?;
            let Wanted { block, .. } = self.wanted.get()?;
            exchange::with_stored(2 * end_bytes, |ends| {
                let (first, last) = ends.split_at(end_bytes);
                tables.value_between(first, last, block.bytes, key)
            })?
        });
        match found.flatten() {
            Some((value, stored)) if stored == checksum => {
                exchange::set_place(value.start, value.len());
                FOUND
            }
            _ => LACKING,
        }
    }

    /// The error of a `peek` that returned FAILED.
    #[wasm_bindgen(js_name = peekError)]
    pub fn peek_error(&self, key_bytes: usize) -> Result<(), JsValue> {
        let looked = exchange::with_request(key_bytes, |key| self.peeked(key).map(|_| ()));
        looked.unwrap_or(Ok(())).map_err(EngineError::into_js)
    }

    /// A scan of the keys from `start` (included) to `end` (excluded). The first chunk starts it.
    pub fn scan(
        &self,
        start: Option<Vec<u8>>,
        end: Option<Vec<u8>>,
        reverse: bool,
        read_ahead_bytes: u32,
        fetch_tasks: u32,
        keeps_blocks: bool,
    ) -> Result<Scan, JsValue> {
        let open = self.reader("scan").map_err(EngineError::into_js)?;
        let (read_ahead_bytes, fetch_tasks) = (read_ahead_bytes as usize, fetch_tasks as usize);
        Ok(Scan::new(open, start, end, reverse, read_ahead_bytes, fetch_tasks, keeps_blocks))
    }

    /// Whether `openTableUpdate` can read it: it consists of tables, and each key has one row.
    #[wasm_bindgen(js_name = canBeUpdated)]
    pub fn can_be_updated(&self) -> bool {
        self.open.lock().as_ref().is_some_and(|open| open.tables.as_ref().is_some_and(|tables| tables.is_one_run()))
    }

    /// Releases the tables and the cache. Running calls still end.
    pub fn close(&self) -> Result<JsValue, JsValue> {
        let open = self.open.lock().take();
        answer(async move {
            if let Some(open) = open {
                open.db.close().await?;
            }
            Ok(Outcome::Nothing)
        })
    }

    fn checked(&self, list: Vec<u8>) -> Result<(Open, Vec<Bytes>), EngineError> {
        let open = self.reader("getMany")?;
        let list = Bytes::from(list);
        let keys = packed::Keys::of(&list)?.iter().map(|key| Ok(list.slice_ref(key?)));
        let keys = keys.collect::<Result<_, EngineError>>()?;
        Ok((open, keys))
    }

    fn peeked(&self, key: &[u8]) -> Result<i32, EngineError> {
        executor::check()?;
        let open = self.open.lock();
        let open = open.as_ref().ok_or_else(|| closed("peek"))?;
        if key.is_empty() {
            return Err(EngineError::invalid("peek: a key must not be empty"));
        }
        let Some(tables) = &open.tables else { return Ok(LACKING) };
        Ok(match tables.find_now(key)? {
            // The cache holds the block at least until the next call.
            Now::Value(value) => {
                exchange::set_answer(value.bytes());
                FOUND
            }
            Now::Nothing => NOTHING,
            Now::Wanted(block) => {
                let is_admitted = self.is_admitted(tables, &block);
                exchange::set_wanted(&block, block.is_plain && !is_admitted);
                self.wanted.set(Some(Wanted { block, is_admitted }));
                WANTED
            }
            Now::Lacking => LACKING,
        })
    }

    /// Whether the wanted block will be cached.
    fn is_admitted(&self, tables: &Tables, wanted: &WantedBlock) -> bool {
        let is_seen = || is_seen_again(self.number, wanted.table, wanted.start);
        tables.has_room(wanted.bytes) || (wanted.bytes < LARGE_BYTES && is_seen())
    }

    /// Looks a key up in the wanted block.
    fn found_in(&self, key: &[u8]) -> Result<i32, EngineError> {
        let open = self.open.lock();
        let open = open.as_ref().ok_or_else(|| closed("peek"))?;
        let (Some(tables), Some(Wanted { block, is_admitted })) = (&open.tables, self.wanted.take()) else {
            return Ok(LACKING);
        };
        if block.is_plain && !is_admitted {
            // A value that is alone in its block is copied from where it was read.
            let is_found = exchange::with_stored(block.bytes, |stored| {
                let value = tables.only_value(stored, key);
                value.map(|value| exchange::set_answer(&stored[value])).is_some()
            });
            if is_found == Some(true) {
                return Ok(FOUND);
            }
        }
        let Some(stored) = exchange::with_stored(block.bytes, Bytes::copy_from_slice) else { return Ok(LACKING) };
        Ok(match tables.find_in(&block, stored, key, is_admitted)? {
            Lookup::Value(value) => {
                // The answer is read before the next call, so a block that the cache did not take is kept until then.
                exchange::set_answer(value.bytes());
                exchange::keep(value);
                FOUND
            }
            Lookup::Nothing => NOTHING,
            Lookup::Lacking => LACKING,
        })
    }

    /// Calls `found` with the positions and values of keys of the same length; false if parts have to be fetched.
    fn peeked_keys(
        &self,
        keys: &[u8],
        key_bytes: usize,
        mut found: impl FnMut(usize, &[u8]),
    ) -> Result<bool, EngineError> {
        executor::check()?;
        let open = self.open.lock();
        let open = open.as_ref().ok_or_else(|| closed("getMany"))?;
        let Some(tables) = &open.tables else { return Ok(false) };
        let key = |at: usize| &keys[at * key_bytes..(at + 1) * key_bytes];
        Ok(tables.find_many(keys.len() / key_bytes, key, |at, value| found(at, value))?)
    }

    /// The values of a list of keys if all parts are cached.
    fn peeked_many(&self, list: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        executor::check()?;
        let open = self.open.lock();
        let open = open.as_ref().ok_or_else(|| closed("getMany"))?;
        let Some(tables) = &open.tables else { return Ok(None) };
        let keys = packed::Keys::of(list)?;
        let mut values = packed::ListWriter::new(exchange::take_values(), keys.len());
        let (mut loaded, mut lacking) = (Loaded::default(), Vec::new());
        for (at, key) in keys.iter().enumerate() {
            match tables.find(key?, &mut loaded, &mut lacking)? {
                Lookup::Value(value) => values.put(at, value.bytes()),
                Lookup::Nothing => {}
                Lookup::Lacking => return Ok(None),
            }
            if values.bytes() > MOST_BYTES {
                return Err(too_many_bytes());
            }
        }
        Ok(Some(values.finish()))
    }

    fn reader(&self, call: &str) -> Result<Open, EngineError> {
        executor::check()?;
        let open = self.open.lock();
        open.clone().ok_or_else(|| closed(call))
    }
}
