//! The keys of a cached block as words, so that a lookup reads one row instead of up to sixteen.

use super::rows::{find_row, key_bytes_at, read_row, Row};
use super::words::{lower_bound, word_u32};
use crate::error::SlateDBError;
use crate::format::block::Block;

/// A block with fewer rows is searched as it is.
const LEAST_ROWS: usize = 4;
const RESTART_INTERVAL: usize = 16;
/// Bytes of a row: its word and its offset.
const ROW_BYTES: usize = 6;

/// The directory of a block, once a lookup has found the block in the cache. Nothing if the block needs none.
#[derive(Default)]
pub(crate) struct DirectoryCell(std::sync::OnceLock<Option<Directory>>);

// It is not part of the content of a block.
impl PartialEq for DirectoryCell {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for DirectoryCell {}

/// All in one allocation: the number of rows, the number of bytes that all keys begin with, those bytes, then of each
/// key the four bytes after them, padded with zeros, and the offsets of the rows, two in a word.
struct Directory(Box<[u32]>);

/// The most bytes that a directory of such a block takes.
pub(crate) fn directory_bytes(block: &Block) -> usize {
    match block.data.len() > usize::from(u16::MAX) {
        true => 0,
        false => block.offsets.len() * RESTART_INTERVAL * ROW_BYTES,
    }
}

/// The first row of a cached block with this key.
pub(super) fn find_cached_row(block: &Block, target: &[u8]) -> Result<Option<Row>, SlateDBError> {
    row_at_place(block, target, place_of(block, target))
}

/// Where a block can have a key, by its directory.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Only at this offset.
    At(usize),
    Nowhere,
    /// Several keys have the same word, or the block has no directory.
    Unclear,
}

pub(super) fn place_of(block: &Block, target: &[u8]) -> Place {
    match block.directory.0.get_or_init(|| Directory::of(block)) {
        Some(directory) => directory.place(target),
        None => Place::Unclear,
    }
}

/// The row with this key, by its place in the block.
#[inline(always)]
pub(super) fn row_at_place(block: &Block, target: &[u8], place: Place) -> Result<Option<Row>, SlateDBError> {
    let offset = match place {
        Place::At(offset) => offset,
        Place::Nowhere => return Ok(None),
        Place::Unclear => return find_row(block, target),
    };
    let data = &block.data[..];
    let Some(row) = read_row(data, offset) else { return find_row(block, target) };
    // The row before has another word, so the rest of the key is here, unless the row has more than a word in common with
    // it.
    let Some(Some(Directory(words))) = block.directory.0.get() else { return find_row(block, target) };
    if row.shared > words.get(1).map_or(0, |shared| *shared as usize) + size_of::<u32>() {
        return find_row(block, target);
    }
    match target.get(row.shared..) {
        Some(rest) if *rest == data[row.suffix.clone()] => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// Brings the beginning of the directory into the cache of the processor.
#[inline(always)]
pub(super) fn touch(block: &Block) -> u32 {
    match block.directory.0.get() {
        Some(Some(Directory(words))) => words.first().copied().unwrap_or(0),
        _ => 0,
    }
}

impl Directory {
    /// Nothing for a block with few rows, or with rows that cannot be read: the search of the block reports that.
    fn of(block: &Block) -> Option<Self> {
        let data = &block.data[..];
        if data.len() > usize::from(u16::MAX) {
            return None;
        }
        let mut last = Vec::new();
        let mut at = usize::from(*block.offsets.last()?);
        while at < data.len() {
            let row = read_row(data, at)?;
            row.complete_key(data, &mut last).ok()?;
            at = row.end;
        }
        let first = key_bytes_at(data, 0)?;
        let shared = first.iter().zip(&last).take_while(|(a, b)| a == b).count();
        let mut words = vec![0, shared as u32];
        words.extend((0..shared).step_by(4).map(|from| word_u32(&first[..shared], from)));
        let keys = words.len();
        let mut offsets = Vec::with_capacity(block.offsets.len() * RESTART_INTERVAL);
        let mut key = Vec::new();
        let mut at = 0;
        while at < data.len() {
            let row = read_row(data, at)?;
            row.complete_key(data, &mut key).ok()?;
            let word = word_u32(&key, shared);
            if words.len() > keys && *words.last()? > word {
                return None;
            }
            words.push(word);
            offsets.push(at as u16);
            at = row.end;
        }
        if offsets.len() < LEAST_ROWS {
            return None;
        }
        words[0] = offsets.len() as u32;
        words.extend(offsets.chunks(2).map(|pair| {
            u32::from(pair[0]) | pair.get(1).map_or(0, |offset| u32::from(*offset) << 16)
        }));
        Some(Self(words.into_boxed_slice()))
    }

    fn place(&self, target: &[u8]) -> Place {
        let [rows, shared, rest @ ..] = &self.0[..] else { return Place::Unclear };
        let (rows, shared) = (*rows as usize, *shared as usize);
        if target.len() < shared {
            return Place::Nowhere;
        }
        let (prefix, rest) = rest.split_at(shared.div_ceil(4));
        let begins = prefix.iter().enumerate().all(|(i, word)| word_u32(&target[..shared], 4 * i) == *word);
        if !begins {
            return Place::Nowhere;
        }
        let (words, offsets) = rest.split_at(rows);
        let word = word_u32(target, shared);
        let at = lower_bound(words, word);
        if words.get(at) != Some(&word) {
            return Place::Nowhere;
        }
        if words.get(at + 1) == Some(&word) {
            return Place::Unclear;
        }
        let offset = (offsets[at / 2] >> (16 * (at % 2))) & 0xffff;
        Place::At(offset as usize)
    }
}
