use crate::codes::{products4, quantize};
use crate::exact::{products, root};
use crate::simd::load;
use core::arch::wasm32::*;

// A row x is its scale times its codes, plus what the codes miss; so is a query q. By Cauchy and Schwarz the product of
// x and q differs from that of the codes by at most |missed of x| * (|q| + |missed of q|) + |x| * |missed of q|.

/// Added to the error of a row, in relation to its length: more than all roundings of float32 in `bounds4`.
const ROUNDING: f64 = 1.0 / (1 << 20) as f64;
/// Rows that are coded worse than this, in relation to their length, have no bound.
const WORST_ERROR: f64 = 0.25;

/// The codes of the rows of a block and of one query, as JavaScript writes them.
#[repr(C)]
pub struct RowCodes {
    /// Of each row its scale; the errors and the squares follow.
    scales: *const f32,
    /// From the scale of a row to its error, and from there to its square.
    stride: usize,
    codes: *const i8,
    /// In `padded` form.
    query: *const i16,
    query_scale: f32,
    query_length: f32,
    /// The bound of a row of zeros, without its square.
    start: f32,
    pub pause: *mut Pause,
}

/// For how many rows codes are not used, and for how many after the next trial that shows little.
#[repr(C)]
pub struct Pause {
    pub rows: usize,
    pub next: usize,
}

impl RowCodes {
    /// Distances of four rows that the exact ones are not below; not a number where nothing is known.
    #[inline(always)]
    pub unsafe fn bounds4<const SQUARES: bool>(&self, i: usize, dim: usize, inverse_norms: v128) -> v128 {
        let products = f32x4_convert_i32x4(products4(self.codes.add(i * dim), dim, self.query));
        let numbers = self.scales.add(i);
        let scales = f32x4_mul(load(numbers), f32x4_splat(self.query_scale));
        let errors = f32x4_mul(load(numbers.add(self.stride)), f32x4_splat(self.query_length));
        let most = f32x4_mul(f32x4_add(f32x4_mul(products, scales), errors), inverse_norms);
        let start = f32x4_splat(self.start);
        if SQUARES {
            f32x4_sub(f32x4_add(load(numbers.add(2 * self.stride)), start), f32x4_add(most, most))
        } else {
            f32x4_sub(start, most)
        }
    }
}

/// Writes for all rows their scales, the lengths that the codes miss, the squares of their lengths rounded down, and the
/// codes. A length is not a number where there is no bound: float32 cannot hold the squares, or the codes are poor.
#[no_mangle]
pub unsafe extern "C" fn encode(rows: *const f32, count: usize, dim: usize, scales: *mut f32) {
    let (errors, squares) = (scales.add(count), scales.add(2 * count));
    let codes = scales.add(3 * count) as *mut i8;
    quantize(rows, count, dim, codes, scales, core::ptr::null());
    for i in 0..count {
        let row = rows.add(i * dim);
        let square = products::<false>(row, row, dim);
        let missed = root(missed_square(row, codes.add(i * dim), *scales.add(i) as f64, dim));
        let length = root(square);
        let has_bound = square == 0.0 || (square > 1e-24 && square < 1e30 && missed <= WORST_ERROR * length);
        *errors.add(i) = if has_bound { (missed + ROUNDING * length) as f32 } else { f32::NAN };
        *squares.add(i) = (square * (1.0 - 2.0 * ROUNDING)) as f32;
    }
}

/// The square of the length of a row less its codes.
unsafe fn missed_square(row: *const f32, codes: *const i8, scale: f64, dim: usize) -> f64 {
    let scales = f64x2_splat(scale);
    let (mut low, mut high) = (f64x2_splat(0.0), f64x2_splat(0.0));
    let mut j = 0;
    while j + 4 <= dim {
        let x = load(row.add(j));
        let narrow = v128_load32_zero(codes.add(j) as *const u32);
        let c = i32x4_extend_low_i16x8(i16x8_extend_low_i8x16(narrow));
        let coded = f64x2_mul(f64x2_convert_low_i32x4(c), scales);
        let difference = f64x2_sub(f64x2_promote_low_f32x4(x), coded);
        low = f64x2_add(low, f64x2_mul(difference, difference));
        let coded = f64x2_mul(f64x2_convert_low_i32x4(i64x2_shuffle::<1, 1>(c, c)), scales);
        let difference = f64x2_sub(f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(x, x)), coded);
        high = f64x2_add(high, f64x2_mul(difference, difference));
        j += 4;
    }
    let both = f64x2_add(low, high);
    let mut sum = f64x2_extract_lane::<0>(both) + f64x2_extract_lane::<1>(both);
    while j < dim {
        let difference = *row.add(j) as f64 - *codes.add(j) as f64 * scale;
        sum += difference * difference;
        j += 1;
    }
    sum
}
