/** Shards of one snapshot at most: what readers, with their default limits, take from a manifest. */
export const MAX_MANIFEST_SHARDS = 100_000
