//! The manifest of a complete database.

use std::sync::Arc;

use bytes::Bytes;
use slatedb_txn_obj::ObjectCodec;

use super::SEQ;
use crate::db_state::{SsTableHandle, SsTableView};
use crate::flatbuffer_types::FlatBufferManifestCodec;
use crate::manifest::{LsmTreeState, ManifestCore};

pub struct Manifest {
    pub path: &'static str,
    pub bytes: Bytes,
}

/// The first manifest of a database of these tables, which are in key order and do not overlap.
///
/// They are tables of level 0, not one sorted run: until 0.15, SlateDB reads the tables of a run in ascending order even
/// for a descending scan, so its rows come in a wrong order. Readers of this package treat tables that do not overlap as
/// a run.
pub fn manifest(tables: Vec<SsTableHandle>) -> Manifest {
    let mut core = ManifestCore::new();
    if !tables.is_empty() {
        core.last_l0_seq = SEQ;
    }
    // Level 0 begins with the newest table, which has the largest id.
    let l0 = tables.into_iter().rev().map(SsTableView::identity).collect();
    core.tree = Arc::new(LsmTreeState { l0, ..LsmTreeState::default() });
    let manifest = crate::manifest::Manifest::initial(core);
    Manifest { path: "manifest/00000000000000000001.manifest", bytes: FlatBufferManifestCodec {}.encode(&manifest) }
}
