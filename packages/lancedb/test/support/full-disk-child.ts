// Reads or writes a shard where no file may be large; prints the error, and what it left in the folder.
import { readdir } from 'node:fs/promises'
import { isShardyfusionError, MemoryStore } from '@shardyfusion/core'
import { lancedb } from '@shardyfusion/lancedb'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
import { goldenInMemory } from './golden.js'
import { vectorsOf } from './vectors.js'

const [work, temporaryFolder] = process.argv.slice(2)
const engine = lancedb({ temporaryFolder })
try {
  if (work === 'read') await read()
  else await write()
  console.log('no error')
} catch (error) {
  console.log(isShardyfusionError(error) ? `${error.code}: ${error.message}` : String(error))
}
console.log(`left: ${(await readdir(temporaryFolder!)).join(', ')}`)

async function read(): Promise<void> {
  const place = await goldenInMemory('lv-indexed-cosine-none')
  await using reader = await VectorReader.open({ ...place, engine })
  await reader.search(
    Array.from({ length: reader.info().dimensions }, () => 1),
    { probes: 'all' },
  )
}

async function write(): Promise<void> {
  const vectors = vectorsOf(4000, 8, 1)
  await writeVectors(
    vectors.map((vector, id) => ({ id, vector })),
    {
      prefix: 'memory://full/x',
      objects: new MemoryStore(),
      dimensions: 8,
      sharding: { explicit: 1 },
      shard: () => 0,
      engine,
    },
  )
}
