//! Distances between rows of float32 and queries, for WebAssembly with SIMD.
//!
//! JavaScript owns the memory from `__heap_base` on and passes addresses, which it has checked. A distance is computed
//! in float32 first; a row that may be among the best is computed again in float64, and only that distance is kept. So
//! results are exact, and do not depend on how the machine rounds sums.
#![no_std]

mod assign;
mod bounds;
mod codes;
mod exact;
mod heap;
mod padded;
mod scan;
mod simd;
mod tree;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
