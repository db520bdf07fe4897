//! wasm32: writes a complete database straight into tables, from rows in key order.
//!
//! SlateDB has no way to write a table without a log, a memtable and a writer that fences others (slatedb#1146 asks for
//! one). A database that one writer writes once and that is read afterwards needs none of them. Rows, blocks, filter,
//! index and manifest have the layouts of SlateDB's own encoders.

mod block;
mod filter;
mod manifest;
mod sample;

pub use manifest::{manifest, Manifest};

use bytes::Bytes;
use flatbuffers::FlatBufferBuilder;
use object_store::path::Path;
use ulid::Ulid;

use crate::config::CompressionCodec;
use crate::db_state::{SsTableHandle, SsTableId, SstType};
use crate::error::SlateDBError;
use crate::flatbuffer_types::{BlockMeta, BlockMetaArgs, FlatBufferSsTableInfoCodec};
use crate::format::sst::{EncodedSsTableFooterBuilder, SST_FORMAT_VERSION_LATEST};
use crate::sst_stats::{BlockStats, SstStats};
use crate::tables::StoredBlock;
use block::{append, put_checksum, shared_bytes, BlockEncoder};
use filter::FilterEncoder;
use sample::Sample;

/// Sequence number of all rows. A key has one row, so rows need no order in time.
pub(crate) const SEQ: u64 = 1;

/// How tables are encoded.
#[derive(Clone)]
pub struct TableOptions {
    /// Size of a block in bytes, unless one row takes more.
    pub block_bytes: usize,
    pub packing: Packing,
    pub filter_bits_per_key: u32,
    /// A table with fewer rows has no filter.
    pub min_filter_keys: u32,
    /// Time of creation and of expiry of every row, in milliseconds.
    pub lifetime: Option<(i64, i64)>,
}

/// How blocks are packed.
#[derive(Clone, Copy)]
pub enum Packing {
    Fixed(Option<CompressionCodec>),
    /// With Snappy, in tables whose first blocks become smaller by an eighth.
    WhereItPays,
}

struct BlockPlace {
    offset: u64,
    /// The end of its key in `index_keys`.
    key_end: usize,
}

/// A table to store, and its place in the manifest.
pub struct Table {
    pub path: Path,
    /// The table, without the blocks that were dropped.
    pub bytes: Vec<u8>,
    pub handle: SsTableHandle,
}

/// Encodes one table after the other from rows in ascending order of keys.
pub struct TableEncoder {
    options: TableOptions,
    /// The encoded blocks, without those that were dropped.
    out: Vec<u8>,
    /// Bytes of blocks that were dropped.
    dropped: usize,
    block: BlockEncoder,
    filter: FilterEncoder,
    index_keys: Vec<u8>,
    blocks: Vec<BlockPlace>,
    codec: Option<CompressionCodec>,
    /// Until the codec of the table is chosen.
    sample: Option<Sample>,
    stats: SstStats,
    first_key: Vec<u8>,
    last_key: Vec<u8>,
}

impl TableEncoder {
    pub fn new(options: TableOptions) -> Self {
        let mut encoder = Self {
            block: BlockEncoder::new(&options),
            filter: FilterEncoder::new(options.filter_bits_per_key),
            options,
            out: Vec::new(),
            dropped: 0,
            index_keys: Vec::new(),
            blocks: Vec::new(),
            codec: None,
            sample: None,
            stats: SstStats::default(),
            first_key: Vec::new(),
            last_key: Vec::new(),
        };
        encoder.choose_codec();
        encoder
    }

    /// The codec of a new table.
    fn choose_codec(&mut self) {
        (self.codec, self.sample) = match self.options.packing {
            Packing::Fixed(codec) => (codec, None),
            Packing::WhereItPays => (None, Some(Sample::default())),
        };
        self.block.set_codec(self.codec);
    }

