//! Turns a future of the engine into a value or a promise of JavaScript.

use std::future::Future;
use std::sync::Arc;

use js_sys::Uint8Array;
use parking_lot::Mutex;
use wasm_bindgen::JsValue;

use crate::error::EngineError;
use crate::packed::PackedChunk;
use crate::{calls, executor, host};

/// The result of a call. JavaScript values cannot cross tasks, so they are made afterwards.
pub enum Outcome {
    Nothing,
    Bytes(Vec<u8>),
    Chunk(PackedChunk),
    Handle(Box<dyn FnOnce() -> JsValue + Send>),
}

impl Outcome {
    /// An object with methods for JavaScript, such as a reader.
    pub fn handle(handle: impl Into<JsValue> + Send + 'static) -> Self {
        Outcome::Handle(Box::new(move || handle.into()))
    }

    fn into_js(self) -> JsValue {
        match self {
            Outcome::Nothing => JsValue::UNDEFINED,
            Outcome::Bytes(value) => bytes(&value),
            Outcome::Chunk(chunk) => chunk.into_js(),
            Outcome::Handle(into_js) => into_js(),
        }
    }
}

/// A copy of the bytes in a buffer of JavaScript.
fn bytes(value: &[u8]) -> JsValue {
    joined(&[value])
}

/// The parts one after the other, in one buffer of JavaScript.
pub fn joined(parts: &[&[u8]]) -> JsValue {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let all = host::with(|host| host.buffer(length as u32));
    let mut end = 0;
    for part in parts {
        // The view is used before anything else can be allocated.
        all.set(&unsafe { Uint8Array::view(part) }.into(), end);
        end += part.len() as u32;
    }
    all.into()
}

enum State {
    Running,
    Promised(u32),
    Done(Result<Outcome, EngineError>),
}

/// Runs `future` until it waits for the host. Returns its value if it ended, else a promise.
pub fn answer(
    future: impl Future<Output = Result<Outcome, EngineError>> + Send + 'static,
) -> Result<JsValue, JsValue> {
    executor::check().map_err(EngineError::into_js)?;
    let state = Arc::new(Mutex::new(State::Running));
    let task_state = Arc::clone(&state);
    executor::spawn(async move {
        let result = future.await;
        let mut state = task_state.lock();
        match *state {
            State::Promised(id) => {
                drop(state);
                host::with(|host| match result {
                    Ok(outcome) => host.resolve(id, outcome.into_js()),
                    Err(error) => host.reject(id, error.into_js()),
                });
            }
            _ => *state = State::Done(result),
        }
    });
    executor::run();
    let mut state = state.lock();
    match std::mem::replace(&mut *state, State::Running) {
        State::Done(Ok(outcome)) => Ok(outcome.into_js()),
        State::Done(Err(error)) => Err(error.into_js()),
        _ => {
            let id = calls::next_id();
            *state = State::Promised(id);
            Ok(host::with(|host| host.promise(id)))
        }
    }
}
