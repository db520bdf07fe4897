use core::arch::wasm32::*;

pub const L2: u32 = 0;
pub const COSINE: u32 = 1;

/// The distance in float64: L2 squared, 1 - cos, or the negated product. Rows that are not finite are infinitely far.
#[inline(never)]
pub unsafe fn exact_distance(row: *const f32, query: *const f32, dim: usize, metric: u32) -> f64 {
    let distance = match metric {
        L2 => products::<true>(row, query, dim),
        COSINE => {
            let squares = products::<false>(row, row, dim) * products::<false>(query, query, dim);
            if squares == 0.0 {
                1.0
            } else {
                let cosine = products::<false>(row, query, dim) / root(squares);
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
        _ => -products::<false>(row, query, dim),
    };
    if distance > f64::NEG_INFINITY && distance < f64::INFINITY {
        distance
    } else {
        f64::INFINITY
    }
}

#[inline(always)]
pub unsafe fn root(x: f64) -> f64 {
    f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(x)))
}

/// The sum of products in float64, or of squared differences.
pub unsafe fn products<const DIFFERENCES: bool>(a: *const f32, b: *const f32, dim: usize) -> f64 {
    let mut low = f64x2_splat(0.0);
    let mut high = low;
    let mut i = 0;
    while i + 4 <= dim {
        let (x, y) = (v128_load(a.add(i) as *const v128), v128_load(b.add(i) as *const v128));
        let (x1, y1) = (f64x2_promote_low_f32x4(x), f64x2_promote_low_f32x4(y));
        let x2 = f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(x, x));
        let y2 = f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(y, y));
        if DIFFERENCES {
            let (d1, d2) = (f64x2_sub(x1, y1), f64x2_sub(x2, y2));
            low = f64x2_add(low, f64x2_mul(d1, d1));
            high = f64x2_add(high, f64x2_mul(d2, d2));
        } else {
            low = f64x2_add(low, f64x2_mul(x1, y1));
            high = f64x2_add(high, f64x2_mul(x2, y2));
        }
        i += 4;
    }
    let both = f64x2_add(low, high);
    let mut sum = f64x2_extract_lane::<0>(both) + f64x2_extract_lane::<1>(both);
    while i < dim {
        let (x, y) = (*a.add(i) as f64, *b.add(i) as f64);
        sum += if DIFFERENCES { (x - y) * (x - y) } else { x * y };
        i += 1;
    }
    sum
}

#[no_mangle]
pub unsafe extern "C" fn distance(row: *const f32, query: *const f32, dim: usize, metric: u32) -> f64 {
    exact_distance(row, query, dim, metric)
}

/// One divided by the length of each row, for the cosine; 0 for a row of zeros. Not a number where float32 cannot hold
/// the square of the length: then the distance is always computed in float64. Returns the length of the longest row.
#[no_mangle]
pub unsafe extern "C" fn inverse_norms(rows: *const f32, count: usize, dim: usize, out: *mut f32) -> f64 {
    let mut longest = 0.0;
    for i in 0..count {
        let row = rows.add(i * dim);
        let square = products::<false>(row, row, dim);
        let inverse = if square == 0.0 {
            0.0
        } else if square > 1e-24 && square < 1e30 {
            1.0 / root(square)
        } else {
            f64::NAN
        };
        *out.add(i) = inverse as f32;
        let length = root(square);
        // A row with NaN makes this infinite, so that no row is skipped.
        longest = if length <= longest {
            longest
        } else if length == length {
            length
        } else {
            f64::INFINITY
        };
    }
    longest
}
