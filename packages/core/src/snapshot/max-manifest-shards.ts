/** Maximum number of shards of one snapshot: the default limit of readers for a manifest. */
export const MAX_MANIFEST_SHARDS = 100_000
