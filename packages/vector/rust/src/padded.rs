/// 16-bit codes are padded to a multiple of eight: zeros come before those of the last, incomplete eight. So that eight
/// is multiplied with the eight bytes that end with the row.
#[inline(always)]
pub fn padded_length(dim: usize) -> usize {
    (dim + 7) & !7
}
