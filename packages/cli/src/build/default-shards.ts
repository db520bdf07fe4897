/** Shards of a build without `--shards`. A separate file, because help must not load the code of builds. */
export const DEFAULT_SHARDS = 8
