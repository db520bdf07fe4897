import { fileURLToPath } from 'node:url'
import { SnapshotReader } from '@shardyfusion/core'

// Run as a program: reads a snapshot through a cache in random order, over and over, and prints a
// line for each round. A wrong value ends it with an error.

export const KEYS = 20_000

export function valueOf(key: number): string {
  return `value ${key} `.repeat(20)
}

async function readRound(prefix: string, folder: string): Promise<void> {
  const reader = await SnapshotReader.open({
    prefix,
    cache: { folder, maxBytes: 2 * 1024 * 1024 },
    values: 'utf8',
    valueCacheBytes: 0,
  })
  for (let i = 0; i < 300; i++) {
    const key = Math.floor(Math.random() * KEYS)
    const value = await reader.get(key)
    if (value !== valueOf(key)) throw new Error(`key ${key}: ${value}`)
  }
  const { cache } = reader.health()
  await reader.close()
  process.stdout.write(`${JSON.stringify(cache)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , prefix = '', folder = '', rounds = '1'] = process.argv
  for (let round = 0; round < Number(rounds); round++) await readRound(prefix, folder)
}
