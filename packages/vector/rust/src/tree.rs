use crate::padded::padded_length;
use crate::simd::integer_sums4;
use core::arch::wasm32::*;

/// The arguments of `assign_codes`, as JavaScript writes them. Points have codes of 8 bits, centroids of 16 bits in
/// `padded` form (see `padded_length`): a score is the product of the codes times the factor of the centroid and the
/// scale of the point, less the bias of the centroid.
#[repr(C)]
pub struct AssignCodes {
    codes: *const i8,
    scales: *const f32,
    count: usize,
    dim: usize,
    groups: *const i16,
    group_factors: *const f32,
    group_biases: *const f32,
    group_count: usize,
    /// How many groups are searched for each point; at most `group_count`.
    tried: usize,
    centroids: *const i16,
    factors: *const f32,
    biases: *const f32,
    /// The first centroid of each group, and the end of the last.
    starts: *const u32,
    out: *mut u32,
    /// Room for (1 + 2 * tried) words for each point, and 5 for each group.
    scratch: *mut u32,
}

/// Finds for each point the centroid with the highest score, of equals the first, among the centroids of those groups
/// that have the highest scores themselves.
#[no_mangle]
pub unsafe extern "C" fn assign_codes(job: &AssignCodes) {
    let (count, groups, tried) = (job.count, job.group_count, job.tried);
    let best = job.scratch as *mut f32;
    let near = job.scratch.add(count);
    let order = near.add(count * tried);
    let ends = order.add(count * tried);
    let scores = ends.add(groups) as *mut f32;
    for i in 0..count {
        *best.add(i) = f32::NEG_INFINITY;
        *job.out.add(i) = 0;
    }
    let mut i = 0;
    while i < count {
        nearest_groups(job, i, near, scores);
        i += 4;
    }
    // Points by group.
    for g in 0..groups {
        *ends.add(g) = 0;
    }
    for k in 0..count * tried {
        *ends.add(*near.add(k) as usize) += 1;
    }
    let mut total = 0;
    for g in 0..groups {
        let members = *ends.add(g);
        *ends.add(g) = total;
        total += members;
    }
    for k in 0..count * tried {
        let end = ends.add(*near.add(k) as usize);
        *order.add(*end as usize) = (k / tried) as u32;
        *end += 1;
    }
    let mut start = 0;
    for g in 0..groups {
        let end = *ends.add(g) as usize;
        let mut k = start;
        while k < end {
            let last = end - 1;
            let four = [
                *order.add(k) as usize,
                *order.add(last.min(k + 1)) as usize,
                *order.add(last.min(k + 2)) as usize,
                *order.add(last.min(k + 3)) as usize,
            ];
            assign_four(job, four, *job.starts.add(g) as usize, *job.starts.add(g + 1) as usize, best);
            k += 4;
        }
        start = end;
    }
}

/// Writes the groups to search for four points, or for as many as there are.
unsafe fn nearest_groups(job: &AssignCodes, i: usize, near: *mut u32, scores: *mut f32) {
    if job.tried == job.group_count {
        for point in i..job.count.min(i + 4) {
            for g in 0..job.tried {
                *near.add(point * job.tried + g) = g as u32;
            }
        }
        return;
    }
    let last = job.count - 1;
    let four = [i, last.min(i + 1), last.min(i + 2), last.min(i + 3)];
    let points = Points::new(job, four);
    for g in 0..job.group_count {
        let row = job.groups.add(g * padded_length(job.dim));
        let products = points.products(row, row, job.dim).0;
        let score = points.scores(products, *job.group_factors.add(g), *job.group_biases.add(g));
        v128_store(scores.add(4 * g) as *mut v128, score);
    }
    for t in 0..job.tried {
        let mut best = f32x4_splat(f32::NEG_INFINITY);
        let mut at = i32x4_splat(-1);
        for g in 0..job.group_count {
            let score = v128_load(scores.add(4 * g) as *const v128);
            let is_better = f32x4_gt(score, best);
            best = v128_bitselect(score, best, is_better);
            at = v128_bitselect(i32x4_splat(g as i32), at, is_better);
        }
        let mut chosen = [0u32; 4];
        v128_store(chosen.as_mut_ptr() as *mut v128, at);
        for lane in 0..4 {
            // Scores that are not numbers choose any groups, each once.
            let mut group = *chosen.as_ptr().add(lane);
            if group == u32::MAX {
                group = 0;
                while (*scores.add(4 * group as usize + lane)).to_bits() == TAKEN {
                    group += 1;
                }
            }
            *scores.add(4 * group as usize + lane) = f32::from_bits(TAKEN);
            if i + lane < job.count {
                *near.add((i + lane) * job.tried + t) = group;
            }
        }
    }
}

