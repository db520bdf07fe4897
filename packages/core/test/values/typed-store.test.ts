import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const fixture = fileURLToPath(new URL('../../test/values/typed-store.ts', import.meta.url))
const require = createRequire(fixture)

const MISUSE = `import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
const place = { prefix: 'memory://x', sharding: { shards: 1 } }
const rows = [{ id: 1, total: 2, at: new Date() }]
await writeSnapshot(rows, { ...place, key: 'id', value: 'total', values: 'utf8' })
await writeSnapshot(rows, { ...place, key: 'at', values: 'json' })
const reader = await SnapshotReader.open({ prefix: 'memory://x', keyEncoding: 'u64be' })
reader.scanIter({ start: 'a' })
await writeSnapshot(rows, { ...place, values: 'json' })
`

/** Compiles the fixture and the misuse; returns what the compiler prints. */
function compile(compiler: string, folder: string): Promise<string> {
  const tsc = join(require.resolve(`${compiler}/package.json`), '..', 'bin', 'tsc')
  writeFileSync(join(folder, 'misuse.mts'), MISUSE)
  const compilerOptions = {
    noEmit: true,
    strict: true,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    skipLibCheck: true,
    types: ['node'],
  }
  const config = { compilerOptions, files: ['misuse.mts', fixture] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const args = [tsc, '--pretty', 'false', '-p', folder]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, timeout: 120_000 }, (_, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    )
  })
}

// The newest compiler, and the oldest one that is supported.
for (const compiler of ['typescript', 'typescript-lowest']) {
  test(`${compiler}: the types of a store hold, and misuse is reported in words of the caller`, async (t) => {
    const folder = mkdtempSync(join(here, 'misuse-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const output = await compile(compiler, folder)
    assert.doesNotMatch(output, /typed-store\.ts/)
    const lines = output.split('\n')
    const at = (line: number): string =>
      lines.find((text) => text.startsWith(`misuse.mts(${line},`)) ?? output
    assert.match(
      at(4),
      /Type '("total"|string)' is not assignable to type '\(record: .* => string'/,
    )
    assert.match(
      at(5),
      /Type '"at"' is not assignable to type '("id"|"total"|PropertyOf<|\(\(record: )/,
    )
    assert.match(at(7), /Type 'string' is not assignable to type 'number \| bigint/)
    assert.match(output, /Property 'key' is missing in .* required in type 'RecordsNeedAKey'/)
    assert.equal(lines.filter((line) => line.startsWith('misuse.mts')).length, 4)
  })
}
