// For the other packages of this repository only: it changes without notice. The readers without the
// code of builds and updates, for the command line and the threads of the sync package, which must load fast.
export { ShardyfusionError } from './errors.js'
export { openSnapshot } from './read/session/snapshot-state.js'
export { ShardReader } from './read/shard-reader.js'
export { SnapshotReader } from './read/snapshot-reader.js'
