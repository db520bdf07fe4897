//! Takes rows in key order, and stores tables as they fill.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use slatedb::manifest::SsTableHandle;
use slatedb::table_writer::{manifest, table_path, TableEncoder, TableOptions};
use slatedb::tables::StoredBlock;
use tokio::sync::oneshot;
use ulid::Ulid;

use super::rows::Row;
use super::upload::{Upload, PIECE_BYTES};
use crate::error::EngineError;
use crate::executor;
use crate::store::HostStore;

type Storing = oneshot::Receiver<Result<(), EngineError>>;

pub struct Output {
    store: HostStore,
    encoder: TableEncoder,
    table_bytes: usize,
    /// The id of the next table. The ids of a writer follow each other.
    next_id: Ulid,
    /// The previous table, while it is stored.
    storing: Option<Storing>,
    takes_pieces: bool,
    /// The next table, if its first blocks are already on their way.
    upload: Option<Upload>,
    tables: Vec<SsTableHandle>,
    rows: u64,
    /// Estimate of the bytes of all rows that follow.
    expected_bytes: usize,
}

impl Output {
    /// Tables are stored at `table_bytes`.
    pub fn new(store: HostStore, options: TableOptions, table_bytes: usize) -> Self {
        // Its first part is random, so it differs from those of other writers.
        let first_id = Ulid::from_parts(js_sys::Date::now() as u64, uuid::Uuid::new_v4().as_u128());
        let encoder = TableEncoder::new(options);
        Self {
            takes_pieces: store.takes_pieces(),
            store,
            encoder,
            table_bytes,
            next_id: first_id,
            storing: None,
            upload: None,
            tables: Vec::new(),
            rows: 0,
            expected_bytes: 0,
        }
    }

    /// Makes room for a table, so that it does not move while it grows. Its index comes on top of its size.
    pub fn expect(&mut self, bytes: usize) {
        self.expected_bytes = bytes;
        let table_bytes = self.table_bytes.min(bytes);
        // One piece is complete before a row that may be long; the room for one of usual length is little.
        let most = if self.takes_pieces { PIECE_BYTES } else { usize::MAX };
        let room = (table_bytes + table_bytes / 16).min(most);
        self.encoder.reserve(room + (16 << 10));
    }

    pub fn push(&mut self, row: Row<'_>) -> Result<(), EngineError> {
        self.push_new(row.content, row.key.len())
    }

    /// The end of every row.
    pub fn row_end(&self) -> Vec<u8> {
        self.encoder.row_end()
    }

    /// Adds the rows of an old block: the block itself if that is possible, which `is_touched` rules out. Otherwise the
    /// caller adds the rows.
    pub fn take_over(&mut self, block: &StoredBlock, is_touched: bool) -> Result<bool, EngineError> {
        self.encoder.end_full_block()?;
        if is_touched || !self.encoder.takes_over(block) {
            return Ok(false);
        }
        self.rows += block.rows();
        self.encoder.push_block(block)?;
        Ok(true)
    }

    /// Adds a row of an old block, as key and value.
    pub fn push_old(&mut self, content: &[u8], key_bytes: usize) -> Result<(), EngineError> {
        self.rows += 1;
        Ok(self.encoder.push_old(content, key_bytes)?)
    }

    /// Adds a new row, as key and value.
    pub fn push_new(&mut self, content: &[u8], key_bytes: usize) -> Result<(), EngineError> {
        self.rows += 1;
        Ok(self.encoder.push(content, key_bytes)?)
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether something has to be stored before more rows come.
    pub fn is_due(&self) -> bool {
        self.is_full() || (self.takes_pieces && self.encoder.complete_bytes() >= PIECE_BYTES)
    }

    fn is_full(&self) -> bool {
        self.encoder.bytes() >= self.table_bytes
    }

    /// Stores what is due: a table that is full, or a piece of one.
    pub async fn store_due(&mut self) -> Result<(), EngineError> {
        match self.is_full() {
            true => self.store_table().await,
            false => self.store_piece().await,
        }
    }

    async fn store_piece(&mut self) -> Result<(), EngineError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload::new(&self.store, table_path(self.next_id))),
        };
        upload.append(self.encoder.complete()).await?;
        self.encoder.drop_complete();
        Ok(())
    }

    /// Encodes the table and begins to store it, after the one before is stored.
    async fn store_table(&mut self) -> Result<(), EngineError> {
        if self.encoder.is_empty() {
            return Ok(());
        }
        let id = self.next_id;
        self.next_id = Ulid(id.0.wrapping_add(1));
        let table = self.encoder.finish(id).await?;
        self.tables.push(table.handle);
        self.stored().await?;
        let (sender, storing) = oneshot::channel();
        let (store, begun) = (self.store.clone(), self.upload.take());
        executor::spawn(async move {
            let stored = match begun {
                None => store.put(&table.path, PutPayload::from(table.bytes)).await.map(|_| ()).map_err(EngineError::from),
                Some(upload) => store_rest(upload, table.bytes).await,
            };
            let _ = sender.send(stored);
        });
        self.storing = Some(storing);
        self.expect(self.expected_bytes.saturating_sub(self.table_bytes));
        // The upload begins while the next table is encoded.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn stored(&mut self) -> Result<(), EngineError> {
        match self.storing.take() {
            Some(storing) => storing.await.expect("an upload reports how it ended"),
            None => Ok(()),
        }
    }

    /// Stores the last table, then the manifest. Returns the number of rows.
    pub async fn finish(mut self) -> Result<u64, EngineError> {
        self.store_table().await?;
        self.stored().await?;
        let manifest = manifest(self.tables);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let stored =
            self.store.put_opts(&Path::from(manifest.path), PutPayload::from(manifest.bytes), options).await;
        match stored {
            Ok(_) => Ok(self.rows),
            Err(object_store::Error::AlreadyExists { .. }) => Err(EngineError::fenced(
                "seal: there is a database already, or another writer has sealed it first",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// Adds the end of a table and completes it.
async fn store_rest(mut upload: Upload, bytes: Vec<u8>) -> Result<(), EngineError> {
    upload.append(&bytes).await?;
    drop(bytes);
    upload.complete().await
}
