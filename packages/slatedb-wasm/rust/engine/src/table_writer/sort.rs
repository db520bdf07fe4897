//! Sorts rows by key: a radix sort of the eight bytes after the common prefix of all keys, then whole keys where those
//! are equal.

use super::rows::{Row, Rows};

/// Memory of the sort in bytes for each row.
pub const SORT_BYTES_PER_ROW: usize = 2 * size_of::<Entry>();

/// Rows that are read into the cache at the same time.
const ROWS_AHEAD: usize = 32;

/// A row and the part of its key that nearly always tells it from the others.
#[derive(Clone, Copy, Default)]
struct Entry {
    part: u64,
    address: u32,
}

/// The order of rows. Its memory is used again.
#[derive(Default)]
pub struct Order {
    entries: Vec<Entry>,
    spare: Vec<Entry>,
}

impl Order {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn address(&self, at: usize) -> u32 {
        self.entries[at].address
    }

    /// Rows in order. Memory is read ahead for some rows at a time.
    pub fn rows<'a>(&'a self, rows: &'a Rows) -> impl Iterator<Item = Row<'a>> + 'a {
        self.entries.chunks(ROWS_AHEAD).flat_map(move |entries| {
            rows.touch(entries.iter().map(|entry| entry.address));
            entries.iter().map(move |entry| rows.get(entry.address))
        })
    }

    /// Reads some rows ahead if `at` is the first of them.
    pub fn read_ahead(&self, rows: &Rows, at: usize) {
        if at % ROWS_AHEAD == 0 && at < self.len() {
            let end = self.len().min(at + ROWS_AHEAD);
            rows.touch(self.entries[at..end].iter().map(|entry| entry.address));
        }
    }

    pub fn release(&mut self) {
        *self = Self::default();
    }

    /// Orders the rows by key. Of rows with equal keys, the last one stays. `common` is what all keys begin with.
    pub fn sort(&mut self, rows: &Rows, common: usize) {
        self.entries.clear();
        self.entries.reserve_exact(rows.count());
        // True if equal parts mean equal keys.
        let mut exact = true;
        let mut ascending = true;
        let mut varying = 0;
        let mut length = None;
        for address in rows.addresses() {
            let key = rows.get(address).key;
            exact &= *length.get_or_insert(key.len()) == key.len() && key.len() <= common + 8;
            let part = part_of(&key[common.min(key.len())..]);
            if let Some(last) = self.entries.last() {
                ascending &= last.part < part;
                varying |= last.part ^ part;
            }
            self.entries.push(Entry { part, address });
        }
        if ascending {
            return;
        }
        self.radix_sort(varying);
        if !exact {
            self.sort_within(rows);
        }
        self.drop_replaced(rows, exact);
    }

    /// `varying` has the bits in which parts differ.
    fn radix_sort(&mut self, varying: u64) {
        self.spare.clear();
        self.spare.reserve_exact(self.entries.len());
        self.spare.resize(self.entries.len(), Entry::default());
        for shift in (0..64).step_by(8).filter(|shift| varying >> shift & 0xff != 0) {
            let mut starts = [0u32; 256];
            for entry in &self.entries {
                starts[(entry.part >> shift) as usize & 0xff] += 1;
            }
            let mut sum = 0;
            for start in &mut starts {
                sum += std::mem::replace(start, sum);
            }
            for entry in &self.entries {
                let start = &mut starts[(entry.part >> shift) as usize & 0xff];
                self.spare[*start as usize] = *entry;
                *start += 1;
            }
            std::mem::swap(&mut self.entries, &mut self.spare);
        }
    }

    /// Sorts rows with equal parts by whole keys. Those with equal keys stay in the order in which they came.
    fn sort_within(&mut self, rows: &Rows) {
        for group in self.entries.chunk_by_mut(|a, b| a.part == b.part) {
            if group.len() > 1 {
                group.sort_by(|a, b| rows.get(a.address).key.cmp(rows.get(b.address).key));
            }
        }
    }

    fn drop_replaced(&mut self, rows: &Rows, exact: bool) {
        let same = |a: &Entry, b: &Entry| {
            a.part == b.part && (exact || rows.get(a.address).key == rows.get(b.address).key)
        };
        self.entries.dedup_by(|next, kept| {
            let is_same = same(next, kept);
            if is_same {
                *kept = *next;
            }
            is_same
        });
    }
}

/// The first eight bytes as a number that orders like them. Missing bytes count as zero.
pub fn part_of(key: &[u8]) -> u64 {
    match key.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..key.len()].copy_from_slice(key);
            u64::from_be_bytes(bytes)
        }
    }
}

/// The number of bytes, up to `limit`, that both keys begin with.
pub fn common_bytes(a: &[u8], b: &[u8], limit: usize) -> usize {
    a.iter().zip(b).take(limit).take_while(|(a, b)| a == b).count()
}
