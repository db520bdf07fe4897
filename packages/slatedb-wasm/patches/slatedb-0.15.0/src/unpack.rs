//! wasm32: decompression up to a limit, for any input.

use std::io::Read;

use bytes::Bytes;

use crate::config::CompressionCodec;
use crate::error::{SlateDBError, TooLarge};

/// Limit of indexes, filters and statistics.
pub(crate) const MAX_PART_BYTES: usize = 256 << 20;
const START_BYTES: usize = 16 << 10;
/// One compressed byte of LZ4 or Snappy never unpacks to more bytes.
const MOST_RATIO: usize = 256;

/// Unpacks to at most `most` bytes. A longer result is the error `too_large`, before memory for it is allocated.
pub(crate) fn unpack(
    packed: Bytes,
    codec: CompressionCodec,
    most: usize,
    too_large: TooLarge,
) -> Result<Bytes, SlateDBError> {
    let damaged = || SlateDBError::BlockDecompressionError;
    match codec {
        CompressionCodec::Snappy => {
            let announced = snap::raw::decompress_len(&packed).map_err(|_| damaged())?;
            check(announced, packed.len(), most, too_large)?;
            let unpacked = snap::raw::Decoder::new().decompress_vec(&packed).map_err(|_| damaged())?;
            Ok(Bytes::from(unpacked))
        }
        CompressionCodec::Lz4 => {
            let (announced, packed) = lz4_flex::block::uncompressed_size(&packed).map_err(|_| damaged())?;
            check(announced, packed.len(), most, too_large)?;
            let unpacked = lz4_flex::block::decompress(packed, announced).map_err(|_| damaged())?;
            Ok(Bytes::from(unpacked))
        }
        CompressionCodec::Zlib => {
            read(flate2::read::ZlibDecoder::new(&packed[..]), packed.len(), most, too_large)
        }
        CompressionCodec::Zstd => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(&packed[..]).map_err(|_| damaged())?;
            // The size in the header of the frame; 0 if the writer did not know it.
            if decoder.decoder.content_size() > most as u64 {
                return Err(SlateDBError::TooLarge(too_large));
            }
            read(decoder, packed.len(), most, too_large)
        }
    }
}

/// The decoder allocates the announced size at once, so an impossible size is refused here.
fn check(announced: usize, packed: usize, most: usize, too_large: TooLarge) -> Result<(), SlateDBError> {
    match announced {
        _ if announced > packed.saturating_mul(MOST_RATIO).saturating_add(MOST_RATIO) => {
            Err(SlateDBError::BlockDecompressionError)
        }
        _ if announced > most => Err(SlateDBError::TooLarge(too_large)),
        _ => Ok(()),
    }
}

fn read(from: impl Read, packed: usize, most: usize, too_large: TooLarge) -> Result<Bytes, SlateDBError> {
    let mut unpacked = Vec::with_capacity(most.min(START_BYTES.max(2 * packed)));
    let mut limited = from.take(most as u64 + 1);
    limited.read_to_end(&mut unpacked).map_err(|_| SlateDBError::BlockDecompressionError)?;
    match unpacked.len() > most {
        true => Err(SlateDBError::TooLarge(too_large)),
        false => Ok(Bytes::from(unpacked)),
    }
}
