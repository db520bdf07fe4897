use core::arch::wasm32::*;

/// a * b + c, fused where the machine does that as fast.
#[inline(always)]
pub unsafe fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    {
        f32x4_relaxed_madd(a, b, c)
    }
    #[cfg(not(target_feature = "relaxed-simd"))]
    {
        f32x4_add(f32x4_mul(a, b), c)
    }
}

#[inline(always)]
pub unsafe fn load(at: *const f32) -> v128 {
    v128_load(at as *const v128)
}

/// The sums of the lanes of four vectors, as one vector.
#[inline(always)]
pub unsafe fn sums4(a: v128, b: v128, c: v128, d: v128) -> v128 {
    let ab_low = i32x4_shuffle::<0, 4, 1, 5>(a, b);
    let ab_high = i32x4_shuffle::<2, 6, 3, 7>(a, b);
    let cd_low = i32x4_shuffle::<0, 4, 1, 5>(c, d);
    let cd_high = i32x4_shuffle::<2, 6, 3, 7>(c, d);
    let ab = f32x4_add(ab_low, ab_high);
    let cd = f32x4_add(cd_low, cd_high);
    f32x4_add(i32x4_shuffle::<0, 1, 4, 5>(ab, cd), i32x4_shuffle::<2, 3, 6, 7>(ab, cd))
}

/// The sums of the lanes of four vectors of integers.
#[inline(always)]
pub unsafe fn integer_sums4(a: v128, b: v128, c: v128, d: v128) -> v128 {
    let ab_low = i32x4_shuffle::<0, 4, 1, 5>(a, b);
    let ab_high = i32x4_shuffle::<2, 6, 3, 7>(a, b);
    let cd_low = i32x4_shuffle::<0, 4, 1, 5>(c, d);
    let cd_high = i32x4_shuffle::<2, 6, 3, 7>(c, d);
    let ab = i32x4_add(ab_low, ab_high);
    let cd = i32x4_add(cd_low, cd_high);
    i32x4_add(i32x4_shuffle::<0, 1, 4, 5>(ab, cd), i32x4_shuffle::<2, 3, 6, 7>(ab, cd))
}

#[inline(always)]
pub unsafe fn sum(v: v128) -> f32 {
    f32x4_extract_lane::<0>(v)
        + f32x4_extract_lane::<1>(v)
        + (f32x4_extract_lane::<2>(v) + f32x4_extract_lane::<3>(v))
}

/// One step of a sum: of products, or of squared differences.
#[inline(always)]
pub unsafe fn step<const L2: bool>(row: v128, query: v128, sum: v128) -> v128 {
    if L2 {
        let difference = f32x4_sub(row, query);
        madd(difference, difference, sum)
    } else {
        madd(row, query, sum)
    }
}

#[inline(always)]
pub fn scalar_step<const L2: bool>(row: f32, query: f32) -> f32 {
    if L2 {
        (row - query) * (row - query)
    } else {
        row * query
    }
}
