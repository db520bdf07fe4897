//! Blocks of rows (`format/block_v2.rs` and `format/row_codec_v2.rs` describe the layout).

use bytes::{BufMut, Bytes};

use super::{TableOptions, SEQ};
use crate::config::CompressionCodec;
use crate::error::SlateDBError;
use crate::format::row::RowFlags;
use crate::format::sst::{compress, CHECKSUM_SIZE, OFFSET_SIZE};
use crate::utils::{encode_varint, varint_len};

/// Rows from one restart to the next. A restart is a row with its whole key, at which a reader can begin.
const RESTART_INTERVAL: u32 = 16;
const SEQ_AND_FLAGS_BYTES: usize = 9;

/// Encodes the rows of one block after the other. Without a codec, they are encoded where the block is stored.
pub(super) struct BlockEncoder {
    codec: Option<CompressionCodec>,
    #[cfg(feature = "snappy")]
    snappy: snap::raw::Encoder,
    /// The end of every row: sequence number, flags, times.
    row_end: Vec<u8>,
    /// The rows, if they are compressed when the block is complete.
    data: Vec<u8>,
    start: usize,
    /// Bytes of the rows so far.
    len: usize,
    restarts: Vec<u16>,
    rows: u32,
}

/// Appends bytes; a few of them without a call, which would take longer than the copy.
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        0..=16 => out.extend(bytes.iter().copied()),
        _ => out.extend_from_slice(bytes),
    }
}

/// The number of bytes that both keys begin with.
pub(super) fn shared_bytes(a: &[u8], b: &[u8]) -> usize {
    let mut shared = 0;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let difference = u64::from_le_bytes(a.try_into().expect("a chunk has 8 bytes"))
            ^ u64::from_le_bytes(b.try_into().expect("a chunk has 8 bytes"));
        if difference != 0 {
            return shared + difference.trailing_zeros() as usize / 8;
        }
        shared += 8;
    }
    shared + a[shared..].iter().zip(&b[shared..]).take_while(|(a, b)| a == b).count()
}

impl BlockEncoder {
    pub(super) fn new(options: &TableOptions) -> Self {
        let mut row_end = SEQ.to_be_bytes().to_vec();
        match options.lifetime {
            None => row_end.push(RowFlags::default().bits()),
            Some((created, expires)) => {
                row_end.push((RowFlags::HAS_EXPIRE_TS | RowFlags::HAS_CREATE_TS).bits());
                row_end.put_i64(expires);
                row_end.put_i64(created);
            }
        }
        debug_assert!(row_end.len() >= SEQ_AND_FLAGS_BYTES);
        Self {
            codec: None,
            #[cfg(feature = "snappy")]
            snappy: snap::raw::Encoder::new(),
            row_end,
            data: Vec::new(),
            start: 0,
            len: 0,
            restarts: Vec::new(),
            rows: 0,
        }
    }

