//! Chooses whether the blocks of a table are packed, by its first blocks.

use super::block::BlockEncoder;
use crate::config::CompressionCodec;
use crate::error::SlateDBError;
use crate::format::sst::CHECKSUM_SIZE;

pub(super) const CODEC: CompressionCodec = CompressionCodec::Snappy;
const SAMPLE_BYTES: usize = 64 << 10;
/// Packing costs time for every reader, so it has to save an eighth.
const LEAST_SAVING: usize = 8;

/// The first blocks of a table in packed form.
#[derive(Default)]
pub(super) struct Sample {
    packed: Vec<u8>,
    offsets: Vec<u64>,
    plain_bytes: usize,
}

impl Sample {
    /// `block` has a checksum at its end.
    pub(super) fn add(&mut self, encoder: &mut BlockEncoder, block: &[u8]) -> Result<(), SlateDBError> {
        self.offsets.push(self.packed.len() as u64);
        self.plain_bytes += block.len();
        encoder.pack(CODEC, &block[..block.len() - CHECKSUM_SIZE], &mut self.packed)
    }

    pub(super) fn is_large(&self) -> bool {
        self.plain_bytes >= SAMPLE_BYTES
    }

    /// The packed blocks and their places, if that pays.
    pub(super) fn packed_instead_of(self, plain_bytes: usize) -> Option<(Vec<u8>, Vec<u64>)> {
        let most = plain_bytes - plain_bytes / LEAST_SAVING;
        (self.packed.len() <= most).then_some((self.packed, self.offsets))
    }
}
