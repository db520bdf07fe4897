// How does the memory of a process grow with the rows and the shards it reads?
import { record } from './support/record.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

interface Work {
  readonly peakBytes: number
  readonly rows?: number
}

const SNAPSHOTS = SHORT
  ? [{ rows: 2_000, shards: 4 }]
  : [
      { rows: 100_000, shards: 8 },
      { rows: 1_000_000, shards: 8 },
      { rows: 1_000_000, shards: 64 },
    ]

for (const { rows, shards } of SNAPSHOTS) {
  await withTempDir(async ({ url }) => {
    const prefix = url('snapshot')
    console.log(`\n  ${rows.toLocaleString('en')} rows of 100 bytes in ${shards} shards`)
    const report = (memory: string, { peakBytes }: Work): void => {
      const peakMB = rounded(peakBytes / 1e6)
      console.log(`    ${memory}: ${peakMB} MB resident at most`)
      record({ memory, rows, shards, peakMB })
    }
    const count = String(rows)
    report('build', await runChild<Work>('build-child', prefix, count, String(shards), 'wasm'))
    report('scan in key order', await runChild<Work>('scan-child', prefix))
    report('get of 100,000 keys', await runChild<Work>('gets-child', prefix, count))
  })
}
