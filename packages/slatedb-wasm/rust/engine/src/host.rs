//! The functions of JavaScript. The host answers store and timer calls through the `settle…` exports of `calls`, during
//! the call or later.

use std::cell::RefCell;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub type Host;

    #[wasm_bindgen(method)]
    pub fn get(this: &Host, call: u32, store: u32, path: &str, start: f64, end: f64);
    /// Writes bytes of an object to an address of the engine, if the store has them now.
    #[wasm_bindgen(method, js_name = readNow)]
    pub fn read_now(this: &Host, store: u32, path: &str, start: f64, address: usize, bytes: usize) -> bool;
    /// Whether the store can answer `readNow`.
    #[wasm_bindgen(method, js_name = canReadNow)]
    pub fn can_read_now(this: &Host, store: u32) -> bool;
    #[wasm_bindgen(method)]
    pub fn head(this: &Host, call: u32, store: u32, path: &str);
    #[wasm_bindgen(method)]
    pub fn put(this: &Host, call: u32, store: u32, path: &str, bytes: Uint8Array, if_absent: bool);
    /// Whether the store takes objects in pieces.
    #[wasm_bindgen(method, js_name = takesPieces)]
    pub fn takes_pieces(this: &Host, store: u32) -> bool;
    /// Copies the next bytes of an object during the call, and answers when they are stored.
    #[wasm_bindgen(method)]
    pub fn append(this: &Host, call: u32, store: u32, path: &str, bytes: Uint8Array);
    #[wasm_bindgen(method)]
    pub fn complete(this: &Host, call: u32, store: u32, path: &str);
    /// Removes what was appended to an object that is not complete.
    #[wasm_bindgen(method)]
    pub fn abandon(this: &Host, store: u32, path: &str);
    #[wasm_bindgen(method)]
    pub fn list(this: &Host, call: u32, store: u32, prefix: &str);
    #[wasm_bindgen(method)]
    pub fn remove(this: &Host, call: u32, store: u32, path: &str);

    /// A new buffer, all of which is written next.
    #[wasm_bindgen(method)]
    pub fn buffer(this: &Host, bytes: u32) -> Uint8Array;

    #[wasm_bindgen(method)]
    pub fn sleep(this: &Host, call: u32, milliseconds: f64);
    #[wasm_bindgen(method, js_name = cancelSleep)]
    pub fn cancel_sleep(this: &Host, call: u32);

    /// A promise that `resolve` or `reject` of the same id settles.
    #[wasm_bindgen(method)]
    pub fn promise(this: &Host, id: u32) -> JsValue;
    #[wasm_bindgen(method)]
    pub fn resolve(this: &Host, id: u32, value: JsValue);
    #[wasm_bindgen(method)]
    pub fn reject(this: &Host, id: u32, error: JsValue);
    /// The error object; `failure` is the number of the error of the store, or 0.
    #[wasm_bindgen(method)]
    pub fn error(this: &Host, kind: &str, message: &str, failure: u32) -> JsValue;
    /// The engine has stopped. The host rejects all promises.
    #[wasm_bindgen(method)]
    pub fn poisoned(this: &Host, message: &str);
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

pub fn install(host: Host) {
    HOST.with(|slot| *slot.borrow_mut() = Some(host));
}

/// Runs `f` with the host, which may call back into the engine.
pub fn with<T>(f: impl FnOnce(&Host) -> T) -> T {
    HOST.with(|slot| f(slot.borrow().as_ref().expect("install() comes first")))
}
