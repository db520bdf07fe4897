//! Sorted parts in storage, for rows that do not fit into memory.
//!
//! A part is written in pieces of a few MiB, one object each. A piece has frames of whole rows, the unit in which a part
//! is read again.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use super::rows::Row;
use crate::error::EngineError;
use crate::fetch::Fetch;
use crate::store::HostStore;

/// Sizes of pieces and frames in bytes.
#[derive(Clone, Copy)]
pub struct PartSizes {
    pub piece: usize,
    pub frame: usize,
}

struct Frame {
    piece: u32,
    start: u32,
    end: u32,
}

/// Part `number` in storage.
pub struct Part {
    store: HostStore,
    number: u32,
    pieces: u32,
    frames: Vec<Frame>,
}

fn piece_path(number: u32, piece: u32) -> Path {
    Path::from(format!("parts/{number:06}-{piece:06}"))
}

impl Part {
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|frame| (frame.end - frame.start) as usize).sum()
    }

    pub async fn read(&self, frame: usize) -> Result<Bytes, EngineError> {
        let Frame { piece, start, end } = self.frames[frame];
        let range = u64::from(start)..u64::from(end);
        let bytes = self.store.fetch(&piece_path(self.number, piece), &range).await?;
        match bytes.len() == (end - start) as usize {
            true => Ok(bytes),
            false => Err(EngineError::internal(format!("a sorted part has lost bytes of piece {piece}"))),
        }
    }

    pub async fn remove(&self) -> Result<(), EngineError> {
        for piece in 0..self.pieces {
            self.store.delete(&piece_path(self.number, piece)).await?;
        }
        Ok(())
    }
}

/// Memory for a piece, which may end with a row that is too long for it.
fn piece(sizes: PartSizes) -> Vec<u8> {
    Vec::with_capacity(sizes.piece + sizes.piece / 16)
}

/// Writes one part from rows in order.
pub struct PartWriter {
    part: Part,
    sizes: PartSizes,
    piece: Vec<u8>,
    frame_start: usize,
}

impl PartWriter {
    pub fn new(store: HostStore, number: u32, sizes: PartSizes) -> Self {
        let part = Part { store, number, pieces: 0, frames: Vec::new() };
        Self { part, sizes, piece: piece(sizes), frame_start: 0 }
    }

    /// Adds a row. The caller stores the piece when `is_due` says so.
    pub fn push(&mut self, row: Row<'_>) {
        self.piece.extend_from_slice(row.bytes);
        if self.piece.len() - self.frame_start >= self.sizes.frame {
            self.end_frame();
        }
    }

    pub fn is_due(&self) -> bool {
        self.piece.len() >= self.sizes.piece
    }

    fn end_frame(&mut self) {
        let (start, end) = (self.frame_start as u32, self.piece.len() as u32);
        if end > start {
            self.part.frames.push(Frame { piece: self.part.pieces, start, end });
            self.frame_start = self.piece.len();
        }
    }

    pub async fn store_piece(&mut self) -> Result<(), EngineError> {
        self.end_frame();
        let path = piece_path(self.part.number, self.part.pieces);
        let bytes = std::mem::replace(&mut self.piece, piece(self.sizes));
        self.part.store.put(&path, PutPayload::from(bytes)).await?;
        self.part.pieces += 1;
        self.frame_start = 0;
        Ok(())
    }

    pub async fn finish(mut self) -> Result<Part, EngineError> {
        if !self.piece.is_empty() {
            self.store_piece().await?;
        }
        Ok(self.part)
    }
}
