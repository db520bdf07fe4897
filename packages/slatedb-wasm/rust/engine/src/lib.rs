//! SlateDB for WebAssembly: readers and writers of one database over an object store of JavaScript callbacks.
//!
//! Everything runs on the thread of the caller. A call runs the engine at once (`executor`). The answer is synchronous
//! if no callback is pending, else a promise of the host.

mod allocator;
mod cache;
mod calls;
mod clock;
mod error;
mod exchange;
mod executor;
mod fetch;
mod host;
mod lookups;
mod now;
mod outcome;
mod packed;
mod prefetch;
mod reader;
mod scan;
mod settings;
mod store;
mod table_writer;
mod writer;

use wasm_bindgen::prelude::*;

// The default allocator searches long lists after blocks of many sizes were freed.
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator::new();

/// Stores the host's functions. This is the first call of an instance.
#[wasm_bindgen]
pub fn install(host: host::Host) {
    host::install(host);
    std::panic::set_hook(Box::new(|panic| executor::poison(&panic.to_string())));
}

/// The version of SlateDB in this module.
#[wasm_bindgen(js_name = slatedbVersion)]
pub fn slatedb_version() -> String {
    "0.15.0".to_string()
}
