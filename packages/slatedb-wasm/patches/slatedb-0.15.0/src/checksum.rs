//! CRC-32 of blocks, five times as fast as tables of remainders are on this target, which has no instruction for it.
//!
//! A checksum is a remainder of a division of polynomials. A multiple of the divisor with few terms, all at whole bytes,
//! allows to remove the first bytes of the data by adding (xor) them at a few later places. One pass over the data, 16
//! bytes at a time, leaves as many bytes as the last of these places is away. Their remainder is that of all.

use core::arch::wasm32::{i32x4, v128, v128_load, v128_store, v128_xor};
use core::mem::MaybeUninit;
use core::ptr;

/// How bytes are removed.
trait Pass {
    /// A byte is removed by adding it at each of these distances in bytes; the last is the largest. The sum of
    /// x^(-8 * distance) is 1 modulo the divisor of CRC-32.
    const DISTANCES: &'static [usize];
    /// The number of bytes in one step of the loop.
    const STEP: usize;
    const SPAN: usize = Self::DISTANCES[Self::DISTANCES.len() - 1];
}

/// Four loads for each 16 bytes.
struct Far;

impl Pass for Far {
    const DISTANCES: &'static [usize] = &[535, 744, 796, 852];
    const STEP: usize = 4 * LANE;
}

/// For what the other pass leaves.
struct Near;

impl Pass for Near {
    const DISTANCES: &'static [usize] = &[181, 199, 255, 263, 274];
    const STEP: usize = LANE;
}

/// Shorter data is not worth it.
const LEAST_BYTES: usize = 1024;
const LANE: usize = 16;
/// The bytes of a pass over the scratch memory, whose end then moves to its beginning. A multiple of all steps.
const TILE: usize = 6 << 10;
/// Room for the bytes of the largest distance, and a tile.
const SCRATCH: usize = Far::SPAN + TILE;

/// The CRC-32 that SlateDB stores with each block.
pub(crate) fn crc32(data: &[u8]) -> u32 {
    add(0, data)
}

/// The CRC-32 of bytes with this CRC-32 (0 if there are none), followed by `data`.
pub fn add(checksum: u32, data: &[u8]) -> u32 {
    if data.len() < LEAST_BYTES {
        let mut all = crc32fast::Hasher::new_with_initial(checksum);
        all.update(data);
        return all.finalize();
    }
    let mut scratch = MaybeUninit::<[u8; SCRATCH]>::uninit();
    let scratch = scratch.as_mut_ptr().cast::<u8>();
    let mut far = [0; Far::SPAN + Far::STEP];
    let mut near = [0; Near::SPAN + Near::STEP];
    let rest = unsafe {
        // The register is the inverse of a checksum.
        let rest = remove::<Far>(data, !checksum, scratch, &mut far);
        remove::<Near>(&far[..rest], 0, scratch, &mut near)
    };
    // With a register of 0, which the hasher inverts, too.
    let mut last = crc32fast::Hasher::new_with_initial(u32::MAX);
    last.update(&near[..rest]);
    last.finalize()
}

/// Removes the first bytes of `data`, to whose beginning the register `first` is added; returns the length of `rest`: the
/// largest distance, and less than one step more.
///
/// `scratch` has `SCRATCH` bytes, and `data` is longer than the largest distance.
#[target_feature(enable = "simd128")]
unsafe fn remove<P: Pass>(data: &[u8], first: u32, scratch: *mut u8, rest: &mut [u8]) -> usize {
    let removed = (data.len() - P::SPAN) / P::STEP * P::STEP;
    // Before the tile are the bytes that were removed last, with all that was added to them.
    ptr::write_bytes(scratch, 0, P::SPAN);
    let tile = scratch.add(P::SPAN);
    let mut register = i32x4(first as i32, 0, 0, 0);
    for start in (0..removed).step_by(TILE) {
        let from = data.as_ptr().add(start);
        let bytes = TILE.min(removed - start);
        let mut step = 0;
        // Not an iterator, which takes a quarter more time.
        while step < bytes {
            for lane in 0..P::STEP / LANE {
                let at = step + lane * LANE;
                let mut sum = v128_load(from.add(at).cast::<v128>());
                if lane == 0 {
                    sum = v128_xor(sum, register);
                    register = i32x4(0, 0, 0, 0);
                }
                for distance in P::DISTANCES {
                    sum = v128_xor(sum, v128_load(tile.add(at).sub(*distance).cast::<v128>()));
                }
                v128_store(tile.add(at).cast::<v128>(), sum);
            }
            step += P::STEP;
        }
        ptr::copy(scratch.add(bytes), scratch, P::SPAN);
    }
    let left = &data[removed..];
    rest[..left.len()].copy_from_slice(left);
    for distance in P::DISTANCES {
        let added = core::slice::from_raw_parts(scratch.add(P::SPAN - distance), *distance);
        rest.iter_mut().zip(added).for_each(|(byte, more)| *byte ^= more);
    }
    left.len()
}
