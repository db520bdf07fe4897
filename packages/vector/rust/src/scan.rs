use crate::bounds::RowCodes;
use crate::exact::{exact_distance, COSINE, L2};
use crate::heap::Heap;
use crate::simd::*;
use core::arch::wasm32::*;

/// The arguments of `scan`, as JavaScript writes them.
#[repr(C)]
pub struct Scan {
    rows: *const f32,
    inverse_norms: *const f32,
    count: usize,
    dim: usize,
    /// The number of the first row.
    first: u32,
    queries: *const f32,
    query_inverse_norms: *const f32,
    query_count: usize,
    metric: u32,
    /// How many rows to find for each query.
    capacity: usize,
    distances: *mut f64,
    row_numbers: *mut u32,
    lens: *mut u32,
    /// For each query, how far a distance in float32 may be from the exact one.
    slacks: *const f32,
    /// The same in relation to the distance, for all queries.
    relative_slack: f32,
    /// One bit for each row of the block: only rows with a set bit are candidates. Null for all.
    allowed: *const u8,
    /// Codes of the rows of the block and of the only query, with which most rows need no distance. Null for none.
    codes: *const RowCodes,
}

struct Query<'a> {
    scan: &'a Scan,
    vector: *const f32,
    inverse_norm: f32,
    slack: f32,
    heap: Heap,
    /// Distances in float32 up to here may belong to one of the best rows.
    limit: f32,
}

impl<'a> Query<'a> {
    unsafe fn new(scan: &'a Scan, i: usize) -> Self {
        let heap = Heap {
            distances: scan.distances.add(i * scan.capacity),
            rows: scan.row_numbers.add(i * scan.capacity),
            len: scan.lens.add(i),
            capacity: scan.capacity,
        };
        let mut query = Query {
            scan,
            vector: scan.queries.add(i * scan.dim),
            inverse_norm: *scan.query_inverse_norms.add(i),
            slack: *scan.slacks.add(i),
            heap,
            limit: 0.0,
        };
        query.tighten();
        query
    }

    unsafe fn tighten(&mut self) {
        let worst = self.heap.worst() as f32;
        self.limit = worst + (self.slack + worst * self.scan.relative_slack);
    }

    #[inline(never)]
    unsafe fn consider(&mut self, i: usize) {
        let scan = self.scan;
        if !scan.allowed.is_null() && (*scan.allowed.add(i >> 3) >> (i & 7)) & 1 == 0 {
            return;
        }
        let distance = exact_distance(scan.rows.add(i * scan.dim), self.vector, scan.dim, scan.metric);
        self.heap.push(distance, scan.first + i as u32);
        self.tighten();
    }

    /// Considers a row whose distance is not beyond the limit; not a number never is.
    #[inline(always)]
    unsafe fn consider1(&mut self, i: usize, distance: f32) {
        if !(distance > self.limit) {
            self.consider(i);
        }
    }
}

/// Adds the rows of a block to the best rows of each query.
#[no_mangle]
pub unsafe extern "C" fn scan(job: &Scan) {
    if job.capacity == 0 {
        return;
    }
    match job.metric {
        L2 => scan_by::<true, false>(job),
        COSINE => scan_by::<false, true>(job),
        _ => scan_by::<false, false>(job),
    }
}

unsafe fn scan_by<const SQUARES: bool, const NORMED: bool>(job: &Scan) {
    let mut q = 0;
    while q + 4 <= job.query_count {
        let mut group =
            [Query::new(job, q), Query::new(job, q + 1), Query::new(job, q + 2), Query::new(job, q + 3)];
        scan_four::<SQUARES, NORMED>(job, &mut group);
        q += 4;
    }
    while q < job.query_count {
        let mut query = Query::new(job, q);
        if job.codes.is_null() {
            scan_one::<SQUARES, NORMED>(job, &mut query, 0, job.count);
        } else {
            scan_by_codes::<SQUARES, NORMED>(job, &mut query, &*job.codes);
        }
        q += 1;
    }
}

/// How many rows are tried by their codes at a time.
const TRIAL: usize = 256;
/// A trial shows little if more than one in eight rows may be near: then the next rows are read without codes.
const NEAR_SHARE: usize = 8;
const LONGEST_PAUSE: usize = 32 * TRIAL;

/// One query: computes distances only of rows that may be near by their codes, or of all while the codes show little.
unsafe fn scan_by_codes<const SQUARES: bool, const NORMED: bool>(
    job: &Scan,
    query: &mut Query,
    codes: &RowCodes,
) {
    let pause = &mut *codes.pause;
    let mut i = 0;
    while i < job.count {
        if pause.rows > 0 {
            let end = job.count.min(i + pause.rows);
            scan_one::<SQUARES, NORMED>(job, query, i, end);
            pause.rows -= end - i;
            i = end;
            continue;
        }
        let (start, end) = (i, job.count.min(i + TRIAL));
        let mut near = 0;
        while i + 4 <= end {
            let inverse_norms = if NORMED { load(job.inverse_norms.add(i)) } else { f32x4_splat(1.0) };
            let bounds = codes.bounds4::<SQUARES>(i, job.dim, inverse_norms);
            // A bound that is not a number is not beyond.
            let beyond = i32x4_bitmask(f32x4_gt(bounds, f32x4_splat(query.limit)));
            if beyond != 15 {
                for lane in 0..4 {
                    if (beyond >> lane) & 1 == 0 {
                        scan_one::<SQUARES, NORMED>(job, query, i + lane, i + lane + 1);
                        near += 1;
                    }
                }
            }
            i += 4;
        }
        scan_one::<SQUARES, NORMED>(job, query, i, end);
        i = end;
        pause.next = if near * NEAR_SHARE > end - start {
            LONGEST_PAUSE.min(2 * pause.next.max(TRIAL / 2))
        } else {
            0
        };
        pause.rows = pause.next;
    }
}

