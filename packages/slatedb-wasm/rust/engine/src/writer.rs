//! Writes one database.

use std::sync::Arc;

use parking_lot::Mutex;
use slatedb::config::{FlushOptions, FlushType, WriteOptions};
use slatedb::{BloomFilterPolicy, Db, WriteBatch};
use wasm_bindgen::prelude::*;

use crate::clock::HostClock;
use crate::error::EngineError;
use crate::outcome::{answer, Outcome};
use crate::store::HostStore;
use crate::{packed, settings};

/// Limit of SlateDB's formats.
pub const MAX_KEY_BYTES: usize = u16::MAX as usize;
/// This fits into the memory of an instance, which contains several copies of a value while it is stored.
pub const MAX_VALUE_BYTES: usize = 256 << 20;

#[wasm_bindgen]
pub struct Writer {
    open: Arc<Mutex<Option<Arc<Db>>>>,
}

/// Creates or opens the database at the root of a store, and fences other writers.
#[wasm_bindgen(js_name = openWriter)]
pub fn open_writer(store: u32, settings_json: &str, max_retries: u32) -> Result<JsValue, JsValue> {
    let parsed = settings::parse(settings_json, max_retries);
    answer(async move {
        let parsed = parsed?;
        let db = Db::builder("", Arc::new(HostStore::writable(store)))
            .with_settings(parsed.settings)
            .with_filter_policies(vec![Arc::new(BloomFilterPolicy::new(parsed.filter_bits_per_key))])
            .with_system_clock(Arc::new(HostClock::default()))
            .with_db_cache_disabled()
            .build()
            .await?;
        Ok(Outcome::handle(Writer { open: Arc::new(Mutex::new(Some(Arc::new(db)))) }))
    })
}

#[wasm_bindgen]
impl Writer {
    /// Writes a packed chunk as one batch. `flush`, or a full memtable, stores it.
    pub fn write(&self, chunk: Vec<u8>) -> Result<JsValue, JsValue> {
        let db = self.db("write");
        answer(async move {
            let db = db?;
            let mut batch = WriteBatch::new();
            for (key, value) in packed::read_chunk(chunk)? {
                if key.is_empty() || key.len() > MAX_KEY_BYTES {
                    let length = key.len();
                    return Err(EngineError::invalid(format!(
                        "write: a key takes 1 to {MAX_KEY_BYTES} bytes, not {length}"
                    )));
                }
                if value.len() > MAX_VALUE_BYTES {
                    let length = value.len();
                    return Err(EngineError::too_large(format!(
                        "write: a value takes up to {MAX_VALUE_BYTES} bytes, not {length}"
                    )));
                }
                batch.put_bytes(key, value);
            }
            if !batch.is_empty() {
                let options = WriteOptions { await_durable: false, ..WriteOptions::default() };
                db.write_with_options(batch, &options).await?;
            }
            Ok(Outcome::Nothing)
        })
    }

    /// Ends when all written rows are stored in tables.
    pub fn flush(&self) -> Result<JsValue, JsValue> {
        let db = self.db("flush");
        answer(async move {
            db?.flush_with_options(FlushOptions { flush_type: FlushType::MemTable }).await?;
            Ok(Outcome::Nothing)
        })
    }

    pub fn close(&self) -> Result<JsValue, JsValue> {
        let db = self.open.lock().take();
        answer(async move {
            if let Some(db) = db {
                db.close().await?;
            }
            Ok(Outcome::Nothing)
        })
    }

    fn db(&self, call: &str) -> Result<Arc<Db>, EngineError> {
        let open = self.open.lock();
        open.clone().ok_or_else(|| EngineError::closed(format!("{call}: the writer is closed")))
    }
}
