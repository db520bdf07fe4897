import { writeSnapshot } from '@shardyfusion/core'

// A process that publishes one snapshot after the other, each of one generation only.

export interface TornJob {
  readonly prefix: string
  readonly rows: number
  readonly generations: number
}

export async function publishGeneration(
  { prefix, rows }: Omit<TornJob, 'generations'>,
  generation: number,
): Promise<void> {
  const records = Array.from({ length: rows }, (_, i) => [i, `${generation} ${i}`] as const)
  // Another number of shards each time, so that routing by the wrong manifest is noticed.
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 1 + (generation % 4) },
    values: 'utf8',
  })
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  const job = JSON.parse(process.argv[2]) as TornJob
  for (let generation = 1; generation <= job.generations; generation++) {
    await publishGeneration(job, generation)
    process.send(generation)
  }
  process.disconnect()
}
