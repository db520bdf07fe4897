import { isUint8Array } from 'node:util/types'
import type { EntryChunk, Key } from '@shardyfusion/core'
import { ChunkBuilder, encodeKey, type VectorChunk } from '@shardyfusion/core/extend'
import { VectorChunkBuilder, vectorRow } from '@shardyfusion/core/internal'
import type { SnapshotPlan } from '@shardyfusion/core/tasks'
import { arrowRecords } from '@shardyfusion/input'
import { BadRow } from '../input/bad-row.js'
import { VectorColumn } from '../input/vector-column.js'
import { Failure } from '../util/usage-error.js'

const encoder = new TextEncoder()

/** The columns of the rows. */
export interface ArrowColumns {
  readonly key: string
  readonly value: string
  /** By default `vector`, if the plan has vectors. */
  readonly vector: string | undefined
  readonly payload: readonly string[] | undefined
}

/**
 * Reads the rows of an Arrow IPC stream: integer, text or byte keys, and byte or text values.
 *
 * Errors: Failure; those of `arrowRecords`.
 */
export async function* arrowRows(
  stream: AsyncIterable<Uint8Array>,
  columns: ArrowColumns,
  { keyEncoding, vector: settings }: Pick<SnapshotPlan, 'keyEncoding' | 'vector'>,
): AsyncGenerator<EntryChunk | VectorChunk> {
  const builder = new ChunkBuilder()
  const vectors = settings && new VectorChunkBuilder(settings.dimensions)
  const reads =
    settings &&
    new VectorColumn({
      column: columns.vector ?? 'vector',
      ...settings,
      idColumn: undefined,
      payloadColumns: columns.payload ?? [],
    })
  const names = [...new Set([columns.key, columns.value, ...(reads?.names ?? [])])]
  let row = 0
  for await (const records of arrowRecords(stream, { columns: names }).batches()) {
    for (const record of records) {
      const where = `write-shard: row ${row}`
      const key = record[columns.key] as Key | null
      if (key === null)
        throw new Failure(`write-shard: ${columns.key} of row ${row} must be a key, got null`)
      builder.push(
        encodeKey(key, keyEncoding, where),
        bytesOf(record[columns.value], columns.value, row),
      )
      const found = reads && inRow(row, () => reads.read((name) => record[name]))
      if (found !== undefined) {
        const { id, vector, payload } = vectorRow(found, key, settings!, where)
        vectors!.push(id, vector, payload)
      }
      row++
    }
    if (builder.count > 0) yield builder.finish()
    if (vectors !== undefined && vectors.count > 0) yield vectors.finish()
  }
}

/** Names the row in the message of a bad one. */
function inRow<T>(row: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    throw new Failure(`write-shard: row ${row}: ${error.message}`, { cause: error })
  }
}

function bytesOf(value: unknown, name: string, row: number): Uint8Array {
  if (isUint8Array(value)) return value
  if (typeof value === 'string') return encoder.encode(value)
  throw new Failure(
    `write-shard: ${name} of row ${row} must be bytes or text, got ${value === null ? 'null' : typeof value}`,
  )
}
