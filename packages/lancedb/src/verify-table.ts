import type { Table } from '@lancedb/lancedb'
import { isErrorNamed, parsePayload, yieldIfDue } from '@shardyfusion/core/internal-vector'

const encoder = new TextEncoder()
/** Problems that are named; more would not say more. */
const MAX_NAMED = 5

/** Reads all rows of a table, and returns what a shard must not have: rows without an id, other numbers, and payloads that are not JSON. */
export async function verifyTable(
  table: Table,
  { count, dimensions }: { readonly count: number; readonly dimensions: number },
): Promise<string[]> {
  const problems: string[] = []
  let rows = 0
  for await (const batch of table.query().select(['id', 'vector', 'payload'])) {
    const [ids, vectors, payloads] = ['id', 'vector', 'payload'].map((name) => batch.getChild(name))
    for (let i = 0; i < batch.numRows; i++, rows++) {
      if (typeof ids?.get(i) !== 'string') problems.push(`row ${rows} has no id`)
      const vector = vectors?.get(i) as Iterable<number> | null
      const values = vector === null ? [] : Float32Array.from(vector)
      if (values.length !== dimensions || !values.every(Number.isFinite))
        problems.push(`the vector of row ${rows} is not ${dimensions} finite numbers`)
      const payload: unknown = payloads?.get(i)
      if (typeof payload === 'string' && !isJson(payload))
        problems.push(`the payload of row ${rows} is not JSON`)
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
    }
  }
  if (rows !== count) problems.push(`it has ${rows} rows, but says ${count}`)
  if (problems.length <= MAX_NAMED) return problems
  return [...problems.slice(0, MAX_NAMED), `${problems.length - MAX_NAMED} more problems`]
}

function isJson(text: string): boolean {
  try {
    parsePayload(encoder.encode(text))
    return true
  } catch (error) {
    if (isErrorNamed(error, 'ShardyfusionError')) return false
    throw error
  }
}
