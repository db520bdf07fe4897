//! Memory in which the keys and values of lookups cross, without a call for each part.
//!
//! JavaScript writes keys at `request`, calls a lookup, and reads the values where `answer` says. Both sides are done
//! with the memory when the call after it begins.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use slatedb::tables::{add_checksum, Found, WantedBlock};
use wasm_bindgen::prelude::*;

/// Memory for the values of one call that is kept for the next.
const KEPT_BYTES: usize = 4 << 20;
/// The least memory for the stored bytes of a block.
const LEAST_STORED_BYTES: usize = 64 << 10;

thread_local! {
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static VALUES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static KEPT: RefCell<Option<Found>> = const { RefCell::new(None) };
    static STORED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Address and length of the latest answer, then the block that the latest lookup lacks (`set_wanted`).
static ANSWER: [AtomicU32; 7] = [const { AtomicU32::new(0) }; 7];

/// The address of memory for a request of this many bytes. It is valid until a larger one is asked for.
#[wasm_bindgen(js_name = requestAddress)]
pub fn request_address(bytes: usize) -> usize {
    REQUEST.with_borrow_mut(|request| {
        if request.len() < bytes {
            *request = vec![0; bytes];
        }
        request.as_ptr() as usize
    })
}

/// The address of the words of `ANSWER`.
#[wasm_bindgen(js_name = answerAddress)]
pub fn answer_address() -> usize {
    ANSWER.as_ptr() as usize
}

/// The memory of the engine. The name `memory` is taken by wasm-bindgen.
#[wasm_bindgen(js_name = engineMemory)]
pub fn engine_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// The address of memory for the stored bytes of one block. It is valid until a larger one is asked for.
#[wasm_bindgen(js_name = storedAddress)]
pub fn stored_address(bytes: usize) -> usize {
    STORED.with_borrow_mut(|stored| {
        if stored.len() < bytes {
            *stored = Vec::new();
            *stored = vec![0; bytes.max(LEAST_STORED_BYTES)];
        }
        stored.as_ptr() as usize
    })
}

/// Calls `look` with the stored bytes of a block, which JavaScript has written; nothing if there are fewer.
pub fn with_stored<T>(bytes: usize, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    STORED.with_borrow(|stored| stored.get(..bytes).map(look))
}

/// The checksum of bytes with this checksum, followed by that many stored bytes; 0 if there are fewer.
#[wasm_bindgen(js_name = addChecksum)]
pub fn add_checksum_of_stored(checksum: u32, bytes: usize) -> u32 {
    with_stored(bytes, |stored| add_checksum(checksum, stored)).unwrap_or(0)
}

/// Calls `look` with the first bytes of the request; nothing if there are fewer.
pub fn with_request<T>(bytes: usize, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    REQUEST.with_borrow(|request| request.get(..bytes).map(look))
}

pub fn set_answer(bytes: &[u8]) {
    set_place(bytes.as_ptr() as usize, bytes.len());
}

/// Answers with a place in a block that JavaScript has.
pub fn set_place(start: usize, bytes: usize) {
    ANSWER[0].store(start as u32, Ordering::Relaxed);
    ANSWER[1].store(bytes as u32, Ordering::Relaxed);
}

/// The number of the table, the place of the block in it, its length, and whether only its value is needed.
pub fn set_wanted(wanted: &WantedBlock, is_for_value: bool) {
    let place = [wanted.start as u32, (wanted.start >> 32) as u32];
    let words = [wanted.table as u32, place[0], place[1], wanted.bytes as u32, is_for_value.into()];
    for (word, cell) in words.into_iter().zip(&ANSWER[2..]) {
        cell.store(word, Ordering::Relaxed);
    }
}

/// Keeps the block of the latest answer until there is another one.
pub fn keep(found: Found) {
    KEPT.set(Some(found));
}

/// Memory for the values of many keys. `answer_with` gets it back.
pub fn take_values() -> Vec<u8> {
    let mut values = VALUES.take();
    if values.capacity() > KEPT_BYTES {
        return Vec::new();
    }
    values.clear();
    values
}

pub fn answer_with(values: Vec<u8>) {
    set_answer(&values);
    VALUES.set(values);
}
