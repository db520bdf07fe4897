//! Sorted parts in storage, for rows that do not fit into memory.
//!
//! A part is written in objects of a few MiB. An object has frames of whole rows; a part is read again in some frames at a
//! time.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use super::rows::Row;
use super::upload::{Upload, PIECE_BYTES};
use crate::error::EngineError;
use crate::fetch::Fetch;
use crate::store::HostStore;

/// A row of this size or more is not copied into a piece.
const LONG_ROW_BYTES: usize = 64 << 10;

/// Sizes of objects and frames in bytes.
#[derive(Clone, Copy)]
pub struct PartSizes {
    pub object: usize,
    pub frame: usize,
}

struct Frame {
    object: u32,
    start: u32,
    end: u32,
}

/// Part `number` in storage.
pub struct Part {
    store: HostStore,
    number: u32,
    objects: u32,
    frames: Vec<Frame>,
}

fn object_path(number: u32, object: u32) -> Path {
    Path::from(format!("parts/{number:06}-{object:06}"))
}

impl Part {
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|frame| (frame.end - frame.start) as usize).sum()
    }

    /// Reads a frame, and those after it up to `most` bytes. Returns their number, too.
    pub async fn read(&self, frame: usize, most: usize) -> Result<(Bytes, usize), EngineError> {
        let Frame { object, start, mut end } = self.frames[frame];
        let mut count = 1;
        for next in &self.frames[frame + 1..] {
            if next.object != object || (next.end - start) as usize > most {
                break;
            }
            end = next.end;
            count += 1;
        }
        let range = u64::from(start)..u64::from(end);
        let bytes = self.store.fetch(&object_path(self.number, object), &range).await?;
        match bytes.len() == (end - start) as usize {
            true => Ok((bytes, count)),
            false => Err(EngineError::internal(format!("a sorted part has lost bytes of object {object}"))),
        }
    }

    pub async fn remove(&self) -> Result<(), EngineError> {
        for object in 0..self.objects {
            self.store.delete(&object_path(self.number, object)).await?;
        }
        Ok(())
    }
}

/// Writes one part from rows in order.
pub struct PartWriter {
    part: Part,
    sizes: PartSizes,
    takes_pieces: bool,
    /// The object whose first bytes are on their way.
    upload: Option<Upload>,
    /// Bytes of the object that are on their way.
    appended: usize,
    /// The bytes after them.
    piece: Vec<u8>,
    /// Where the frame begins in the object.
    frame_start: usize,
}

impl PartWriter {
    pub fn new(store: HostStore, number: u32, sizes: PartSizes) -> Self {
        let takes_pieces = store.takes_pieces();
        let part = Part { store, number, objects: 0, frames: Vec::new() };
        let mut writer =
            Self { part, sizes, takes_pieces, upload: None, appended: 0, piece: Vec::new(), frame_start: 0 };
        writer.piece = writer.new_piece();
        writer
    }

    /// Memory for a piece, which may end with a row that is too long for it.
    fn new_piece(&self) -> Vec<u8> {
        let bytes = self.piece_bytes();
        Vec::with_capacity(bytes + bytes / 16)
    }

    fn piece_bytes(&self) -> usize {
        self.sizes.object.min(if self.takes_pieces { PIECE_BYTES } else { usize::MAX })
    }

    /// Adds a row. The caller stores the piece when `is_due` says so.
    pub fn push(&mut self, row: Row<'_>) {
        self.piece.extend_from_slice(row.bytes);
        if self.end() - self.frame_start >= self.sizes.frame {
            self.end_frame();
        }
    }

    pub fn is_due(&self) -> bool {
        self.piece.len() >= self.piece_bytes()
    }

    /// Bytes of the object so far.
    fn end(&self) -> usize {
        self.appended + self.piece.len()
    }

    fn end_frame(&mut self) {
        let (start, end) = (self.frame_start as u32, self.end() as u32);
        if end > start {
            self.part.frames.push(Frame { object: self.part.objects, start, end });
            self.frame_start = self.end();
        }
    }

    /// Whether the row is so long that it goes to storage from where it is.
    pub fn is_long(&self, row: Row<'_>) -> bool {
        self.takes_pieces && row.bytes.len() >= LONG_ROW_BYTES
    }

    pub async fn store_long(&mut self, row: Row<'_>) -> Result<(), EngineError> {
        self.append_piece().await?;
        self.upload().append(row.bytes).await?;
        self.appended += row.bytes.len();
        self.end_frame();
        self.complete_full_object().await
    }

    pub async fn store_piece(&mut self) -> Result<(), EngineError> {
        self.end_frame();
        if !self.takes_pieces {
            let path = self.path();
            let next = self.new_piece();
            let bytes = std::mem::replace(&mut self.piece, next);
            self.part.store.put(&path, PutPayload::from(bytes)).await?;
            self.begin_object();
            return Ok(());
        }
        self.append_piece().await?;
        self.complete_full_object().await
    }

    async fn append_piece(&mut self) -> Result<(), EngineError> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.piece);
        self.upload().append(&piece).await?;
        self.appended += piece.len();
        self.piece = piece;
        self.piece.clear();
        Ok(())
    }

    fn path(&self) -> Path {
        object_path(self.part.number, self.part.objects)
    }

    fn upload(&mut self) -> &mut Upload {
        let path = self.path();
        self.upload.get_or_insert_with(|| Upload::new(&self.part.store, path))
    }

    async fn complete_full_object(&mut self) -> Result<(), EngineError> {
        match self.appended >= self.sizes.object {
            true => self.complete_object().await,
            false => Ok(()),
        }
    }

    async fn complete_object(&mut self) -> Result<(), EngineError> {
        if let Some(upload) = self.upload.take() {
            upload.complete().await?;
            self.begin_object();
        }
        Ok(())
    }

    fn begin_object(&mut self) {
        self.part.objects += 1;
        self.appended = 0;
        self.frame_start = 0;
    }

    pub async fn finish(mut self) -> Result<Part, EngineError> {
        if !self.piece.is_empty() {
            self.store_piece().await?;
        }
        self.complete_object().await?;
        Ok(self.part)
    }
}
