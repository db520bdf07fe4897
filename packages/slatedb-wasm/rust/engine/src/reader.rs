//! Reads one database, and writes nothing to its store.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use js_sys::Uint8Array;
use parking_lot::Mutex;
use slatedb::config::DbReaderOptions;
use slatedb::tables::{Loaded, Lookup, Tables};
use slatedb::{DbReader, DbReaderMode};
use wasm_bindgen::prelude::*;

use crate::cache::ReaderCache;
use crate::clock::{HostClock, NEVER};
use crate::error::EngineError;
use crate::lookups::Lookups;
use crate::outcome::{answer, Outcome};
use crate::packed;
use crate::scan::Scan;
use crate::store::HostStore;
use crate::{executor, outcome};

/// Concurrent lookups of one `getMany`, if SlateDB does them one by one.
const CONCURRENT_GETS: usize = 32;

#[wasm_bindgen]
pub struct Reader {
    open: Arc<Mutex<Option<Open>>>,
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
            manifest_poll_interval: NEVER,
            object_store_max_retries: Some(max_retries),
            ..DbReaderOptions::default()
        };
        let db = DbReader::builder("", Arc::new(HostStore::snapshot(store, prefetch_bytes)))
            .with_reader_mode(DbReaderMode::FollowLatest)
            .with_options(options)
            .with_system_clock(Arc::new(HostClock::default()))
            .with_db_cache(Arc::new(ReaderCache::default()))
            .with_max_value_bytes(max_value_bytes)
            .build()
            .await?;
        let tables = db.tables().map(Arc::new);
        let open = Open { db: Arc::new(db), tables, max_value_bytes };
        Ok(Outcome::handle(Reader { open: Arc::new(Mutex::new(Some(open))) }))
    })
}

async fn get(reader: Arc<DbReader>, key: Bytes) -> Result<Option<Bytes>, slatedb::Error> {
    reader.get(key).await
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
        let mut lookups = Lookups::new(tables, keys);
        match lookups.advance() {
            Ok(true) => Ok(outcome::bytes(&packed::write_list(&lookups.into_values()))),
            Ok(false) => answer(async move {
                let values = lookups.finish().await?;
                Ok(Outcome::Bytes(packed::write_list(&values)))
            }),
            Err(error) => Err(error.into_js()),
        }
    }

    /// The value of a key, undefined if the key does not exist, null if parts have to be fetched.
    pub fn peek(&self, key: &[u8]) -> Result<JsValue, JsValue> {
        self.peeked(key).map_err(EngineError::into_js)
    }

    /// A scan of the keys from `start` (included) to `end` (excluded). The first chunk starts it.
    pub fn scan(
        &self,
        start: Option<Vec<u8>>,
        end: Option<Vec<u8>>,
        reverse: bool,
        read_ahead_bytes: u32,
        fetch_tasks: u32,
    ) -> Result<Scan, JsValue> {
        let open = self.reader("scan").map_err(EngineError::into_js)?;
        Ok(Scan::new(open, start, end, reverse, read_ahead_bytes as usize, fetch_tasks as usize))
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

    fn checked(&self, keys: Vec<u8>) -> Result<(Open, Vec<Bytes>), EngineError> {
        let open = self.reader("getMany")?;
        let keys = packed::read_list(keys)?;
        if keys.iter().any(Bytes::is_empty) {
            return Err(EngineError::invalid("getMany: a key must not be empty"));
        }
        Ok((open, keys))
    }

    fn peeked(&self, key: &[u8]) -> Result<JsValue, EngineError> {
        let open = self.reader("peek")?;
        if key.is_empty() {
            return Err(EngineError::invalid("peek: a key must not be empty"));
        }
        let Some(tables) = open.tables else { return Ok(JsValue::NULL) };
        let found = tables.find(&Bytes::copy_from_slice(key), &mut Loaded::default(), &mut Vec::new())?;
        Ok(match found {
            Lookup::Value(value) => Uint8Array::from(&value[..]).into(),
            Lookup::Nothing => JsValue::UNDEFINED,
            Lookup::Lacking => JsValue::NULL,
        })
    }

    fn reader(&self, call: &str) -> Result<Open, EngineError> {
        executor::check()?;
        let open = self.open.lock();
        open.clone().ok_or_else(|| EngineError::closed(format!("{call}: the reader is closed")))
    }
}
