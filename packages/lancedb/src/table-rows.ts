import type { Table } from '@lancedb/lancedb'
import type { VectorId } from '@shardyfusion/core'
import type { VectorRows, VectorSample } from '@shardyfusion/core/extend'
import { damagedDataset } from './dataset-error.js'

/** Ids in one condition: more make it slow to parse. */
const IDS_PER_QUERY = 256
const encoder = new TextEncoder()

/** Reads ids and payloads of rows by LanceDB's numbers of them, in the order asked. */
export async function readRows(table: Table, rows: Float64Array, url: string): Promise<VectorRows> {
  if (rows.length === 0) return { ids: [], payloads: [] }
  const numbers = Array.from(new Set(rows), (row) => BigInt(row))
  const columns = ['id', 'payload']
  const found = await table.takeRowIds(numbers).select(columns).withRowId().toArrow()
  const places = new Map<number, number>()
  const own = found.getChild('_rowid')
  for (let i = 0; i < found.numRows; i++) places.set(Number(own?.get(i)), i)
  const ids = found.getChild('id')
  const payloads = found.getChild('payload')
  const out = { ids: [] as VectorId[], payloads: [] as (Uint8Array | undefined)[] }
  for (const row of rows) {
    const at = places.get(row)
    const id: unknown = at === undefined ? undefined : ids?.get(at)
    if (typeof id !== 'string') throw damagedDataset(url, `row ${row} must have an id`)
    const payload: unknown = payloads?.get(at!)
    out.ids.push(id)
    out.payloads.push(typeof payload === 'string' ? encoder.encode(payload) : undefined)
  }
  return out
}

/** Reads some vectors with their ids, spread over the table. */
export async function readSample(
  table: Table,
  wanted: number,
  rows: number,
): Promise<VectorSample> {
  const count = Math.min(wanted, rows)
  if (count === 0) return { ids: [], vectors: [] }
  const offsets = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count))
  const found = await table.takeOffsets(offsets).select(['id', 'vector']).toArrow()
  const [ids, vectors] = [found.getChild('id'), found.getChild('vector')]
  const numbers = Array.from({ length: found.numRows }, (_, i) => i)
  return {
    ids: numbers.map((i) => ids?.get(i) as string),
    vectors: numbers.map((i) => Float32Array.from(vectors?.get(i) as Iterable<number>)),
  }
}

/** Reads the first vector of each id; integers are stored as their digits. */
export async function readVectorsById(
  table: Table,
  ids: readonly VectorId[],
): Promise<(Float32Array | undefined)[]> {
  const texts = ids.map(String)
  const wanted = [...new Set(texts)]
  const first = new Map<string, { row: number; vector: Float32Array }>()
  for (let start = 0; start < wanted.length; start += IDS_PER_QUERY) {
    const list = wanted
      .slice(start, start + IDS_PER_QUERY)
      .map(quoted)
      .join(', ')
    const query = table.query().where(`id IN (${list})`).select(['id', 'vector']).withRowId()
    for await (const batch of query) {
      const [own, names, vectors] = ['_rowid', 'id', 'vector'].map((name) => batch.getChild(name))
      for (let i = 0; i < batch.numRows; i++) {
        const [row, id] = [Number(own?.get(i)), names?.get(i) as string]
        if ((first.get(id)?.row ?? Infinity) <= row) continue
        const vector: unknown = vectors?.get(i)
        first.set(id, { row, vector: Float32Array.from(vector as Iterable<number>) })
      }
    }
  }
  return texts.map((id) => first.get(id)?.vector)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
