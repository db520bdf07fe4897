import { isUint8Array } from 'node:util/types'
import type { EntryChunk, Key, RowVector } from '@shardyfusion/core'
import { ChunkBuilder, encodeKey, type VectorChunk } from '@shardyfusion/core/extend'
import { VectorChunkBuilder, vectorRow } from '@shardyfusion/core/internal'
import type { SnapshotPlan } from '@shardyfusion/core/tasks'
import type { RecordBatch, Vector } from 'apache-arrow'
import { BadRow } from '../input/bad-row.js'
import { VectorColumn } from '../input/vector-column.js'
import { Failure } from '../util/usage-error.js'

/** The end mark of an Arrow stream: a continuation mark without a message. A killed producer does not write it. */
const END = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

const encoder = new TextEncoder()

/** Reads the rows of an Arrow IPC stream: integer, text or byte keys, and byte or text values. Errors: Failure. */
export async function* arrowRows(
  stream: AsyncIterable<Uint8Array>,
  columns: {
    readonly key: string
    readonly value: string
    /** By default `vector`, if the plan has vectors. */
    readonly vector: string | undefined
    readonly payload: readonly string[] | undefined
  },
  { keyEncoding, vector: settings }: Pick<SnapshotPlan, 'keyEncoding' | 'vector'>,
): AsyncGenerator<EntryChunk | VectorChunk> {
  const { RecordBatchReader } = await loadArrow()
  const reader = await RecordBatchReader.from(requireEndMark(stream))
  await reader.open()
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
  let row = 0
  for await (const batch of reader) {
    const keys = column(batch, columns.key)
    const values = column(batch, columns.value)
    const named = new Map(reads?.names.map((name) => [name, column(batch, name)]))
    for (let i = 0; i < batch.numRows; i++, row++) {
      const key = keys.get(i) as Key | null
      if (key === null)
        throw new Failure(`write-shard: ${columns.key} of row ${row} must be a key, got null`)
      builder.push(
        encodeKey(key, keyEncoding, `write-shard: row ${row}`),
        bytesOf(values.get(i), columns.value, row),
      )
      const found = reads && vectorOf(reads, named, i, row)
      if (found === undefined) continue
      const checked = vectorRow(found, key, settings!, `write-shard: row ${row}`)
      vectors!.push(checked.id, checked.vector, checked.payload)
    }
    if (builder.count > 0) yield builder.finish()
    if (vectors !== undefined && vectors.count > 0) yield vectors.finish()
  }
}

/** Lists of Arrow are vectors of it; `toArray` gives their numbers. */
function vectorOf(
  reads: VectorColumn,
  columns: ReadonlyMap<string, Vector>,
  i: number,
  row: number,
): RowVector | undefined {
  try {
    return reads.read((name) => {
      const value: unknown = columns.get(name)!.get(i)
      const list = value as { toArray?: () => unknown } | null
      return typeof list?.toArray === 'function' ? list.toArray() : value
    })
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    throw new Failure(`write-shard: row ${row}: ${error.message}`, { cause: error })
  }
}

async function loadArrow() {
  try {
    return await import('apache-arrow')
  } catch (cause) {
    throw new Failure(
      'write-shard: --from arrow needs the package apache-arrow; run npm install apache-arrow, or use --from frames',
      { cause },
    )
  }
}

function column(batch: RecordBatch, name: string): Vector {
  const found = batch.getChild(name)
  if (found !== null) return found
  const names = batch.schema.fields.map((field) => field.name).join(', ')
  throw new Failure(
    `write-shard: the column "${name}" does not exist; the columns are: ${names}; select one with --key or --value`,
  )
}

function bytesOf(value: unknown, name: string, row: number): Uint8Array {
  if (isUint8Array(value)) return value
  if (typeof value === 'string') return encoder.encode(value)
  throw new Failure(
    `write-shard: ${name} of row ${row} must be bytes or text, got ${value === null ? 'null' : typeof value}`,
  )
}

async function* requireEndMark(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last: Buffer = Buffer.alloc(0)
  for await (const piece of stream) {
    last = Buffer.concat([last, piece.subarray(-END.length)]).subarray(-END.length)
    yield piece
  }
  if (!last.equals(END)) {
    throw new Failure(
      'write-shard: the Arrow stream has no end mark; check whether its producer was killed',
    )
  }
}
