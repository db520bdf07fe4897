//! Writes a complete database straight into tables: no log, no memtable, no fencing, no list.
//!
//! Rows are collected in memory. When they take too much, they are sorted and stored as a part. `seal` merges the parts
//! and the rows in memory into tables that do not overlap, and stores the manifest that names them.

mod chunk;
mod merge;
mod output;
mod part;
mod rows;
mod sort;
mod state;
mod update;
mod upload;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{select, Either};
use parking_lot::Mutex;
use tokio::sync::Notify;
use wasm_bindgen::prelude::*;

use crate::error::EngineError;
use crate::outcome::{answer, Outcome};
use crate::{executor, settings};
use state::{Limits, State};

#[wasm_bindgen]
pub struct TableWriter {
    state: Arc<Mutex<Option<State>>>,
    closing: Arc<Notify>,
}

impl Drop for TableWriter {
    /// Ends a running call, which may wait for a store that never answers.
    fn drop(&mut self) {
        self.state.lock().take();
        self.closing.notify_waiters();
        executor::run();
    }
}

/// Begins a database at the root of `store`. Parts are stored in `parts`. Numbers are bytes.
#[wasm_bindgen(js_name = openTableWriter)]
pub fn open_table_writer(
    store: u32,
    parts: u32,
    settings_json: &str,
    memory_bytes: f64,
    seal_memory_bytes: f64,
) -> Result<TableWriter, JsValue> {
    let parsed = settings::parse(settings_json, 0).map_err(EngineError::into_js)?;
    let limits = Limits::new(memory_bytes as usize, seal_memory_bytes as usize);
    let state = State::new(store, parts, &parsed, limits);
    Ok(TableWriter { state: Arc::new(Mutex::new(Some(state))), closing: Arc::default() })
}

#[wasm_bindgen]
impl TableWriter {
    /// Takes a packed chunk. The answer is synchronous unless rows have to be stored first.
    pub fn write(&self, chunk: Vec<u8>) -> Result<JsValue, JsValue> {
        let mut state = self.take("write").map_err(EngineError::into_js)?;
        if let Err(error) = state.add(chunk) {
            return Err(error.into_js());
        }
        if !state.is_due() {
            *self.state.lock() = Some(state);
            return Ok(JsValue::UNDEFINED);
        }
        let place = Arc::clone(&self.state);
        answer_until(&self.closing, async move {
            state.spill().await?;
            *place.lock() = Some(state);
            Ok(Outcome::Nothing)
        })
    }

    /// Stores tables and manifest, and answers with the number of rows. Nothing follows.
    pub fn seal(&self) -> Result<JsValue, JsValue> {
        let state = self.take("seal");
        answer_until(&self.closing, async move { Ok(Outcome::handle(state?.seal().await? as f64)) })
    }
}

impl TableWriter {
    /// A call that fails, or that has not ended, leaves no state: the database stays unfinished.
    fn take(&self, call: &str) -> Result<State, EngineError> {
        let state = self.state.lock().take();
        state.ok_or_else(|| closed_state(call))
    }
}

fn closed_state(call: &str) -> EngineError {
    EngineError::closed(format!("{call}: the writer has failed, is sealed or is busy"))
}

/// The answer of a call, which ends when its writer is closed.
fn answer_until(
    closing: &Arc<Notify>,
    call: impl Future<Output = Result<Outcome, EngineError>> + Send + 'static,
) -> Result<JsValue, JsValue> {
    let closing = Arc::clone(closing);
    answer(async move {
        match select(pin!(call), pin!(closing.notified())).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Err(EngineError::closed("the writer was closed during a call")),
        }
    })
}
