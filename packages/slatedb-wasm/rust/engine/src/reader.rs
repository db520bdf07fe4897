//! Reading one database without writing to its store.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use slatedb::config::DbReaderOptions;
use slatedb::{DbReader, DbReaderMode};
use wasm_bindgen::prelude::*;

use crate::cache::ReaderCache;
use crate::clock::{HostClock, NEVER};
use crate::error::EngineError;
use crate::outcome::{answer, Outcome};
use crate::packed;
use crate::scan::Scan;
use crate::store::HostStore;

/// Lookups of one `getMany` that may wait for the store at the same time.
const CONCURRENT_GETS: usize = 32;

#[wasm_bindgen]
pub struct Reader {
    open: Arc<Mutex<Option<Arc<DbReader>>>>,
}

/// Opens the database at the root of a store. `max_retries` bounds repeated calls of a failing callback.
#[wasm_bindgen(js_name = openReader)]
pub fn open_reader(store: u32, max_retries: u32) -> Result<JsValue, JsValue> {
    answer(async move {
        let options = DbReaderOptions {
            // Nothing new comes to a database that is complete.
            manifest_poll_interval: NEVER,
            object_store_max_retries: Some(max_retries),
            ..DbReaderOptions::default()
        };
        let reader = DbReader::builder("", Arc::new(HostStore::snapshot(store)))
            .with_reader_mode(DbReaderMode::FollowLatest)
            .with_options(options)
            .with_system_clock(Arc::new(HostClock::default()))
            .with_db_cache(Arc::new(ReaderCache::default()))
            .build()
            .await?;
        Ok(Outcome::Reader(Reader { open: Arc::new(Mutex::new(Some(Arc::new(reader)))) }))
    })
}

async fn get(reader: Arc<DbReader>, key: Bytes) -> Result<Option<Bytes>, slatedb::Error> {
    reader.get(key).await
}

#[wasm_bindgen]
impl Reader {
    /// Values of a packed list of keys, as a packed list in the same order.
    #[wasm_bindgen(js_name = getMany)]
    pub fn get_many(&self, keys: Vec<u8>) -> Result<JsValue, JsValue> {
        let reader = self.reader("getMany");
        answer(async move {
            let reader = reader?;
            let keys = packed::read_list(keys)?;
            if keys.iter().any(Bytes::is_empty) {
                return Err(EngineError::invalid("getMany: a key must not be empty"));
            }
            let values = match keys.as_slice() {
                [key] => vec![reader.get(key).await?],
                _ => {
                    stream::iter(keys)
                        .map(|key| get(Arc::clone(&reader), key))
                        .buffered(CONCURRENT_GETS)
                        .try_collect()
                        .await?
                }
            };
            Ok(Outcome::Bytes(packed::write_list(&values)))
        })
    }

    /// A scan of the keys from `start` (included) to `end` (excluded); nothing is read yet.
    pub fn scan(
        &self,
        start: Option<Vec<u8>>,
        end: Option<Vec<u8>>,
        reverse: bool,
        read_ahead_bytes: u32,
        fetch_tasks: u32,
    ) -> Result<Scan, JsValue> {
        let reader = self.reader("scan").map_err(EngineError::into_js)?;
        Ok(Scan::new(reader, start, end, reverse, read_ahead_bytes as usize, fetch_tasks as usize))
    }

    /// Releases what the reader holds; calls under way still end.
    pub fn close(&self) -> Result<JsValue, JsValue> {
        let reader = self.open.lock().take();
        answer(async move {
            if let Some(reader) = reader {
                reader.close().await?;
            }
            Ok(Outcome::Nothing)
        })
    }

    fn reader(&self, call: &str) -> Result<Arc<DbReader>, EngineError> {
        let open = self.open.lock();
        open.clone().ok_or_else(|| EngineError::closed(format!("{call}: the reader is closed")))
    }
}
