//! The rows of a block, where they lie (`format/row_codec_v2.rs` has the layout).

use std::ops::Range;

use crate::error::SlateDBError;
use crate::format::block::Block;
use crate::format::row::RowFlags;

/// A row, by its places in the data of its block.
pub(crate) struct Row {
    /// Bytes its key shares with the key before.
    pub(crate) shared: usize,
    pub(crate) suffix: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) seq: u64,
    flags: u8,
    pub(crate) end: usize,
}

/// What a row says about its key.
pub(super) enum Says {
    Value,
    Deleted,
}

impl Row {
    pub(super) fn says(&self) -> Result<Says, SlateDBError> {
        if self.flags & RowFlags::MERGE_OPERAND.bits() != 0 {
            return Err(SlateDBError::MergeOperatorMissing);
        }
        Ok(match self.flags & RowFlags::TOMBSTONE.bits() {
            0 => Says::Value,
            _ => Says::Deleted,
        })
    }

    /// Makes `key`, the key before, that of this row.
    pub(super) fn complete_key(&self, data: &[u8], key: &mut Vec<u8>) -> Result<(), SlateDBError> {
        if self.shared > key.len() {
            return Err(SlateDBError::EmptyBlock);
        }
        key.truncate(self.shared);
        key.extend_from_slice(&data[self.suffix.clone()]);
        Ok(())
    }
}

/// The row at an offset. Fails instead of reading past the data of a block that is not what it claims to be.
pub(crate) fn row_at(data: &[u8], at: usize) -> Result<Row, SlateDBError> {
    read_row(data, at).ok_or(SlateDBError::EmptyBlock)
}

fn read_row(data: &[u8], mut at: usize) -> Option<Row> {
    let shared = varint(data, &mut at)?;
    let suffix_bytes = varint(data, &mut at)?;
    let value_bytes = varint(data, &mut at)?;
    let suffix = at..at.checked_add(suffix_bytes)?;
    let value = suffix.end..suffix.end.checked_add(value_bytes)?;
    let seq_end = value.end.checked_add(8)?;
    // Covers all ranges before it.
    let flags = *data.get(seq_end)?;
    let seq = u64::from_be_bytes(data[value.end..seq_end].try_into().ok()?);
    let times = RowFlags::HAS_EXPIRE_TS.bits() | RowFlags::HAS_CREATE_TS.bits();
    let end = seq_end + 1 + 8 * (flags & times).count_ones() as usize;
    (end <= data.len()).then_some(Row { shared, suffix, value, seq, flags, end })
}

fn varint(data: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value as usize);
        }
    }
    None
}

/// Where the first row of `target` or of a later key lies, with the key before it in `key`; the end of the block
/// if there is none.
pub(super) fn seek(block: &Block, target: &[u8], key: &mut Vec<u8>) -> Result<usize, SlateDBError> {
    let data = &block.data[..];
    // Keys are whole at restarts: the last of those that are less than the target is where to begin.
    let (mut low, mut high) = (0, block.offsets.len());
    while low < high {
        let middle = (low + high) / 2;
        let row = row_at(data, usize::from(block.offsets[middle]))?;
        match data[row.suffix] < *target {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    key.clear();
    let mut at = low.checked_sub(1).map_or(0, |restart| usize::from(block.offsets[restart]));
    while at < data.len() {
        let row = row_at(data, at)?;
        if row.shared > key.len() {
            return Err(SlateDBError::EmptyBlock);
        }
        let order = key[..row.shared].cmp(&target[..row.shared.min(target.len())]);
        if order.then_with(|| data[row.suffix.clone()].cmp(target.get(row.shared..).unwrap_or(&[]))).is_ge() {
            break;
        }
        row.complete_key(data, key)?;
        at = row.end;
    }
    Ok(at)
}
