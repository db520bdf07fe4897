// How long does a sealed shard take to open, and how many bytes does each way of sealing store?
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildShard, describeRows, ENGINES, ROWS } from './support/data.js'
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
  const seals = [
    { sealed: 'in tables, without a log (ours)', folder: 'tables', seal: buildShard },
    { sealed: 'by a flush of the log (the Python project)', folder: 'log', seal: sealByLog },
  ]
  const disk = new Map<string, DiskUsage>()
  for (const { folder, seal } of seals) {
    await seal(url(folder))
    // Measured before a reader has written to the manifest.
    disk.set(folder, await diskUsage(join(path, folder)))
  }

  const cases = ENGINES.flatMap((engine) =>
    seals.map(({ sealed, folder }) => ({ engine, sealed, folder, opened: [] as Opened[] })),
  )
  for (let round = 0; round < ROUNDS; round++) {
    for (const { engine, folder, opened } of cases) {
      const key = String((round * 7_919) % ROWS)
      const args = [url(folder), key, url('other'), engine]
      const result = await runChild<Opened>('open-child', ...args)
      assert.equal(result.valueBytes, VALUE_BYTES, `${engine}: key ${key} of ${folder}`)
      opened.push(result)
      rmSync(join(path, 'other'), { recursive: true, force: true })
    }
  }

  const title = `opening a sealed shard in a new process, first get: ${describeRows()}`
  console.log(`\n  ${title}`)
  for (const { sealed, folder } of seals) {
    const { files, bytes } = disk.get(folder)!
    console.log(`    sealed ${sealed}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`)
  }
  const results = cases.map(({ engine, sealed, folder, opened }) => ({
    engine,
    sealed,
    openMs: rounded(median(opened.map(({ openMs }) => openMs))),
    firstGetMs: rounded(median(opened.map(({ getMs }) => getMs))),
    residentMB: rounded(median(opened.map(({ residentBytes }) => residentBytes / 1e6))),
    onStorage: disk.get(folder)!,
  }))
  for (const { engine, sealed, openMs, firstGetMs, residentMB } of results) {
    console.log(
      `    ${engine}, ${sealed}: open ${openMs} ms, get ${firstGetMs} ms, ${residentMB} MB of memory`,
    )
  }
  record({ title, rounds: ROUNDS, results })
})
