//! wasm32: checks of stored bytes before they are used, so that damage is an error and never a panic.
//!
//! A panic stops the engine for all databases of the process. The verifier of flatbuffers proves that offsets stay
//! within the buffer. The checks below prove the rest of what later code assumes.

use bytes::Bytes;
use std::ops::{Bound, Range};

use crate::block_iterator::BlockLike;
use crate::bytes_range::BytesRange;
use crate::error::SlateDBError;
use crate::flatbuffer_types::{root_generated as root, FbSsTableInfo, ManifestV1, ManifestV2};
use crate::format::row::RowFlags;
use crate::format::sst::{CHECKSUM_SIZE, SST_FORMAT_VERSION, SST_FORMAT_VERSION_V2};
use crate::tables::row_at;

/// The visible keys of a table: the first, and the last if it is known.
type Keys<'a> = (&'a [u8], Option<&'a [u8]>);

/// No object is as large. The sum of two such offsets does not overflow.
const MAX_OFFSET: u64 = 1 << 48;

fn require(holds: bool, what: &'static str) -> Result<(), SlateDBError> {
    match holds {
        true => Ok(()),
        false => Err(SlateDBError::Damaged(what)),
    }
}

pub(crate) fn manifest_v1(manifest: &ManifestV1) -> Result<(), SlateDBError> {
    for table in manifest.l0().iter() {
        table_v1(&table)?;
    }
    for run in manifest.compacted().iter() {
        ascending(run.ssts().iter().map(|table| table_v1(&table)))?;
    }
    checkpoints(manifest.checkpoints().iter())?;
    counters(manifest.wal_id_last_seen(), manifest.replay_after_wal_id())
}

fn table_v1<'a>(table: &root::CompactedSsTable<'a>) -> Result<Keys<'a>, SlateDBError> {
    version(table.format_version())?;
    sst_info(&table.info())?;
    view(&table.info(), table.visible_range())
}

pub(crate) fn manifest_v2<'a>(manifest: &ManifestV2<'a>) -> Result<(), SlateDBError> {
    let mut tables = std::collections::HashMap::new();
    for table in manifest.ssts().iter() {
        version(table.format_version())?;
        sst_info(&table.info())?;
        tables.insert(table.id().ulid(), table.info());
    }
    let seen = |seen: root::CompactedSsTableView<'a>| {
        let info = tables.get(&seen.sst_id().ulid()).ok_or(SlateDBError::Damaged("a table is missing"))?;
        view(info, seen.visible_range())
    };
    for table in manifest.l0().iter() {
        seen(table)?;
    }
    for run in manifest.compacted().iter() {
        ascending(run.ssts().iter().map(seen))?;
    }
    for segment in manifest.segments().iter().flatten() {
        for table in segment.l0().iter() {
            seen(table)?;
        }
        for run in segment.compacted().iter() {
            ascending(run.ssts().iter().map(seen))?;
        }
    }
    checkpoints(manifest.checkpoints().iter())?;
    counters(manifest.wal_id_last_seen(), manifest.replay_after_wal_id())
}

fn version(version: Option<u16>) -> Result<(), SlateDBError> {
    let is_known = matches!(version, None | Some(SST_FORMAT_VERSION) | Some(SST_FORMAT_VERSION_V2));
    require(is_known, "a table has an unknown format version")
}

/// The tables of a sorted run are in key order and do not overlap.
fn ascending<'a>(tables: impl Iterator<Item = Result<Keys<'a>, SlateDBError>>) -> Result<(), SlateDBError> {
    let mut before: Option<Keys> = None;
    for table in tables {
        let (first, last) = table?;
        if let Some((start, end)) = before {
            let is_behind = start < first && end.is_none_or(|end| end <= first);
            require(is_behind, "the tables of a sorted run are not in order")?;
        }
        before = Some((first, last));
    }
    Ok(())
}

fn view<'a>(
    info: &FbSsTableInfo<'a>,
    visible: Option<root::BytesRange<'a>>,
) -> Result<Keys<'a>, SlateDBError> {
    let Some(first) = info.first_entry().map(|key| key.bytes()) else {
        return Err(SlateDBError::Damaged("a table has no first key"));
    };
    let last = info.last_entry().map(|key| key.bytes());
    require(last.is_none_or(|last| first <= last), "the last key of a table is before its first")?;
    let Some(visible) = visible else { return Ok((first, last)) };
    let (from, to) = (bound(visible.start_bound())?, bound(visible.end_bound())?);
    require(!matches!(from, Bound::Excluded(_)), "the visible range of a table excludes its start")?;
    let end = last.map_or(Bound::Unbounded, Bound::Included);
    let keys = range(Bound::Included(first), end);
    let common = range(from, to).zip(keys).and_then(|(visible, keys)| visible.intersect(&keys));
    require(common.is_some(), "nothing of a table is visible")?;
    let start = match from {
        Bound::Included(start) => start.max(first),
        _ => first,
    };
    let end = match to {
        Bound::Unbounded => last,
        Bound::Included(end) | Bound::Excluded(end) => Some(last.map_or(end, |last| last.min(end))),
    };
    Ok((start, end))
}

fn range(from: Bound<&[u8]>, to: Bound<&[u8]>) -> Option<BytesRange> {
    BytesRange::try_new(from.map(Bytes::copy_from_slice), to.map(Bytes::copy_from_slice))
}

