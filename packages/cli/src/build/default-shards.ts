/** Shards of a build without `--shards`. In a file of its own: help must not load the code of builds. */
export const DEFAULT_SHARDS = 8
