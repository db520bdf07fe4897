// How long does a sealed shard take to open, and what does the way it was sealed leave on storage?
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildShard, describeRows, ROWS } from './support/data.js'
import { type DiskUsage, diskUsage } from './support/disk-usage.js'
import { sealByLog } from './support/log-shard.js'
import { record } from './support/record.js'
import { VALUE_BYTES } from './support/rows.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

const ROUNDS = SHORT ? 1 : 9

interface Opened {
  readonly valueBytes: number
  readonly openMs: number
  readonly getMs: number
  readonly residentBytes: number
}

await withTempDir(async ({ path, url }) => {
  const ways = [
    { name: 'in tables, without a log (ShardWriter)', folder: 'tables', seal: buildShard },
    { name: 'by a flush of the log (as the Python project)', folder: 'log', seal: sealByLog },
  ]
  const disk: DiskUsage[] = []
  for (const { folder, seal } of ways) {
    await seal(url(folder), ROWS)
    // Before any reader has left its mark in the manifest.
    disk.push(await diskUsage(join(path, folder)))
  }

  const opened = ways.map(() => [] as Opened[])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { name, folder }] of ways.entries()) {
      const key = String((round * 7_919) % ROWS)
      const result = await runChild<Opened>('open-child', url(folder), key, url('other'))
      assert.equal(result.valueBytes, VALUE_BYTES, `${name}: key ${key}`)
      opened[i]!.push(result)
      rmSync(join(path, 'other'), { recursive: true, force: true })
    }
  }

  const title = `opening a sealed shard in a new process, first get: ${describeRows()}`
  const results = ways.map(({ name }, i) => ({
    name,
    openMs: rounded(median(opened[i]!.map(({ openMs }) => openMs))),
    firstGetMs: rounded(median(opened[i]!.map(({ getMs }) => getMs))),
    openOfFirst: rounded(median(opened[i]!.map((one, n) => one.openMs / opened[0]![n]!.openMs))),
    residentMB: rounded(median(opened[i]!.map(({ residentBytes }) => residentBytes / 1e6))),
    onStorage: disk[i]!,
  }))
  console.log(`\n  ${title}`)
  for (const { name, openMs, openOfFirst, firstGetMs, residentMB, onStorage } of results) {
    console.log(
      `    sealed ${name}\n      open ${openMs} ms (${openOfFirst} times the first), get ${firstGetMs} ms, ` +
        `${residentMB} MB of memory; on storage ${onStorage.files} files, ${(onStorage.bytes / 1e6).toFixed(1)} MB`,
    )
  }
  record({ title, rounds: ROUNDS, results })
})
