use crate::heap::Heap;
use crate::padded::padded_length;
use crate::simd::{integer_sums4, load};
use core::arch::wasm32::*;

/// Rows as 8-bit integers: each value divided by the scale of its row. With `places`, codes and scale of a row go to its
/// place; null for the same order.
#[no_mangle]
pub unsafe extern "C" fn quantize(
    rows: *const f32,
    count: usize,
    dim: usize,
    codes: *mut i8,
    scales: *mut f32,
    places: *const u32,
) {
    for i in 0..count {
        let row = rows.add(i * dim);
        let place = if places.is_null() { i } else { *places.add(i) as usize };
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
        *scales.add(place) = most / 127.0;
        let factor = if most > 0.0 { 127.0 / most } else { 0.0 };
        let out = codes.add(place * dim);
        j = 0;
        while j + 8 <= dim {
            let eight =
                i16x8_narrow_i32x4(codes4(load(row.add(j)), factor), codes4(load(row.add(j + 4)), factor));
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

/// The arguments of `rank_lists` and `scan_lists`, as JavaScript writes them. The query has codes of 16 bits in `padded`
/// form (see `padded_length`). A distance is the bias of a row, plus the product of the codes times the factor of the row
/// and that of the query.
#[repr(C)]
pub struct Lists {
    codes: *const i8,
    biases: *const f32,
    factors: *const f32,
    /// The first row of each list, and the end of the last.
    starts: *const u32,
    list_count: usize,
    dim: usize,
    /// Of the centroid of each list, as of rows.
    centroid_codes: *const i8,
    centroid_biases: *const f32,
    centroid_factors: *const f32,
    query: *const i16,
    query_factor: f32,
    /// The lists to search, the nearest first; `rank_lists` writes them.
    wanted: usize,
    /// Room for two words for each list. The numbers of the lists are the first words.
    ranked: *mut u64,
    capacity: usize,
    distances: *mut f64,
    row_numbers: *mut u32,
    len: *mut u32,
}

/// Finds the lists whose centroids are nearest to the query; of equals the first.
#[no_mangle]
pub unsafe extern "C" fn rank_lists(job: &Lists) {
    let (count, wanted) = (job.list_count, job.wanted);
    let centroids = Coded {
        codes: job.centroid_codes,
        biases: job.centroid_biases,
        factors: job.centroid_factors,
        dim: job.dim,
        query: job.query,
        query_factor: job.query_factor,
    };
    let mut i = 0;
    while i + 4 <= count {
        let mut found = [0f32; 4];
        v128_store(found.as_mut_ptr() as *mut v128, centroids.distances4(i));
        for lane in 0..4 {
            *job.ranked.add(i + lane) = key(found[lane], i + lane);
        }
        i += 4;
    }
    while i < count {
        *job.ranked.add(i) = key(centroids.distance(i), i);
        i += 1;
    }
    nearest_first(job.ranked, count, wanted);
}

/// Moves the lowest keys to the front, in order.
unsafe fn nearest_first(keys: *mut u64, count: usize, wanted: usize) {
    if wanted == 0 {
        return;
    }
    for at in (0..wanted / 2).rev() {
        sift(keys, wanted, at);
    }
    for i in wanted..count {
        if *keys.add(i) < *keys {
            core::ptr::swap(keys, keys.add(i));
            sift(keys, wanted, 0);
        }
    }
    for end in (1..wanted).rev() {
        core::ptr::swap(keys, keys.add(end));
        sift(keys, end, 0);
    }
}

/// Moves a key of a heap with the highest key on top to its place.
unsafe fn sift(keys: *mut u64, len: usize, from: usize) {
    let key = *keys.add(from);
    let mut at = from;
    loop {
        let mut child = 2 * at + 1;
        if child >= len {
            break;
        }
        if child + 1 < len && *keys.add(child + 1) > *keys.add(child) {
            child += 1;
        }
        if *keys.add(child) <= key {
            break;
        }
        *keys.add(at) = *keys.add(child);
        at = child;
    }
    *keys.add(at) = key;
}

/// Adds the rows of the lists to the best ones of the query, by approximate distances.
#[no_mangle]
pub unsafe extern "C" fn scan_lists(job: &Lists) {
    if job.capacity == 0 {
        return;
    }
    let rows = Coded {
        codes: job.codes,
        biases: job.biases,
        factors: job.factors,
        dim: job.dim,
        query: job.query,
        query_factor: job.query_factor,
    };
    let heap = Heap { distances: job.distances, rows: job.row_numbers, len: job.len, capacity: job.capacity };
    for i in 0..job.wanted {
        let list = *job.ranked.add(i) as u32 as usize;
        scan_list(&rows, &heap, *job.starts.add(list) as usize, *job.starts.add(list + 1) as usize);
    }
}

unsafe fn scan_list(rows: &Coded, heap: &Heap, start: usize, end: usize) {
    let mut limit = heap.worst() as f32;
    let mut i = start;
    while i + 4 <= end {
        let distances = rows.distances4(i);
        if !i32x4_all_true(f32x4_gt(distances, f32x4_splat(limit))) {
            let mut found = [0f32; 4];
            v128_store(found.as_mut_ptr() as *mut v128, distances);
            for lane in 0..4 {
                limit = consider(heap, found[lane], i + lane, limit);
            }
        }
        i += 4;
    }
    while i < end {
        limit = consider(heap, rows.distance(i), i, limit);
        i += 1;
    }
}

#[inline(always)]
unsafe fn consider(heap: &Heap, distance: f32, row: usize, limit: f32) -> f32 {
    if distance > limit {
        return limit;
    }
    add(heap, distance, row as u32)
}

/// Returns the new limit: farther rows do not enter.
#[inline(never)]
unsafe fn add(heap: &Heap, distance: f32, row: u32) -> f32 {
    heap.push(if distance == distance { distance as f64 } else { f64::INFINITY }, row);
    heap.worst() as f32
}

/// Rows as codes, and a query.
struct Coded {
    codes: *const i8,
    biases: *const f32,
    factors: *const f32,
    dim: usize,
    query: *const i16,
    query_factor: f32,
}

impl Coded {
    #[inline(always)]
    unsafe fn distances4(&self, i: usize) -> v128 {
        let products = f32x4_convert_i32x4(products4(self.codes.add(i * self.dim), self.dim, self.query));
        let factors =
            f32x4_mul(f32x4_splat(self.query_factor), v128_load(self.factors.add(i) as *const v128));
        f32x4_add(v128_load(self.biases.add(i) as *const v128), f32x4_mul(products, factors))
    }

    unsafe fn distance(&self, i: usize) -> f32 {
        let row = self.codes.add(i * self.dim);
        let whole = self.dim & !7;
        // See `padded_length`.
        let gap = padded_length(self.dim) - self.dim;
        let mut product = 0;
        for j in 0..self.dim {
            let at = if j < whole { j } else { j + gap };
            product += *row.add(j) as i32 * *self.query.add(at) as i32;
        }
        *self.biases.add(i) + product as f32 * (self.query_factor * *self.factors.add(i))
    }
}

/// Orders by distance, then by number. Not a number is last.
#[inline(always)]
fn key(distance: f32, number: usize) -> u64 {
    let bits = if distance == distance { distance.to_bits() } else { 0x7fff_ffff };
    let ordered = if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits };
    (ordered as u64) << 32 | number as u64
}
/// The products of the codes of four rows with those of a query in `padded` form.
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
    while j < dim {
        // The last eight end with the row, see `padded_length`.
        let from = if j + 8 <= dim { j as isize } else { dim as isize - 8 };
        let low = v128_load(query.add(j) as *const v128);
        a = i32x4_add(a, product8(r0.offset(from), low));
        b = i32x4_add(b, product8(r1.offset(from), low));
        c = i32x4_add(c, product8(r2.offset(from), low));
        d = i32x4_add(d, product8(r3.offset(from), low));
        j += 8;
    }
    integer_sums4(a, b, c, d)
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
