import type { EntryChunk } from '@shardyfusion/core'
import type { VectorChunk } from '@shardyfusion/core/extend'
import type { SnapshotPlan } from '@shardyfusion/core/tasks'
import { rowSourceOptions } from '../build/row-flags.js'
import { FailOnBadRow } from '../input/bad-row.js'
import { withoutCall } from '../input/columnar/columnar-input.js'
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
): Promise<AsyncIterable<EntryChunk | VectorChunk>> {
  const { vector, keyEncoding } = plan
  if (vector === undefined && flags.vectorColumn !== undefined)
    throw new UsageError('write-shard: --vector-column needs a plan with --dimensions')
  const { from = 'frames', key, value } = flags
  if (from === 'frames') {
    if (key !== undefined || value !== undefined)
      throw new UsageError('write-shard: --key and --value need --from arrow or ndjson')
    const { readEntryFrames, readVectorFrames } = await loadTasks()
    if (vector === undefined) return readEntryFrames(process.stdin, 'write-shard')
    const vectors = { dimensions: vector.dimensions, keyEncoding }
    return readVectorFrames(process.stdin, vectors, 'write-shard')
  }
  if (from === 'arrow') {
    const { arrowRows } = await import('./arrow-rows.js')
    const columns = {
      key: key ?? 'key',
      value: value ?? 'value',
      vector: flags.vectorColumn,
      payload: flags.payload,
    }
    return namingTheCommand(arrowRows(process.stdin, columns, plan))
  }
  const options = rowSourceOptions(
    ['-'],
    { ...flags, ...vector, from, keyEncoding, header: true, progress: false },
    new FailOnBadRow(),
  )
  return packed(openRowSource(options).batches(), plan)
}

async function* packed(
  batches: AsyncIterable<readonly Row[]>,
  { keyEncoding, vector: settings }: SnapshotPlan,
): AsyncGenerator<EntryChunk | VectorChunk> {
  const { ChunkBuilder, encodeKey } = await import('@shardyfusion/core/extend')
  const { VectorChunkBuilder, vectorRow } = await import('@shardyfusion/core/internal')
  const builder = new ChunkBuilder()
  const vectors = settings && new VectorChunkBuilder(settings.dimensions)
  for await (const rows of batches) {
    for (const row of rows) {
      builder.push(encodeKey(row.key, keyEncoding, 'write-shard'), row.value)
      if (vectors === undefined || row.vector === undefined) continue
      const { id, vector, payload } = vectorRow(row.vector, row.key, settings!, 'write-shard')
      vectors.push(id, vector, payload)
    }
    if (builder.bytes >= CHUNK_BYTES) yield builder.finish()
    if (vectors !== undefined && vectors.bytes >= CHUNK_BYTES) yield vectors.finish()
  }
  if (builder.count > 0) yield builder.finish()
  if (vectors !== undefined && vectors.count > 0) yield vectors.finish()
}

/** Users of the command do not know the call that reads Arrow. */
async function* namingTheCommand<T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* rows
  } catch (error) {
    throw withoutCall(error, 'write-shard: --from arrow: ')
  }
}