fn bound<'a>(bound: root::BytesBound<'a>) -> Result<Bound<&'a [u8]>, SlateDBError> {
    let key = bound.key().map(|key| key.bytes());
    match (bound.bound_type(), key) {
        (root::BoundType::Included, Some(key)) => Ok(Bound::Included(key)),
        (root::BoundType::Excluded, Some(key)) => Ok(Bound::Excluded(key)),
        (root::BoundType::Unbounded, None) => Ok(Bound::Unbounded),
        _ => Err(SlateDBError::Damaged("a range has an unknown kind of bound")),
    }
}

fn checkpoints<'a>(checkpoints: impl Iterator<Item = root::Checkpoint<'a>>) -> Result<(), SlateDBError> {
    let is_time = |seconds: u32| chrono::DateTime::<chrono::Utc>::from_timestamp(seconds as i64, 0).is_some();
    for checkpoint in checkpoints {
        let times = [checkpoint.checkpoint_expire_time_s(), checkpoint.checkpoint_create_time_s()];
        require(times.into_iter().all(is_time), "a checkpoint has an impossible time")?;
    }
    Ok(())
}

/// The log is numbered from 1. A search for its end would overflow near the largest number.
fn counters(last_seen: u64, replay_after: u64) -> Result<(), SlateDBError> {
    require(last_seen < MAX_OFFSET && replay_after < MAX_OFFSET, "the log has an impossible number")
}

/// The description of a table, in the manifest or at the end of the table.
pub(crate) fn sst_info(info: &FbSsTableInfo) -> Result<(), SlateDBError> {
    let is_compacted = info.sst_type() == root::SstType::Compacted;
    require(is_compacted || info.sst_type() == root::SstType::Wal, "a table is of an unknown type")?;
    let filter_format = info.filter_format();
    let is_known =
        filter_format == root::FilterFormat::Legacy || filter_format == root::FilterFormat::Composite;
    require(is_known, "a table has an unknown filter format")?;
    let codec = info.compression_format();
    let is_known = root::CompressionFormat::ENUM_VALUES.contains(&codec);
    require(is_known, "a table has an unknown compression codec")?;
    for (offset, length) in [
        (info.index_offset(), info.index_len()),
        (info.filter_offset(), info.filter_len()),
        (info.stats_offset(), info.stats_len()),
    ] {
        require(
            offset <= MAX_OFFSET && length <= u64::from(u32::MAX),
            "a part of a table has an impossible place",
        )?;
    }
    Ok(())
}

/// The bytes of a table that hold some of its blocks, before they are fetched.
pub(crate) fn block_range(range: Range<u64>) -> Result<Range<u64>, SlateDBError> {
    require(range.start <= range.end && range.end <= MAX_OFFSET, "the blocks of a table are not in order")?;
    Ok(range)
}

/// The bytes of a block, from bytes that begin at `start`.
pub(crate) fn block(bytes: &Bytes, start: u64, range: Range<u64>) -> Result<Bytes, SlateDBError> {
    let place = |offset: u64| offset.checked_sub(start).filter(|at| *at <= bytes.len() as u64);
    match (place(range.start), place(range.end)) {
        (Some(from), Some(to)) if from + CHECKSUM_SIZE as u64 <= to => {
            Ok(bytes.slice(from as usize..to as usize))
        }
        _ => Err(SlateDBError::Damaged("a block of a table ends before it starts")),
    }
}

/// The rows of a block of format 2: they fill the block, and keys are whole at restarts.
pub(crate) fn rows(block: &impl BlockLike) -> Result<(), SlateDBError> {
    let data = &block.data()[..];
    let mut restarts = block.offsets().iter().map(|offset| usize::from(*offset)).peekable();
    require(restarts.peek() == Some(&0), "a block does not begin with a row")?;
    let mut key_bytes = 0;
    let mut at = 0;
    while at < data.len() {
        let row = row_at(data, at)?;
        if restarts.next_if_eq(&at).is_some() {
            require(row.shared == 0, "a restart of a block is not a whole key")?;
        }
        require(row.shared <= key_bytes, "a row shares more of a key than there is")?;
        key_bytes = row.shared + row.suffix.len();
        at = row.end;
    }
    require(restarts.next().is_none(), "a restart of a block is not at a row")
}

/// The rows of a block of format 1.
pub(crate) fn rows_v1(block: &impl BlockLike) -> Result<(), SlateDBError> {
    let data = &block.data()[..];
    let first = row_v1(data, 0).filter(|(shared, _)| *shared == 0);
    let Some((_, first_key_bytes)) = first else {
        return Err(SlateDBError::Damaged("a block does not begin with a row"));
    };
    let is_row =
        |at: &u16| row_v1(data, usize::from(*at)).is_some_and(|(shared, _)| shared <= first_key_bytes);
    require(block.offsets().iter().all(is_row), "a row of a block is not whole")
}

/// How many bytes a row shares with the first key, and how many bytes follow them; nothing if the row is cut off.
fn row_v1(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let short = |at: usize| Some(usize::from(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?)));
    let (shared, suffix) = (short(at)?, short(at + 2)?);
    let flags_at = at + 4 + suffix + 8;
    let flags = *data.get(flags_at)?;
    let times = RowFlags::HAS_EXPIRE_TS.bits() | RowFlags::HAS_CREATE_TS.bits();
    let value_at = flags_at + 1 + 8 * (flags & times).count_ones() as usize;
    if flags & RowFlags::TOMBSTONE.bits() != 0 {
        return (value_at <= data.len()).then_some((shared, suffix));
    }
    let value = u32::from_be_bytes(data.get(value_at..value_at + 4)?.try_into().ok()?);
    let end = (value_at + 4).checked_add(usize::try_from(value).ok()?)?;
    (end <= data.len()).then_some((shared, suffix))
}
