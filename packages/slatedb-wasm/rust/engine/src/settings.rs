//! Settings as JSON, on defaults for a database that is written once.

use serde_json::{json, Map, Value};
use slatedb::config::Settings;

use crate::error::EngineError;

/// The settings of a writer.
pub struct WriterSettings {
    pub settings: Settings,
    pub filter_bits_per_key: u32,
    /// Whether a codec, or none, was set.
    pub sets_codec: bool,
    /// The size of a table, if it was set.
    pub table_bytes: Option<usize>,
}

/// The default bits per key of SlateDB's bloom filter.
const FILTER_BITS_PER_KEY: u64 = 10;

// No log, because an unfinished database is not read. No compactor and no garbage collector, because they would run
// during the build. No limit on tables, because without a compactor it would block the writer. Two unfinished tables fit
// into the memory of an instance.
fn defaults() -> Map<String, Value> {
    let Value::Object(defaults) = json!({
        "wal_enabled": false,
        "flush_interval": null,
        "manifest_poll_interval": "1h",
        "compactor_options": null,
        "garbage_collector_options": null,
        "l0_sst_size_bytes": 32 << 20,
        "l0_max_ssts": 1_000_000,
        "l0_max_ssts_per_key": 1_000_000,
        "max_unflushed_bytes": 64 << 20,
    }) else {
        unreachable!("json! of braces is an object")
    };
    defaults
}

pub fn parse(overrides: &str, max_retries: u32) -> Result<WriterSettings, EngineError> {
    let invalid = |what: String| EngineError::invalid(format!("openWriter: settings: {what}"));
    let mut overrides: Map<String, Value> =
        serde_json::from_str(overrides).map_err(|error| invalid(error.to_string()))?;
    let filter_bits = overrides.remove("filter_bits_per_key").unwrap_or(FILTER_BITS_PER_KEY.into());
    let filter_bits_per_key = filter_bits
        .as_u64()
        .and_then(|bits| u32::try_from(bits).ok())
        .filter(|bits| *bits > 0)
        .ok_or_else(|| invalid(format!("filter_bits_per_key: expected bits, got {filter_bits}")))?;

    let sets_codec = overrides.contains_key("compression_codec");
    let sets_table_bytes = overrides.contains_key("l0_sst_size_bytes");

    let Ok(Value::Object(mut merged)) = serde_json::to_value(Settings::default()) else {
        return Err(EngineError::internal("SlateDB's own settings are no JSON object"));
    };
    merged.extend(defaults());
    merged.insert("object_store_max_retries".to_string(), max_retries.into());
    for (name, value) in overrides {
        match name.split_once('.') {
            None => set(&mut merged, &name, value),
            Some((section, name)) => merged
                .get_mut(section)
                .and_then(Value::as_object_mut)
                .and_then(|section| set(section, name, value)),
        }
        .ok_or_else(|| invalid(format!("\"{name}\" is none of SlateDB 0.15's")))?;
    }
    let settings: Settings =
        serde_json::from_value(Value::Object(merged)).map_err(|error| invalid(error.to_string()))?;
    let table_bytes = sets_table_bytes.then_some(settings.l0_sst_size_bytes);
    Ok(WriterSettings { settings, filter_bits_per_key, sets_codec, table_bytes })
}

fn set(section: &mut Map<String, Value>, name: &str, value: Value) -> Option<()> {
    *section.get_mut(name)? = value;
    Some(())
}
