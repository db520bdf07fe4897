import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FileStore, SnapshotReader } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { build, type CrashJob, SHARDS, type Step, STEPS } from './crash-child.js'

const CHILD = fileURLToPath(new URL('./crash-child.js', import.meta.url))

function start(t: TestContext, job: CrashJob): { child: ChildProcess; ended: Promise<unknown> } {
  const child = fork(CHILD, [JSON.stringify(job)])
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, ended }
}

/** Runs a build in a process of its own and kills it at the step. */
async function killAt(t: TestContext, job: CrashJob & { stopAt: Step }): Promise<void> {
  const { child, ended } = start(t, job)
  const reached = new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === job.stopAt) resolve()
      else if (message === 'done') reject(new Error(`the build never came to ${job.stopAt}`))
    })
    child.on('exit', (code, signal) => reject(new Error(`the child ended with ${code ?? signal}`)))
  })
  await reached
  child.kill('SIGKILL')
  await ended
}

/** Everything a snapshot holds, read twice: by scan and by key. */
async function readAll(prefix: string): Promise<{ runId: string; values: string[] }> {
  const reader = await SnapshotReader.open({ prefix, keys: 'decoded', values: 'utf8' })
  try {
    const keys: number[] = []
    const values: string[] = []
    for await (const [key, value] of reader.scanIter()) {
      keys.push(Number(key))
      values.push(value)
    }
    assert.deepEqual(
      keys,
      keys.map((_, i) => i),
    )
    assert.deepEqual(await reader.getMany(keys), values)
    assert.equal(reader.info().rowCount, values.length)
    return { runId: reader.info().runId, values }
  } finally {
    await reader.close()
  }
}

const rowsOf = (mark: string, rows: number): string[] =>
  Array.from({ length: rows }, (_, i) => `${mark} ${i}`)

async function namesBelow(prefix: string): Promise<string[]> {
  return readdir(fileURLToPath(prefix), { recursive: true })
}

/** Whatever a crash left behind, listing must show whole objects only. */
async function listingIsClean(prefix: string): Promise<void> {
  const store = new FileStore()
  for await (const { url, bytes } of store.list(prefix)) {
    assert.ok(!url.includes('#'), url)
    assert.ok(!url.endsWith('/manifest') || bytes > 0, url)
  }
  const manifests = new ObjectManifestStore(store, prefix)
  for (const { ref } of await manifests.listManifests(100)) {
    assert.equal((await manifests.loadManifest(ref)).shards, SHARDS)
  }
}

const CASES = [
  ...STEPS.map((step) => ['wasm', step] as const),
  // What comes after the shards does not depend on who wrote them.
  ...STEPS.slice(1, 6).map((step) => ['native', step] as const),
]

for (const [engine, step] of CASES) {
  test(`${engine}: a build killed at "${step}" leaves one whole snapshot and can be done again`, async (t) => {
    const prefix = tempPrefix()
    await build({ prefix, runId: 'first', rows: 100, mark: 'first', engine })
    const second = { prefix, runId: 'second', rows: 140, mark: 'second', engine }
    await killAt(t, { ...second, stopAt: step })
    const leftovers = (await namesBelow(prefix)).filter((name) => name.includes('#'))
    // Several shards are sealed at a time, so another one may have been in the middle of its put.
    if (step !== 'third-seal')
      assert.equal(leftovers.length > 0, step.startsWith('in-'), leftovers.join(', '))

    const visible = step === 'pointer-written'
    assert.deepEqual(
      await readAll(prefix),
      visible
        ? { runId: 'second', values: rowsOf('second', 140) }
        : { runId: 'first', values: rowsOf('first', 100) },
    )
    await listingIsClean(prefix)

    if (visible) {
      const again = await rejectsWith('SHARD_INVALID_OPTION', /runId must be new.*"second"/, () =>
        build(second),
      )
      assert.equal(again.details['runId'], 'second')
    } else {
      await build({ ...second, mark: 'again' })
      assert.deepEqual(await readAll(prefix), { runId: 'second', values: rowsOf('again', 140) })
    }
    await build({ prefix, runId: 'third', rows: 7, mark: 'third', engine })
    assert.deepEqual(await readAll(prefix), { runId: 'third', values: rowsOf('third', 7) })
    await listingIsClean(prefix)
  })
}
