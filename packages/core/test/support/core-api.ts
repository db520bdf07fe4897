import {
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import type { Api } from '../contract/api.js'

/** Core itself, as the contract suites take it. */
export const coreApi: Api = {
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
}