    /// Sets the codec of blocks; between two blocks.
    pub(super) fn set_codec(&mut self, codec: Option<CompressionCodec>) {
        self.codec = codec;
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes of its rows.
    pub(super) fn row_bytes(&self) -> usize {
        self.len
    }

    /// Follows a move of its rows, if they are encoded at their place, towards the beginning.
    pub(super) fn move_back(&mut self, bytes: usize) {
        self.start = self.start.saturating_sub(bytes);
    }

    /// The end of every row.
    pub(super) fn row_end(&self) -> &[u8] {
        &self.row_end
    }

    /// Bytes of the block that are not yet encoded at its place.
    pub(super) fn bytes(&self) -> usize {
        self.data.len() + OFFSET_SIZE * (self.restarts.len() + 1) + CHECKSUM_SIZE
    }

    fn shared(&self, shared: usize) -> usize {
        match self.rows % RESTART_INTERVAL {
            0 => 0,
            _ => shared,
        }
    }

    /// Whether the block has room for the row, within some bytes. An empty one takes any.
    pub(super) fn fits(&self, key_bytes: usize, shared: usize, value_bytes: usize, block_bytes: usize) -> bool {
        if self.rows == 0 {
            return true;
        }
        let shared = self.shared(shared);
        let suffix = key_bytes - shared;
        let row = varint_len(shared as u32)
            + varint_len(suffix as u32)
            + varint_len(value_bytes as u32)
            + suffix
            + value_bytes
            + self.row_end.len();
        let restarts = self.restarts.len() + usize::from(self.rows % RESTART_INTERVAL == 0) + 1;
        self.len + row + OFFSET_SIZE * restarts <= block_bytes
    }

    pub(super) fn push(&mut self, row: &[u8], key_bytes: usize, shared: usize, out: &mut Vec<u8>) {
        let data = match self.codec {
            None => &mut *out,
            Some(_) => &mut self.data,
        };
        if self.rows == 0 {
            self.start = data.len();
        }
        if self.rows % RESTART_INTERVAL == 0 {
            self.restarts.push(self.len as u16);
        }
        let shared = match self.rows % RESTART_INTERVAL {
            0 => 0,
            _ => shared,
        };
        data.reserve(15 + row.len() - shared + self.row_end.len());
        encode_varint(data, shared as u32);
        encode_varint(data, (key_bytes - shared) as u32);
        encode_varint(data, (row.len() - key_bytes) as u32);
        append(data, &row[shared..]);
        match self.row_end.first_chunk::<SEQ_AND_FLAGS_BYTES>() {
            Some(end) if self.row_end.len() == SEQ_AND_FLAGS_BYTES => data.extend_from_slice(end),
            _ => data.extend_from_slice(&self.row_end),
        }
        self.len = data.len() - self.start;
        self.rows += 1;
    }

    /// Completes the block at the end of `out`. Returns the number of its rows.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<u32, SlateDBError> {
        let data = match self.codec {
            None => &mut *out,
            Some(_) => &mut self.data,
        };
        for restart in &self.restarts {
            data.put_u16(*restart);
        }
        data.put_u16(self.restarts.len() as u16);
        let start = match self.codec {
            None => self.start,
            Some(codec) => {
                let start = out.len();
                let data = std::mem::take(&mut self.data);
                self.compress(codec, &data, out)?;
                self.data = data;
                self.data.clear();
                start
            }
        };
        put_checksum(out, start);
        self.restarts.clear();
        self.len = 0;
        Ok(std::mem::take(&mut self.rows))
    }

    /// Adds the block `data` to `out` in packed form, with its checksum.
    pub(super) fn pack(
        &mut self,
        codec: CompressionCodec,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SlateDBError> {
        let start = out.len();
        self.compress(codec, data, out)?;
        put_checksum(out, start);
        Ok(())
    }

    fn compress(
        &mut self,
        codec: CompressionCodec,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SlateDBError> {
        match codec {
            #[cfg(feature = "snappy")]
            CompressionCodec::Snappy => {
                let start = out.len();
                out.resize(start + snap::raw::max_compress_len(data.len()), 0);
                let packed = self.snappy.compress(data, &mut out[start..]);
                out.truncate(start + packed.map_err(|_| SlateDBError::BlockCompressionError)?);
            }
            #[cfg(feature = "lz4")]
            CompressionCodec::Lz4 => {
                let start = out.len();
                out.extend_from_slice(&(data.len() as u32).to_le_bytes());
                let room = lz4_flex::block::get_maximum_output_size(data.len());
                out.resize(start + 4 + room, 0);
                let packed = lz4_flex::block::compress_into(data, &mut out[start + 4..]);
                out.truncate(start + 4 + packed.map_err(|_| SlateDBError::BlockCompressionError)?);
            }
            #[allow(unreachable_patterns)]
            other => out.extend_from_slice(&compress(Bytes::copy_from_slice(data), other)?),
        }
        Ok(())
    }
}

pub(super) fn put_checksum(out: &mut Vec<u8>, start: usize) {
    let checksum = crate::checksum::crc32(&out[start..]);
    out.put_u32(checksum);
}
