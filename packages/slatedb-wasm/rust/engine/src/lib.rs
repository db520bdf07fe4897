//! SlateDB for WebAssembly: readers and writers of one database over an object store of JavaScript callbacks.
//!
//! Everything runs on the thread that calls. A call polls the engine at once (`executor`): what needs no
//! callback is answered synchronously, the rest through a promise of the host.

mod allocator;
mod cache;
mod calls;
mod clock;
mod error;
mod executor;
mod host;
mod lookups;
mod outcome;
mod packed;
mod prefetch;
mod reader;
mod scan;
mod settings;
mod store;
mod writer;

use wasm_bindgen::prelude::*;

// The default allocator searches long lists once blocks of many sizes have come and gone.
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator::new();

/// Takes the host's functions; the first call of an instance.
#[wasm_bindgen]
pub fn install(host: host::Host) {
    host::install(host);
    std::panic::set_hook(Box::new(|panic| executor::poison(&panic.to_string())));
}

/// Version of SlateDB this is made of.
#[wasm_bindgen(js_name = slatedbVersion)]
pub fn slatedb_version() -> String {
    "0.15.0".to_string()
}