    /// Makes room for a table of this size, so that it does not move while it grows.
    pub fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes.saturating_sub(self.out.len()));
    }

    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// The size of the table if it ended here, without its index.
    pub fn bytes(&self) -> usize {
        self.dropped + self.out.len() + self.block.bytes() + self.filter.bytes()
    }

    /// Bytes of complete blocks that will not change any more.
    pub fn complete_bytes(&self) -> usize {
        match (&self.sample, self.codec) {
            (Some(_), _) => 0,
            (None, None) => self.out.len() - self.block.row_bytes(),
            (None, Some(_)) => self.out.len(),
        }
    }

    /// These blocks.
    pub fn complete(&self) -> &[u8] {
        &self.out[..self.complete_bytes()]
    }

    /// Drops these blocks, which the caller has stored: `finish` returns what comes after them.
    pub fn drop_complete(&mut self) {
        let complete = self.complete_bytes();
        self.out.drain(..complete);
        self.dropped += complete;
        self.block.move_back(complete);
    }

    fn rows(&self) -> u64 {
        self.stats.num_puts + u64::from(self.block.rows())
    }

    /// The end of every row.
    pub fn row_end(&self) -> Vec<u8> {
        self.block.row_end().to_vec()
    }

    /// Adds a row, whose key must be greater than the previous one. `row` is its key, of `key_bytes`, and its value.
    pub fn push(&mut self, row: &[u8], key_bytes: usize) -> Result<(), crate::Error> {
        self.push_within(row, key_bytes, self.options.block_bytes)
    }

    /// Adds a row of a block that is not taken over. Its block may become larger by a half: otherwise the last
    /// rows of an old block would begin a new one, and no block after them could be taken over.
    pub fn push_old(&mut self, row: &[u8], key_bytes: usize) -> Result<(), crate::Error> {
        self.push_within(row, key_bytes, largest_old(self.options.block_bytes))
    }

    fn push_within(&mut self, row: &[u8], key_bytes: usize, block_bytes: usize) -> Result<(), crate::Error> {
        let (key, value) = row.split_at(key_bytes);
        let shared = shared_bytes(&self.last_key, key);
        if self.is_empty() {
            self.first_key.extend_from_slice(key);
            self.begin_block(&[]);
        } else if !self.block.fits(key_bytes, shared, value.len(), block_bytes) {
            self.finish_block()?;
            self.begin_block(separator(key, shared));
        } else if self.block.rows() == 0 {
            self.begin_block(separator(key, shared));
        }
        self.block.push(row, key_bytes, shared, &mut self.out);
        self.filter.push(key);
        self.stats.raw_key_size += key.len() as u64;
        self.stats.raw_val_size += value.len() as u64;
        self.last_key.truncate(shared);
        append(&mut self.last_key, &key[shared..]);
        // No row fits into a block of this size, not even an old one.
        match self.block.row_bytes() > largest_old(self.options.block_bytes) {
            true => Ok(self.finish_block()?),
            false => Ok(()),
        }
    }

    /// Ends the block if it is three quarters full. An old block follows, and so its rows stay together.
    pub fn end_full_block(&mut self) -> Result<(), crate::Error> {
        match 4 * self.block.row_bytes() >= 3 * self.options.block_bytes {
            true => Ok(self.finish_block()?),
            false => Ok(()),
        }
    }

    /// Whether the block can be taken over as it is: its rows have the same form, and neither it nor the block before it is
    /// so small that blocks would become smaller with every database that is made of another one.
    pub fn takes_over(&self, block: &StoredBlock) -> bool {
        let least = self.options.block_bytes / 2;
        let open = self.block.row_bytes();
        block.has_same_ends && block.bytes() >= least && (open == 0 || open >= least)
    }

    /// Adds the rows of a block, whose keys must be greater than the previous one. Nothing is encoded again if the codec is
    /// the same.
    pub fn push_block(&mut self, block: &StoredBlock) -> Result<(), crate::Error> {
        self.finish_block()?;
        let first = block.first_key();
        if self.is_empty() {
            self.first_key.extend_from_slice(first);
            self.begin_block(&[]);
        } else {
            let shared = shared_bytes(&self.last_key, first);
            self.begin_block(separator(first, shared));
        }
        match (&block.stored, self.codec) {
            (Some(stored), codec) if block.codec == codec => self.out.extend_from_slice(stored),
            (_, Some(codec)) => self.block.pack(codec, &block.plain, &mut self.out)?,
            (_, None) => {
                let start = self.out.len();
                self.out.extend_from_slice(&block.plain);
                put_checksum(&mut self.out, start);
            }
        }
        self.filter.extend(&block.hashes);
        self.stats.raw_key_size += block.key_bytes;
        self.stats.raw_val_size += block.value_bytes;
        self.last_key.clear();
        self.last_key.extend_from_slice(block.last_key());
        Ok(self.count_block(block.rows())?)
    }

    /// Blocks are encoded at the end of the table, so their places are known before they are complete.
    fn begin_block(&mut self, index_key: &[u8]) {
        self.index_keys.extend_from_slice(index_key);
        self.blocks.push(BlockPlace { offset: (self.dropped + self.out.len()) as u64, key_end: self.index_keys.len() });
    }

    fn finish_block(&mut self) -> Result<(), SlateDBError> {
        if self.block.rows() == 0 {
            return Ok(());
        }
        let rows = self.block.finish(&mut self.out)?;
        self.count_block(u64::from(rows))
    }

    /// Counts the last block, which is complete.
    fn count_block(&mut self, rows: u64) -> Result<(), SlateDBError> {
        let num_puts = u16::try_from(rows).unwrap_or(u16::MAX);
        self.stats.num_puts += rows;
        self.stats.block_stats.push(BlockStats { num_puts, ..BlockStats::default() });
        if let Some(mut sample) = self.sample.take() {
            let start = self.blocks.last().map_or(0, |block| block.offset) as usize;
            sample.add(&mut self.block, &self.out[start..])?;
            match sample.is_large() {
                true => self.decide(sample),
                false => self.sample = Some(sample),
            }
        }
        Ok(())
    }

    /// Chooses the codec of the table by its first blocks.
    fn decide(&mut self, sample: Sample) {
        let Some((packed, offsets)) = sample.packed_instead_of(self.out.len()) else { return };
        self.out.clear();
        self.out.extend_from_slice(&packed);
        for (block, offset) in self.blocks.iter_mut().zip(offsets) {
            block.offset = offset;
        }
        self.codec = Some(sample::CODEC);
        self.block.set_codec(self.codec);
    }

    /// Ends the table and begins the next one.
    pub async fn finish(&mut self, id: Ulid) -> Result<Table, crate::Error> {
        self.finish_block()?;
        if let Some(sample) = self.sample.take() {
            self.decide(sample);
        }
        let mut index = FlatBufferBuilder::new();
        let mut blocks = Vec::with_capacity(self.blocks.len());
        let mut key_start = 0;
        for BlockPlace { offset, key_end } in self.blocks.drain(..) {
            let first_key = Some(index.create_vector(&self.index_keys[key_start..key_end]));
            blocks.push(BlockMeta::create(&mut index, &BlockMetaArgs { offset, first_key }));
            key_start = key_end;
        }
        self.index_keys.clear();
        let mut bytes = std::mem::take(&mut self.out);
        let info_codec = FlatBufferSsTableInfoCodec {};
        let mut footer = EncodedSsTableFooterBuilder::new(
            (std::mem::take(&mut self.dropped) + bytes.len()) as u64,
            Some(Bytes::from(std::mem::take(&mut self.first_key))),
            Some(Bytes::from(std::mem::take(&mut self.last_key))),
            &info_codec,
            index,
            blocks,
            SST_FORMAT_VERSION_LATEST,
            SstType::Compacted,
        );
        if let Some(codec) = self.codec {
            footer = footer.with_compression_codec(codec);
        }
        let stats = std::mem::take(&mut self.stats);
        let filter = self.filter.finish();
        if stats.num_puts >= u64::from(self.options.min_filter_keys) {
            footer = footer.with_filters(vec![filter].into());
        }
        let footer = footer.with_stats(stats).build().await?;
        bytes.extend_from_slice(&footer.encoded_bytes);
        self.choose_codec();
        let path = table_path(id);
        let id = SsTableId::Compacted(id);
        Ok(Table {
            path,
            bytes,
            handle: SsTableHandle::new(id, SST_FORMAT_VERSION_LATEST, footer.info),
        })
    }
}

/// The path of a table.
pub fn table_path(id: Ulid) -> Path {
    crate::paths::PathResolver::from_root(Path::default()).sst_path(&SsTableId::Compacted(id))
}

/// The most bytes of a block with rows of old blocks.
fn largest_old(block_bytes: usize) -> usize {
    block_bytes + block_bytes / 2
}

/// The shortest key that separates a block that begins with `key` from the block before it.
fn separator(key: &[u8], shared: usize) -> &[u8] {
    &key[..=shared.min(key.len() - 1)]
}
