// Builds from newline-delimited JSON on stdin with only the library: <prefix> <shards>
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { writeSnapshot } from '@shardyfusion/core'

const [prefix, shards] = process.argv.slice(2)
assert.ok(prefix !== undefined && shards !== undefined)

async function* rows(): AsyncGenerator<{ id: number; line: string }> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of lines) yield { id: (JSON.parse(line) as { id: number }).id, line }
}

await writeSnapshot(rows(), {
  prefix,
  sharding: { shards: Number(shards) },
  key: 'id',
  value: 'line',
  values: 'utf8',
})
