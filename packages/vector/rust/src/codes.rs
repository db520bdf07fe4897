use crate::heap::Heap;
use crate::simd::{integer_sums4, load};
use core::arch::wasm32::*;

/// Rows as 8-bit integers: each value divided by the scale of its row.
#[no_mangle]
pub unsafe extern "C" fn quantize(rows: *const f32, count: usize, dim: usize, codes: *mut i8, scales: *mut f32) {
    for i in 0..count {
        let row = rows.add(i * dim);
        let mut most4 = f32x4_splat(0.0);
        let mut j = 0;
        while j + 4 <= dim {
            // Keeps the first of its arguments if one is not a number.
            most4 = f32x4_pmax(most4, f32x4_abs(load(row.add(j))));
            j += 4;
        }
        most4 = f32x4_pmax(most4, i32x4_shuffle::<2, 3, 0, 1>(most4, most4));
        most4 = f32x4_pmax(most4, i32x4_shuffle::<1, 0, 3, 2>(most4, most4));
        let mut most = f32x4_extract_lane::<0>(most4);
        while j < dim {
            let value = *row.add(j);
            let size = if value < 0.0 { -value } else { value };
            if size > most {
                most = size;
            }
            j += 1;
        }
        *scales.add(i) = most / 127.0;
        let factor = if most > 0.0 { 127.0 / most } else { 0.0 };
        let out = codes.add(i * dim);
        j = 0;
        while j + 8 <= dim {
            let eight = i16x8_narrow_i32x4(codes4(load(row.add(j)), factor), codes4(load(row.add(j + 4)), factor));
            v128_store64_lane::<0>(i8x16_narrow_i16x8(eight, eight), out.add(j) as *mut u64);
            j += 8;
        }
        while j < dim {
            let value = *row.add(j) * factor;
            // Converts NaN to 0 and what is too large to the nearest code.
            *out.add(j) = (if value < 0.0 { value - 0.5 } else { value + 0.5 }) as i8;
            j += 1;
        }
    }
}

/// Four codes as integers of 32 bits, rounded as the codes of the last values of a row.
#[inline(always)]
unsafe fn codes4(values: v128, factor: f32) -> v128 {
    let scaled = f32x4_mul(values, f32x4_splat(factor));
    let half = v128_bitselect(f32x4_splat(-0.5), f32x4_splat(0.5), f32x4_lt(scaled, f32x4_splat(0.0)));
    i32x4_trunc_sat_f32x4(f32x4_add(scaled, half))
}

/// The arguments of `scan_codes`, as JavaScript writes them.
#[repr(C)]
pub struct ScanCodes {
    codes: *const i8,
    /// A distance is the row's bias, plus the product of the codes times the row's factor and that of the query.
    biases: *const f32,
    factors: *const f32,
    count: usize,
    dim: usize,
    /// The number of the first row.
    first: u32,
    /// The codes of the query as 16-bit integers.
    query: *const i16,
    query_factor: f32,
    capacity: usize,
    distances: *mut f64,
    row_numbers: *mut u32,
    len: *mut u32,
}

/// Adds rows to the best ones of a query, by approximate distances.
#[no_mangle]
pub unsafe extern "C" fn scan_codes(job: &ScanCodes) {
    if job.capacity == 0 {
        return;
    }
    let heap = Heap { distances: job.distances, rows: job.row_numbers, len: job.len, capacity: job.capacity };
    let mut limit = heap.worst() as f32;
    let factor = f32x4_splat(job.query_factor);
    let mut i = 0;
    while i + 4 <= job.count {
        let products = f32x4_convert_i32x4(products4(job.codes.add(i * job.dim), job.dim, job.query));
        let scaled = f32x4_mul(products, f32x4_mul(factor, v128_load(job.factors.add(i) as *const v128)));
        let distances = f32x4_add(v128_load(job.biases.add(i) as *const v128), scaled);
        let beyond = f32x4_gt(distances, f32x4_splat(limit));
        if !i32x4_all_true(beyond) {
            let found = [
                f32x4_extract_lane::<0>(distances),
                f32x4_extract_lane::<1>(distances),
                f32x4_extract_lane::<2>(distances),
                f32x4_extract_lane::<3>(distances),
            ];
            let mut lane = 0;
            while lane < 4 {
                let distance = found[lane & 3];
                if !(distance > limit) {
                    add(&heap, distance, job.first + (i + lane) as u32);
                    limit = heap.worst() as f32;
                }
                lane += 1;
            }
        }
        i += 4;
    }
    while i < job.count {
        let mut product = 0;
        for j in 0..job.dim {
            product += *job.codes.add(i * job.dim + j) as i32 * *job.query.add(j) as i32;
        }
        let distance = *job.biases.add(i) + product as f32 * job.query_factor * *job.factors.add(i);
        if !(distance > limit) {
            add(&heap, distance, job.first + i as u32);
            limit = heap.worst() as f32;
        }
        i += 1;
    }
}

#[inline(never)]
unsafe fn add(heap: &Heap, distance: f32, row: u32) {
    heap.push(if distance == distance { distance as f64 } else { f64::INFINITY }, row);
}

/// The products of the codes of four rows with those of a query.
#[inline(always)]
pub unsafe fn products4(r0: *const i8, dim: usize, query: *const i16) -> v128 {
    let (r1, r2, r3) = (r0.add(dim), r0.add(2 * dim), r0.add(3 * dim));
    let zero = i32x4_splat(0);
    let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
    let mut j = 0;
    while j + 16 <= dim {
        let low = v128_load(query.add(j) as *const v128);
        let high = v128_load(query.add(j + 8) as *const v128);
        a = i32x4_add(a, product16(r0.add(j), low, high));
        b = i32x4_add(b, product16(r1.add(j), low, high));
        c = i32x4_add(c, product16(r2.add(j), low, high));
        d = i32x4_add(d, product16(r3.add(j), low, high));
        j += 16;
    }
    if j + 8 <= dim {
        let low = v128_load(query.add(j) as *const v128);
        a = i32x4_add(a, product8(r0.add(j), low));
        b = i32x4_add(b, product8(r1.add(j), low));
        c = i32x4_add(c, product8(r2.add(j), low));
        d = i32x4_add(d, product8(r3.add(j), low));
        j += 8;
    }
    let mut sums = integer_sums4(a, b, c, d);
    while j < dim {
        let v = *query.add(j) as i32;
        let values = i32x4(*r0.add(j) as i32, *r1.add(j) as i32, *r2.add(j) as i32, *r3.add(j) as i32);
        sums = i32x4_add(sums, i32x4_mul(values, i32x4_splat(v)));
        j += 1;
    }
    sums
}

#[inline(always)]
unsafe fn product16(codes: *const i8, low: v128, high: v128) -> v128 {
    let values = v128_load(codes as *const v128);
    i32x4_add(
        i32x4_dot_i16x8(i16x8_extend_low_i8x16(values), low),
        i32x4_dot_i16x8(i16x8_extend_high_i8x16(values), high),
    )
}

#[inline(always)]
unsafe fn product8(codes: *const i8, low: v128) -> v128 {
    i32x4_dot_i16x8(i16x8_load_extend_i8x8(codes), low)
}