/// One query and some rows, one by one: several rows at a time would be several streams from memory, which are slower
/// together.
#[inline(never)]
unsafe fn scan_one<const SQUARES: bool, const NORMED: bool>(
    job: &Scan,
    query: &mut Query,
    start: usize,
    end: usize,
) {
    let (dim, x) = (job.dim, query.vector);
    for i in start..end {
        let r = job.rows.add(i * dim);
        let zero = f32x4_splat(0.0);
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let mut j = 0;
        while j + 16 <= dim {
            a = step::<SQUARES>(load(r.add(j)), load(x.add(j)), a);
            b = step::<SQUARES>(load(r.add(j + 4)), load(x.add(j + 4)), b);
            c = step::<SQUARES>(load(r.add(j + 8)), load(x.add(j + 8)), c);
            d = step::<SQUARES>(load(r.add(j + 12)), load(x.add(j + 12)), d);
            j += 16;
        }
        while j + 4 <= dim {
            a = step::<SQUARES>(load(r.add(j)), load(x.add(j)), a);
            j += 4;
        }
        let mut s = sum(f32x4_add(f32x4_add(a, b), f32x4_add(c, d)));
        while j < dim {
            s += scalar_step::<SQUARES>(*r.add(j), *x.add(j));
            j += 1;
        }
        let distance = if NORMED {
            1.0 - s * *job.inverse_norms.add(i) * query.inverse_norm
        } else if SQUARES {
            s
        } else {
            -s
        };
        query.consider1(i, distance);
    }
}

/// Four queries, two rows at a time, so that what is loaded is used several times.
unsafe fn scan_four<const SQUARES: bool, const NORMED: bool>(job: &Scan, group: &mut [Query; 4]) {
    let dim = job.dim;
    let x0 = group[0].vector;
    let (x1, x2, x3) = (x0.add(dim), x0.add(2 * dim), x0.add(3 * dim));
    let query_norms =
        load(job.query_inverse_norms.add(group[0].vector.offset_from(job.queries) as usize / dim));
    let mut i = 0;
    while i + 2 <= job.count {
        let r = job.rows.add(i * dim);
        let s = r.add(dim);
        let zero = f32x4_splat(0.0);
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let (mut e, mut f, mut g, mut h) = (zero, zero, zero, zero);
        let mut j = 0;
        while j + 4 <= dim {
            let (v, w) = (load(r.add(j)), load(s.add(j)));
            let y = load(x0.add(j));
            a = step::<SQUARES>(v, y, a);
            e = step::<SQUARES>(w, y, e);
            let y = load(x1.add(j));
            b = step::<SQUARES>(v, y, b);
            f = step::<SQUARES>(w, y, f);
            let y = load(x2.add(j));
            c = step::<SQUARES>(v, y, c);
            g = step::<SQUARES>(w, y, g);
            let y = load(x3.add(j));
            d = step::<SQUARES>(v, y, d);
            h = step::<SQUARES>(w, y, h);
            j += 4;
        }
        let (mut first, mut second) = (sums4(a, b, c, d), sums4(e, f, g, h));
        while j < dim {
            let y = f32x4(*x0.add(j), *x1.add(j), *x2.add(j), *x3.add(j));
            first = step::<SQUARES>(f32x4_splat(*r.add(j)), y, first);
            second = step::<SQUARES>(f32x4_splat(*s.add(j)), y, second);
            j += 1;
        }
        if NORMED {
            let (n, m) = (*job.inverse_norms.add(i), *job.inverse_norms.add(i + 1));
            let one = f32x4_splat(1.0);
            first = f32x4_sub(one, f32x4_mul(first, f32x4_mul(query_norms, f32x4_splat(n))));
            second = f32x4_sub(one, f32x4_mul(second, f32x4_mul(query_norms, f32x4_splat(m))));
        } else if !SQUARES {
            first = f32x4_neg(first);
            second = f32x4_neg(second);
        }
        let limits = f32x4(group[0].limit, group[1].limit, group[2].limit, group[3].limit);
        consider_for_four(group, i, first, limits);
        consider_for_four(group, i + 1, second, limits);
        i += 2;
    }
    while i < job.count {
        for query in group.iter_mut() {
            query.consider(i);
        }
        i += 1;
    }
}

/// Considers one row for four queries, whose limits may be a little out of date: too high, never too low.
#[inline(always)]
unsafe fn consider_for_four(group: &mut [Query; 4], i: usize, distances: v128, limits: v128) {
    let beyond = f32x4_gt(distances, limits);
    if i32x4_all_true(beyond) {
        return;
    }
    group[0].consider1(i, f32x4_extract_lane::<0>(distances));
    group[1].consider1(i, f32x4_extract_lane::<1>(distances));
    group[2].consider1(i, f32x4_extract_lane::<2>(distances));
    group[3].consider1(i, f32x4_extract_lane::<3>(distances));
}
