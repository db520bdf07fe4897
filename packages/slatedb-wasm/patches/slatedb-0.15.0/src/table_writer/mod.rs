//! wasm32: writes a complete database straight into tables, from rows in key order.
//!
//! SlateDB has no way to write a table without a log, a memtable and a writer that fences others (slatedb#1146 asks for
//! one). A database that one writer writes once and that is read afterwards needs none of them. Rows, blocks, filter,
//! index and manifest have the layouts of SlateDB's own encoders.

mod block;
mod filter;
mod manifest;

pub use manifest::{manifest, Manifest};

use bytes::Bytes;
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use object_store::path::Path;
use ulid::Ulid;

use crate::config::CompressionCodec;
use crate::db_state::{SsTableHandle, SsTableId, SstType};
use crate::error::SlateDBError;
use crate::flatbuffer_types::{BlockMeta, BlockMetaArgs, FlatBufferSsTableInfoCodec};
use crate::format::sst::{EncodedSsTableFooterBuilder, SST_FORMAT_VERSION_LATEST};
use crate::sst_stats::{BlockStats, SstStats};
use block::{shared_bytes, BlockEncoder};
use filter::FilterEncoder;

/// Sequence number of all rows. A key has one row, so rows need no order in time.
pub(crate) const SEQ: u64 = 1;

/// How tables are encoded.
#[derive(Clone)]
pub struct TableOptions {
    /// Size of a block in bytes, unless one row takes more.
    pub block_bytes: usize,
    pub codec: Option<CompressionCodec>,
    pub filter_bits_per_key: u32,
    /// A table with fewer rows has no filter.
    pub min_filter_keys: u32,
    /// Time of creation and of expiry of every row, in milliseconds.
    pub lifetime: Option<(i64, i64)>,
}

/// A table to store, and its place in the manifest.
pub struct Table {
    pub path: Path,
    pub bytes: Vec<u8>,
    pub handle: SsTableHandle,
}

/// Encodes one table after the other from rows in ascending order of keys.
pub struct TableEncoder {
    options: TableOptions,
    /// The encoded blocks.
    out: Vec<u8>,
    block: BlockEncoder,
    filter: FilterEncoder,
    index: FlatBufferBuilder<'static>,
    blocks: Vec<WIPOffset<BlockMeta<'static>>>,
    stats: SstStats,
    first_key: Vec<u8>,
    last_key: Vec<u8>,
}

impl TableEncoder {
    pub fn new(options: TableOptions) -> Self {
        Self {
            block: BlockEncoder::new(&options),
            filter: FilterEncoder::new(options.filter_bits_per_key),
            options,
            out: Vec::new(),
            index: FlatBufferBuilder::new(),
            blocks: Vec::new(),
            stats: SstStats::default(),
            first_key: Vec::new(),
            last_key: Vec::new(),
        }
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
        self.out.len() + self.block.bytes() + self.filter.bytes()
    }

    fn rows(&self) -> u64 {
        self.stats.num_puts + u64::from(self.block.rows())
    }

    /// Adds a row, whose key must be greater than the previous one.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), crate::Error> {
        if self.is_empty() {
            self.first_key.extend_from_slice(key);
            self.begin_block(&[]);
        }
        let shared = shared_bytes(&self.last_key, key);
        if !self.block.fits(key, shared, value) {
            self.finish_block()?;
            // The shortest key that separates the blocks.
            self.begin_block(&key[..=shared.min(key.len() - 1)]);
        }
        self.block.push(key, shared, value, &mut self.out);
        self.filter.push(key);
        self.stats.raw_key_size += key.len() as u64;
        self.stats.raw_val_size += value.len() as u64;
        self.last_key.truncate(shared);
        self.last_key.extend_from_slice(&key[shared..]);
        Ok(())
    }

    /// Blocks are encoded at the end of the table, so their places are known before they are complete.
    fn begin_block(&mut self, index_key: &[u8]) {
        let first_key = Some(self.index.create_vector(index_key));
        let offset = self.out.len() as u64;
        self.blocks.push(BlockMeta::create(&mut self.index, &BlockMetaArgs { offset, first_key }));
    }

    fn finish_block(&mut self) -> Result<(), SlateDBError> {
        let rows = self.block.finish(&mut self.out)?;
        let num_puts = u16::try_from(rows).unwrap_or(u16::MAX);
        self.stats.num_puts += u64::from(rows);
        self.stats.block_stats.push(BlockStats { num_puts, ..BlockStats::default() });
        Ok(())
    }

    /// Ends the table and begins the next one.
    pub async fn finish(&mut self, id: Ulid) -> Result<Table, crate::Error> {
        self.finish_block()?;
        let mut bytes = std::mem::take(&mut self.out);
        let info_codec = FlatBufferSsTableInfoCodec {};
        let mut footer = EncodedSsTableFooterBuilder::new(
            bytes.len() as u64,
            Some(Bytes::from(std::mem::take(&mut self.first_key))),
            Some(Bytes::from(std::mem::take(&mut self.last_key))),
            &info_codec,
            std::mem::take(&mut self.index),
            std::mem::take(&mut self.blocks),
            SST_FORMAT_VERSION_LATEST,
            SstType::Compacted,
        );
        if let Some(codec) = self.options.codec {
            footer = footer.with_compression_codec(codec);
        }
        let stats = std::mem::take(&mut self.stats);
        let filter = self.filter.finish();
        if stats.num_puts >= u64::from(self.options.min_filter_keys) {
            footer = footer.with_filters(vec![filter].into());
        }
        let footer = footer.with_stats(stats).build().await?;
        bytes.extend_from_slice(&footer.encoded_bytes);
        let id = SsTableId::Compacted(id);
        Ok(Table {
            path: crate::paths::PathResolver::from_root(Path::default()).sst_path(&id),
            bytes,
            handle: SsTableHandle::new(id, SST_FORMAT_VERSION_LATEST, footer.info),
        })
    }
}
