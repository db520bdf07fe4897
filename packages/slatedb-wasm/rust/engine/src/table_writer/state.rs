//! The rows of a database that is being written.

use std::sync::Arc;

use slatedb::table_writer::{Packing, TableOptions};

use super::chunk::{each_row, single_row, SingleRow};
use super::merge::Merge;
use super::output::Output;
use super::part::{Part, PartSizes, PartWriter};
use super::rows::{Row, Rows};
use super::sort::{common_bytes, Order, SORT_BYTES_PER_ROW};
use crate::error::EngineError;
use crate::settings::WriterSettings;
use crate::store::HostStore;
use crate::writer::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// Parts merged at once. When there are more, they are first merged into one.
const MAX_PARTS: usize = 64;
const LEAST_FRAME_BYTES: usize = 512;
const MAX_FRAME_BYTES: usize = 128 << 10;
/// Bytes of frames that are read at once.
const MAX_READ_BYTES: usize = 1 << 20;
const MAX_OBJECT_BYTES: usize = 4 << 20;
const LEAST_TABLE_BYTES: usize = 1 << 20;
const MAX_TABLE_BYTES: usize = 64 << 20;
const BLOCK_BYTES: usize = 4096;

/// Memory of a writer in bytes.
pub struct Limits {
    /// Rows and the memory to sort them.
    rows: usize,
    table: usize,
    sizes: PartSizes,
    parts: usize,
}

impl Limits {
    /// `seal_memory` has a table that is encoded and the copy of one that is stored.
    pub fn new(memory: usize, seal_memory: usize) -> Self {
        let frame = (memory / (2 * MAX_PARTS)).clamp(LEAST_FRAME_BYTES, MAX_FRAME_BYTES);
        Self {
            rows: memory,
            table: table_bytes(seal_memory),
            sizes: PartSizes { object: (memory / 16).clamp(frame, MAX_OBJECT_BYTES), frame },
            parts: (memory / (2 * frame)).clamp(4, MAX_PARTS),
        }
    }

    /// Bytes of frames of each part in memory, if as many parts are merged: together what those of the most parts take.
    fn frames(&self, parts: usize) -> usize {
        (self.sizes.frame * self.parts / parts.max(1)).clamp(self.sizes.frame, MAX_READ_BYTES.max(self.sizes.frame))
    }
}

/// The size of a table if two take this memory: one that is encoded and one that is stored.
pub fn table_bytes(memory: usize) -> usize {
    (memory / 2).clamp(LEAST_TABLE_BYTES, MAX_TABLE_BYTES)
}

/// How tables are encoded. Rows expire relative to now.
pub fn table_options(parsed: &WriterSettings) -> TableOptions {
    let settings = &parsed.settings;
    let now_ms = js_sys::Date::now() as i64;
    TableOptions {
        block_bytes: BLOCK_BYTES,
        packing: match parsed.sets_codec {
            true => Packing::Fixed(settings.compression_codec),
            false => Packing::WhereItPays,
        },
        filter_bits_per_key: parsed.filter_bits_per_key,
        min_filter_keys: settings.min_filter_keys,
        lifetime: settings.default_ttl.map(|ttl| (now_ms, now_ms.saturating_add_unsigned(ttl))),
    }
}

pub struct State {
    store: HostStore,
    parts_store: HostStore,
    options: TableOptions,
    limits: Limits,
    rows: Rows,
    order: Order,
    parts: Vec<Leveled>,
    next_part: u32,
    /// What all keys begin with, and whether there were any.
    common: Option<Vec<u8>>,
}

/// A part and the number of merges behind it.
struct Leveled {
    part: Arc<Part>,
    level: u32,
}

impl State {
    pub fn new(store: u32, parts: u32, parsed: &WriterSettings, mut limits: Limits) -> Self {
        if let Some(bytes) = parsed.table_bytes {
            limits.table = bytes;
        }
        Self {
            store: HostStore::writable(store),
            parts_store: HostStore::writable(parts),
            options: table_options(parsed),
            rows: Rows::new(limits.rows),
            limits,
            order: Order::default(),
            parts: Vec::new(),
            next_part: 0,
            common: None,
        }
    }

    /// Adds the rows of a chunk. A long row stays where it is.
    pub fn add(&mut self, chunk: Vec<u8>) -> Result<(), EngineError> {
        let Self { rows, common, .. } = self;
        let mut note = |content: &[u8], key_bytes: usize| -> Result<(), EngineError> {
            let key = &content[..key_bytes];
            check(key, content.len() - key_bytes)?;
            match common {
                None => *common = Some(key.to_vec()),
                Some(common) => common.truncate(common_bytes(common, key, common.len())),
            }
            Ok(())
        };
        match single_row(&chunk).filter(|row| rows.takes_over(&chunk, row.start)) {
            Some(SingleRow { start, key_bytes }) => {
                note(&chunk[start..], key_bytes)?;
                rows.take_over(chunk, start, key_bytes);
                Ok(())
            }
            None => each_row(&chunk, |content, key_bytes| {
                note(content, key_bytes)?;
                rows.push(content, key_bytes);
                Ok(())
            }),
        }
    }