/// Not a number that no computation gives.
const TAKEN: u32 = 0x7fc0_1234;

struct Points {
    codes: [*const i8; 4],
    scales: v128,
}

impl Points {
    #[inline(always)]
    unsafe fn new(job: &AssignCodes, four: [usize; 4]) -> Self {
        let [a, b, c, d] = four;
        let scales = job.scales;
        Points {
            codes: [
                job.codes.add(a * job.dim),
                job.codes.add(b * job.dim),
                job.codes.add(c * job.dim),
                job.codes.add(d * job.dim),
            ],
            scales: f32x4(*scales.add(a), *scales.add(b), *scales.add(c), *scales.add(d)),
        }
    }

    /// The products of the four points with two centroids.
    #[inline(always)]
    unsafe fn products(&self, r: *const i16, s: *const i16, dim: usize) -> (v128, v128) {
        let [p0, p1, p2, p3] = self.codes;
        let zero = i32x4_splat(0);
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let (mut e, mut f, mut g, mut h) = (zero, zero, zero, zero);
        macro_rules! step {
            ($at:expr, $from:expr) => {
                let (v, w) = (v128_load(r.add($at) as *const v128), v128_load(s.add($at) as *const v128));
                let y = i16x8_load_extend_i8x8(p0.offset($from));
                a = i32x4_add(a, i32x4_dot_i16x8(v, y));
                e = i32x4_add(e, i32x4_dot_i16x8(w, y));
                let y = i16x8_load_extend_i8x8(p1.offset($from));
                b = i32x4_add(b, i32x4_dot_i16x8(v, y));
                f = i32x4_add(f, i32x4_dot_i16x8(w, y));
                let y = i16x8_load_extend_i8x8(p2.offset($from));
                c = i32x4_add(c, i32x4_dot_i16x8(v, y));
                g = i32x4_add(g, i32x4_dot_i16x8(w, y));
                let y = i16x8_load_extend_i8x8(p3.offset($from));
                d = i32x4_add(d, i32x4_dot_i16x8(v, y));
                h = i32x4_add(h, i32x4_dot_i16x8(w, y));
            };
        }
        let mut j = 0;
        while j + 8 <= dim {
            step!(j, j as isize);
            j += 8;
        }
        if j < dim {
            step!(j, dim as isize - 8);
        }
        (integer_sums4(a, b, c, d), integer_sums4(e, f, g, h))
    }

    #[inline(always)]
    unsafe fn scores(&self, products: v128, factor: f32, bias: f32) -> v128 {
        let scaled = f32x4_mul(f32x4_convert_i32x4(products), f32x4_mul(self.scales, f32x4_splat(factor)));
        f32x4_sub(scaled, f32x4_splat(bias))
    }
}

/// Compares four points with the centroids from `start` to `end`. Points may be equal.
unsafe fn assign_four(job: &AssignCodes, four: [usize; 4], start: usize, end: usize, best: *mut f32) {
    let [i, j, k, l] = four;
    let out = job.out;
    let points = Points::new(job, four);
    let mut most = f32x4(*best.add(i), *best.add(j), *best.add(k), *best.add(l));
    let mut at = u32x4(*out.add(i), *out.add(j), *out.add(k), *out.add(l));
    let stride = padded_length(job.dim);
    let mut c = start;
    while c < end {
        let next = (end - 1).min(c + 1);
        let (first, second) =
            points.products(job.centroids.add(c * stride), job.centroids.add(next * stride), job.dim);
        for (products, c) in [(first, c), (second, next)] {
            let score = points.scores(products, *job.factors.add(c), *job.biases.add(c));
            let is_better = f32x4_gt(score, most);
            most = v128_bitselect(score, most, is_better);
            at = v128_bitselect(u32x4_splat(c as u32), at, is_better);
        }
        c += 2;
    }
    *best.add(i) = f32x4_extract_lane::<0>(most);
    *best.add(j) = f32x4_extract_lane::<1>(most);
    *best.add(k) = f32x4_extract_lane::<2>(most);
    *best.add(l) = f32x4_extract_lane::<3>(most);
    *out.add(i) = u32x4_extract_lane::<0>(at);
    *out.add(j) = u32x4_extract_lane::<1>(at);
    *out.add(k) = u32x4_extract_lane::<2>(at);
    *out.add(l) = u32x4_extract_lane::<3>(at);
}
