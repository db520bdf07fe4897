import type { VectorChunk, VectorSettings } from '@shardyfusion/core/extend'
import type * as Arrow from 'apache-arrow'

/** The columns of the Python project's tables, all of which may be null. */
export function tableSchema(arrow: typeof Arrow, { dimensions }: VectorSettings): Arrow.Schema {
  const { Field, FixedSizeList, Float32, Schema, Utf8 } = arrow
  const vector = new FixedSizeList(dimensions, new Field('item', new Float32(), true))
  return new Schema([
    new Field('id', new Utf8(), true),
    new Field('vector', vector, true),
    new Field('payload', new Utf8(), true),
  ])
}

/** Copies chunks of vectors into one table of Arrow. */
export function arrowTable(
  arrow: typeof Arrow,
  schema: Arrow.Schema,
  chunks: readonly VectorChunk[],
): Arrow.Table {
  const rows = chunks.reduce((sum, { count }) => sum + count, 0)
  const { vectors, ids, payloads } = columnsOf(chunks, rows)
  const { Float32, makeData, RecordBatch, Struct, Table, Utf8 } = arrow
  const child = makeData({ type: new Float32(), length: vectors.length, data: vectors })
  const list = schema.fields[1]!.type as Arrow.FixedSizeList<Arrow.Float32>
  const children = [
    makeData({ type: new Utf8(), length: rows, ...ids.parts() }),
    makeData({ type: list, length: rows, nullCount: 0, child }),
    makeData({ type: new Utf8(), length: rows, ...payloads.parts() }),
  ]
  const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children })
  return new Table([new RecordBatch(schema, data)])
}

function columnsOf(chunks: readonly VectorChunk[], rows: number) {
  const vectors = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.vectors.length, 0))
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0) - vectors.byteLength
  const [ids, payloads] = [new TextColumn(rows, bytes), new TextColumn(rows, bytes)]
  let at = 0
  for (const chunk of chunks) {
    vectors.set(chunk.vectors, at)
    at += chunk.vectors.length
    for (let i = 0; i < chunk.count; i++) {
      // Without the letter that tells integers from text: Python stores the digits as well.
      ids.add(chunk.idBytes(i).subarray(1))
      payloads.add(chunk.payload(i))
    }
  }
  return { vectors, ids, payloads }
}

/** UTF-8 texts, or nulls, as Arrow has them. */
class TextColumn {
  readonly #offsets: Int32Array
  readonly #valid: Uint8Array
  readonly #data: Uint8Array
  #rows = 0
  #nulls = 0
  #end = 0

  constructor(rows: number, bytes: number) {
    this.#offsets = new Int32Array(rows + 1)
    this.#valid = new Uint8Array(Math.ceil(rows / 8))
    this.#data = new Uint8Array(bytes)
  }

  add(text: Uint8Array | undefined): void {
    const row = this.#rows++
    if (text === undefined) this.#nulls++
    else {
      this.#data.set(text, this.#end)
      this.#end += text.length
      this.#valid[row >> 3]! |= 1 << (row & 7)
    }
    this.#offsets[row + 1] = this.#end
  }

  parts() {
    return {
      nullCount: this.#nulls,
      nullBitmap: this.#nulls === 0 ? undefined : this.#valid,
      valueOffsets: this.#offsets,
      data: this.#data.subarray(0, this.#end),
    }
  }
}
