use crate::simd::*;
use core::arch::wasm32::*;

/// Finds for each point the centroid with the largest product, less the bias of the centroid. With half the square of
/// each centroid as its bias, that is the nearest one. Of equals the first.
#[no_mangle]
pub unsafe extern "C" fn assign(
    points: *const f32,
    count: usize,
    dim: usize,
    centroids: *const f32,
    biases: *const f32,
    centroid_count: usize,
    out: *mut u32,
) {
    let mut i = 0;
    while i + 4 <= count {
        assign_four(points.add(i * dim), dim, centroids, biases, centroid_count, out.add(i));
        i += 4;
    }
    while i < count {
        let point = points.add(i * dim);
        let (mut best, mut at) = (f32::NEG_INFINITY, 0);
        for c in 0..centroid_count {
            let score = product(point, centroids.add(c * dim), dim) - *biases.add(c);
            if score > best {
                best = score;
                at = c as u32;
            }
        }
        *out.add(i) = at;
        i += 1;
    }
}

unsafe fn assign_four(
    p0: *const f32,
    dim: usize,
    centroids: *const f32,
    biases: *const f32,
    centroid_count: usize,
    out: *mut u32,
) {
    let (p1, p2, p3) = (p0.add(dim), p0.add(2 * dim), p0.add(3 * dim));
    let mut best = f32x4_splat(f32::NEG_INFINITY);
    let mut at = i32x4_splat(0);
    let mut c = 0;
    while c + 2 <= centroid_count {
        let r = centroids.add(c * dim);
        let s = r.add(dim);
        let zero = f32x4_splat(0.0);
        let (mut a, mut b, mut x, mut d) = (zero, zero, zero, zero);
        let (mut e, mut f, mut g, mut h) = (zero, zero, zero, zero);
        let mut j = 0;
        while j + 4 <= dim {
            let (v, w) = (load(r.add(j)), load(s.add(j)));
            let y = load(p0.add(j));
            a = madd(v, y, a);
            e = madd(w, y, e);
            let y = load(p1.add(j));
            b = madd(v, y, b);
            f = madd(w, y, f);
            let y = load(p2.add(j));
            x = madd(v, y, x);
            g = madd(w, y, g);
            let y = load(p3.add(j));
            d = madd(v, y, d);
            h = madd(w, y, h);
            j += 4;
        }
        let (mut first, mut second) = (sums4(a, b, x, d), sums4(e, f, g, h));
        while j < dim {
            let y = f32x4(*p0.add(j), *p1.add(j), *p2.add(j), *p3.add(j));
            first = madd(f32x4_splat(*r.add(j)), y, first);
            second = madd(f32x4_splat(*s.add(j)), y, second);
            j += 1;
        }
        (best, at) = better(best, at, f32x4_sub(first, f32x4_splat(*biases.add(c))), c);
        (best, at) = better(best, at, f32x4_sub(second, f32x4_splat(*biases.add(c + 1))), c + 1);
        c += 2;
    }
    if c < centroid_count {
        let r = centroids.add(c * dim);
        let last = f32x4(product(p0, r, dim), product(p1, r, dim), product(p2, r, dim), product(p3, r, dim));
        (_, at) = better(best, at, f32x4_sub(last, f32x4_splat(*biases.add(c))), c);
    }
    v128_store(out as *mut v128, at);
}

#[inline(always)]
unsafe fn better(best: v128, at: v128, scores: v128, c: usize) -> (v128, v128) {
    let is_better = f32x4_gt(scores, best);
    (v128_bitselect(scores, best, is_better), v128_bitselect(i32x4_splat(c as i32), at, is_better))
}

unsafe fn product(a: *const f32, b: *const f32, dim: usize) -> f32 {
    let mut total = f32x4_splat(0.0);
    let mut i = 0;
    while i + 4 <= dim {
        total = madd(load(a.add(i)), load(b.add(i)), total);
        i += 4;
    }
    let mut result = sum(total);
    while i < dim {
        result += *a.add(i) * *b.add(i);
        i += 1;
    }
    result
}

/// Adds each point, times its weight if there are weights, to the sum of its centroid, and counts it.
#[no_mangle]
pub unsafe extern "C" fn accumulate(
    points: *const f32,
    count: usize,
    dim: usize,
    centroids: *const u32,
    sums: *mut f32,
    counts: *mut u32,
    weights: *const f32,
) {
    for i in 0..count {
        let c = *centroids.add(i) as usize;
        *counts.add(c) += 1;
        let (point, total) = (points.add(i * dim), sums.add(c * dim));
        let weight = if weights.is_null() { 1.0 } else { *weights.add(i) };
        let mut j = 0;
        while j + 4 <= dim {
            let added = f32x4_add(load(total.add(j)), f32x4_mul(load(point.add(j)), f32x4_splat(weight)));
            v128_store(total.add(j) as *mut v128, added);
            j += 4;
        }
        while j < dim {
            *total.add(j) += *point.add(j) * weight;
            j += 1;
        }
    }
}