    /// Whether the rows in memory have to be stored before more come.
    pub fn is_due(&self) -> bool {
        let bytes = self.rows.bytes() + self.rows.count() * SORT_BYTES_PER_ROW;
        bytes >= self.limits.rows || self.rows.is_full()
    }

    fn common(&self) -> usize {
        self.common.as_ref().map_or(0, Vec::len)
    }

    /// Stores the rows in memory as a sorted part.
    pub async fn spill(&mut self) -> Result<(), EngineError> {
        let common = self.common();
        self.order.sort(&self.rows, common);
        let mut writer = self.part_writer();
        for row in self.order.rows(&self.rows) {
            write(&mut writer, row).await?;
        }
        self.rows.clear();
        let part = Arc::new(writer.finish().await?);
        self.parts.push(Leveled { part, level: 0 });
        self.merge_levels().await
    }

    fn part_writer(&mut self) -> PartWriter {
        self.next_part += 1;
        PartWriter::new(self.parts_store.clone(), self.next_part, self.limits.sizes)
    }

    /// Merges parts of one level when there are too many of it. They are next to each other, so that later rows
    /// still replace earlier ones.
    async fn merge_levels(&mut self) -> Result<(), EngineError> {
        while let Some(last) = self.parts.last() {
            let level = last.level;
            let start = self.parts.iter().position(|part| part.level == level).expect("the last one has it");
            if self.parts.len() - start < self.limits.parts {
                return Ok(());
            }
            let merged: Vec<_> = self.parts.drain(start..).map(|leveled| leveled.part).collect();
            let mut writer = self.part_writer();
            let frames = self.limits.frames(merged.len());
            let mut merge = Merge::new(&merged, None, self.common(), frames).await?;
            // The last row with the key of the row before.
            let mut last_key: Option<Vec<u8>> = None;
            while let Some(row) = merge.row() {
                if last_key.as_deref() != Some(row.key) {
                    write(&mut writer, row).await?;
                    replace(last_key.get_or_insert_default(), row.key);
                }
                if !merge.step() {
                    merge.load().await?;
                }
            }
            let part = Arc::new(writer.finish().await?);
            self.parts.push(Leveled { part, level: level + 1 });
            for part in merged {
                part.remove().await?;
            }
        }
        Ok(())
    }

    /// Stores tables and manifest. Returns the number of rows.
    pub async fn seal(mut self) -> Result<u64, EngineError> {
        let common = self.common();
        self.order.sort(&self.rows, common);
        let mut output = Output::new(self.store.clone(), self.options.clone(), self.limits.table);
        output.expect(self.rows.bytes() + self.parts.iter().map(|leveled| leveled.part.bytes()).sum::<usize>());
        if self.parts.is_empty() {
            for row in self.order.rows(&self.rows) {
                add(&mut output, row).await?;
            }
        } else {
            self.merge_into(&mut output, common).await?;
        }
        self.rows.release();
        self.order.release();
        let rows = output.finish().await?;
        for Leveled { part, .. } in self.parts {
            part.remove().await?;
        }
        Ok(rows)
    }

    async fn merge_into(&self, output: &mut Output, common: usize) -> Result<(), EngineError> {
        let parts: Vec<_> = self.parts.iter().map(|leveled| Arc::clone(&leveled.part)).collect();
        let memory = Some((&self.rows, &self.order));
        let mut merge = Merge::new(&parts, memory, common, self.limits.frames(parts.len())).await?;
        let mut last_key: Option<Vec<u8>> = None;
        while let Some(row) = merge.row() {
            if last_key.as_deref() != Some(row.key) {
                replace(last_key.get_or_insert_default(), row.key);
                add(output, row).await?;
            }
            if !merge.step() {
                merge.load().await?;
            }
        }
        Ok(())
    }
}

async fn write(writer: &mut PartWriter, row: Row<'_>) -> Result<(), EngineError> {
    if writer.is_long(row) {
        return writer.store_long(row).await;
    }
    writer.push(row);
    match writer.is_due() {
        true => writer.store_piece().await,
        false => Ok(()),
    }
}

async fn add(output: &mut Output, row: Row<'_>) -> Result<(), EngineError> {
    output.push(row)?;
    match output.is_due() {
        true => output.store_due().await,
        false => Ok(()),
    }
}

fn replace(target: &mut Vec<u8>, key: &[u8]) {
    target.clear();
    target.extend_from_slice(key);
}

pub fn check(key: &[u8], value_bytes: usize) -> Result<(), EngineError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        let length = key.len();
        return Err(EngineError::invalid(format!("write: a key takes 1 to {MAX_KEY_BYTES} bytes, not {length}")));
    }
    if value_bytes > MAX_VALUE_BYTES {
        return Err(EngineError::too_large(format!(
            "write: a value takes up to {MAX_VALUE_BYTES} bytes, not {value_bytes}"
        )));
    }
    Ok(())
}
