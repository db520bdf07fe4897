import { isUint8Array } from 'node:util/types'
import type { EntryChunk, Key, KeyEncoding } from '@shardyfusion/core'
import { ChunkBuilder, encodeKey } from '@shardyfusion/core/extend'
import type { RecordBatch, Vector } from 'apache-arrow'
import { Failure } from '../util/usage-error.js'

/** The end mark of an Arrow stream: a continuation mark without a message. A killed producer does not write it. */
const END = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

const encoder = new TextEncoder()

/** Reads the rows of an Arrow IPC stream: integer, text or byte keys, and byte or text values. Errors: Failure. */
export async function* arrowRows(
  stream: AsyncIterable<Uint8Array>,
  columns: { readonly key: string; readonly value: string },
  keyEncoding: KeyEncoding,
): AsyncGenerator<EntryChunk> {
  const { RecordBatchReader } = await loadArrow()
  const reader = await RecordBatchReader.from(requireEndMark(stream))
  await reader.open()
  const builder = new ChunkBuilder()
  let row = 0
  for await (const batch of reader) {
    const keys = column(batch, columns.key)
    const values = column(batch, columns.value)
    for (let i = 0; i < batch.numRows; i++, row++) {
      const key = keys.get(i) as Key | null
      if (key === null)
        throw new Failure(`write-shard: ${columns.key} of row ${row} must be a key, got null`)
      builder.push(
        encodeKey(key, keyEncoding, `write-shard: row ${row}`),
        bytesOf(values.get(i), columns.value, row),
      )
    }
    if (builder.count > 0) yield builder.finish()
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
