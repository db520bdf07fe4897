import type { EntryChunk } from '@shardyfusion/core'
import type { SnapshotPlan } from '@shardyfusion/core/tasks'
import { rowSourceOptions } from '../build/row-flags.js'
import { FailOnBadRow } from '../input/bad-row.js'
import type { Row } from '../input/row.js'
import { openRowSource } from '../input/row-source.js'
import { loadTasks } from '../session/library.js'
import { UsageError } from '../util/usage-error.js'
import type { WriteShardFlags } from './task-flags.js'

const CHUNK_BYTES = 256 * 1024

/** Reads the rows of one shard from stdin, as chunks. Errors: UsageError; those of the input. */
export async function shardRows(
  plan: SnapshotPlan,
  flags: WriteShardFlags,
): Promise<AsyncIterable<EntryChunk>> {
  const { from = 'frames', key, value } = flags
  if (from === 'frames') {
    if (key !== undefined || value !== undefined)
      throw new UsageError('write-shard: --key and --value need --from arrow or ndjson')
    const { readEntryFrames } = await loadTasks()
    return readEntryFrames(process.stdin, 'write-shard')
  }
  if (from === 'arrow') {
    const { arrowRows } = await import('./arrow-rows.js')
    return arrowRows(
      process.stdin,
      { key: key ?? 'key', value: value ?? 'value' },
      plan.keyEncoding,
    )
  }
  const options = rowSourceOptions(
    ['-'],
    { ...flags, from, keyEncoding: plan.keyEncoding, header: true, progress: false },
    new FailOnBadRow(),
  )
  return packed(openRowSource(options).batches(), plan.keyEncoding)
}

async function* packed(
  batches: AsyncIterable<readonly Row[]>,
  keyEncoding: SnapshotPlan['keyEncoding'],
): AsyncGenerator<EntryChunk> {
  const { ChunkBuilder, encodeKey } = await import('@shardyfusion/core/extend')
  const builder = new ChunkBuilder()
  for await (const rows of batches) {
    for (const row of rows) builder.push(encodeKey(row.key, keyEncoding, 'write-shard'), row.value)
    if (builder.bytes >= CHUNK_BYTES) yield builder.finish()
  }
  if (builder.count > 0) yield builder.finish()
}
