import { writeSnapshot } from '@shardyfusion/core'

// A process that builds a sorted snapshot from more rows than fit into memory, and never gets to the last one.

const [prefix, folder, spoolDirectory, workers] = process.argv.slice(2)

async function* rows(): AsyncGenerator<[number, Uint8Array]> {
  for (let i = 0; i < 40_000; i++) yield [(i * 7919) % 1_000_003, new Uint8Array(200).fill(i)]
  process.send!('full')
  await new Promise(() => {})
}

// Run as a program only by its parent, which has a channel to it.
if (process.send !== undefined) {
  // Something for the event loop to wait for.
  setInterval(() => {}, 1000)
  await writeSnapshot(rows(), {
    prefix: prefix!,
    sharding: { shards: 2 },
    sort: { memoryBytes: 1024 * 1024, folder: folder! },
    retry: {},
    spoolDirectory: spoolDirectory!,
    ...(workers === '0' ? {} : { workers: Number(workers) }),
  })
}
