//! Blocks that the caller has read from storage, for stores that answer without a wait.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::head::Head;
use super::rows::{layout, Effect, Row};
use super::{Found, Loaded, Lookup, Part, Tables};
use crate::checksum::crc32;
use crate::db_cache::CachedEntry;
use crate::error::SlateDBError;
use crate::format::block::Block;
use crate::format::row::RowFlags;
use crate::format::sst::CHECKSUM_SIZE;

/// The result of a lookup in memory.
pub enum Now {
    Value(Found),
    Nothing,
    /// One block has to be read.
    Wanted(WantedBlock),
    /// Other parts have to be read.
    Lacking,
}

/// A block that a lookup lacks.
#[derive(Clone, Copy)]
pub struct WantedBlock {
    pub table: usize,
    number: usize,
    /// The place of its bytes in the object of the table.
    pub start: u64,
    pub bytes: usize,
    /// Its rows are stored as they are.
    pub is_plain: bool,
}

impl Tables {
    /// The path of the object of a table.
    pub fn path(&self, table: usize) -> String {
        self.store.path(&self.tables[table].handle.id).to_string()
    }

    /// Finds a key in memory, or says which block it is in if that is all that is missing.
    pub fn find_now(&self, key: &[u8]) -> Result<Now, crate::Error> {
        Ok(match self.is_one_run() {
            true => self.find_in_run(key)?,
            false => {
                let mut lacking = Vec::new();
                match self.find(key, &mut Loaded::default(), &mut lacking)? {
                    Lookup::Value(value) => Now::Value(value),
                    Lookup::Nothing => Now::Nothing,
                    Lookup::Lacking => self.only_lacking(&lacking).map_or(Now::Lacking, Now::Wanted),
                }
            }
        })
    }

    /// The same if each key has one row, in one table. No step allocates.
    fn find_in_run(&self, key: &[u8]) -> Result<Now, SlateDBError> {
        let at = self.tables.partition_point(|table| table.last[..] < *key);
        if self.tables.get(at).is_none_or(|table| table.first[..] > *key) {
            return Ok(Now::Nothing);
        }
        let loaded = Loaded::default();
        let Some(head) = self.head(at, &loaded)? else { return Ok(Now::Lacking) };
        let Some(number) = head.first_block(key, true) else { return Ok(Now::Nothing) };
        let Some((block, is_known)) = self.block(at, &head, number, &loaded) else {
            return Ok(match head.might_contain(key) {
                true => self.wanted(at, &head, number).map_or(Now::Lacking, Now::Wanted),
                false => Now::Nothing,
            });
        };
        Ok(match self.find_in_block(block, is_known, key)? {
            Some(Lookup::Value(value)) => Now::Value(value),
            _ => Now::Nothing,
        })
    }

    /// The block, if a lookup lacks only one part, and that is a block.
    fn only_lacking(&self, lacking: &[Part]) -> Option<WantedBlock> {
        let [Part::Block(table, number)] = *lacking else { return None };
        let head = self.tables[table].head.lock().upgrade()?;
        self.wanted(table, &head, number)
    }

    fn wanted(&self, table: usize, head: &Head, number: usize) -> Option<WantedBlock> {
        let format = &self.store.sst_format;
        let info = &self.tables[table].handle.info;
        let range = head.offset(number)..head.end(number).unwrap_or(info.filter_offset);
        let Range { start, end } = crate::checked::block_range(range).ok()?;
        let is_plain = info.compression_codec.is_none() && format.block_transformer.is_none();
        Some(WantedBlock { table, number, start, bytes: usize::try_from(end - start).ok()?, is_plain })
    }

    /// Looks a key up in a wanted block, which is cached if the cache `admits` it; `Lacking` if that does not decide.
    pub fn find_in(
        &self,
        wanted: &WantedBlock,
        stored: Bytes,
        key: &[u8],
        admits: bool,
    ) -> Result<Lookup, crate::Error> {
        let (table, format) = (&self.tables[wanted.table], &self.store.sst_format);
        let decoded = format.decode_now(stored, table.handle.info.compression_codec);
        let Some(block) = decoded.map_err(|error| error.with_path(&self.store.path(&table.handle.id)))? else {
            return Ok(Lookup::Lacking);
        };
        let block = Arc::new(block);
        if !admits {
            return Ok(self.found_in(block, key)?);
        }
        let place = (table.handle.id, wanted.start).into();
        self.cache.insert_now(&place, CachedEntry::with_block(Arc::clone(&block)));
        if let Some(head) = table.head.lock().upgrade() {
            head.keep(wanted.number, &block);
        }
        Ok(self.found_in(block, key)?)
    }

    fn found_in(&self, block: Arc<Block>, key: &[u8]) -> Result<Lookup, SlateDBError> {
        Ok(match self.find_in_block(block, false, key)? {
            Some(found) => found,
            // Its row may be in the next block or in an older table.
            None if self.is_one_run() => Lookup::Nothing,
            None => Lookup::Lacking,
        })
    }

    /// The place of the value in the stored bytes of a plain block that contains one row, with this key, and whose checksum
    /// is right. Nothing if the block has to be read as any other.
    pub fn only_value(&self, stored: &[u8], key: &[u8]) -> Option<Range<usize>> {
        let (content, _) = stored.split_last_chunk::<CHECKSUM_SIZE>()?;
        let (value, checksum) = self.value_between(stored, stored, stored.len(), key)?;
        (crc32(content) == checksum).then_some(value)
    }

    /// The same by the first and the last bytes of such a block, for a caller who computes the checksum; with the one that
    /// is stored.
    pub fn value_between(&self, first: &[u8], last: &[u8], bytes: usize, key: &[u8]) -> Option<(Range<usize>, u32)> {
        let (last_rows, checksum) = last.split_last_chunk::<CHECKSUM_SIZE>()?;
        // One restart, and the number of restarts.
        let (last_rows, restarts) = last_rows.split_last_chunk::<4>()?;
        let parts = layout(first, 0)?;
        if *restarts != [0, 0, 0, 1] || parts.shared != 0 || first.get(parts.suffix.clone())? != key {
            return None;
        }
        let rows_end = bytes.checked_sub(CHECKSUM_SIZE + restarts.len())?;
        // The place of the last bytes in the block.
        let from = rows_end.checked_sub(last_rows.len())?;
        let seq_at = parts.value.end.checked_sub(from)?;
        let flags_at = parts.end.checked_sub(from)?;
        let flags = *last_rows.get(flags_at)?;
        let times = RowFlags::HAS_EXPIRE_TS.bits() | RowFlags::HAS_CREATE_TS.bits();
        let row_end = parts.end + 1 + 8 * (flags & times).count_ones() as usize;
        let seq = u64::from_be_bytes(last_rows.get(seq_at..flags_at)?.try_into().ok()?);
        let row = Row::new(&parts, seq, flags, row_end);
        let is_value = row_end == rows_end && matches!(row.effect(), Ok(Effect::Value)) && self.check(&row).is_ok();
        is_value.then(|| (parts.value, u32::from_be_bytes(*checksum)))
    }

    /// Whether the cache has room for a block without removing others.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.cache.has_room(bytes)
    }
}
