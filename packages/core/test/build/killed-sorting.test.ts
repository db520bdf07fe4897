import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tempFolder, tempPrefix } from '../support/temp-prefix.js'

const CHILD = fileURLToPath(new URL('./sorted-child.js', import.meta.url))

/** Files a process has open that have no name any more; undefined where the system does not tell. */
function unnamedFiles(pid: number): string[] | undefined {
  const folder = `/proc/${pid}/fd`
  if (!existsSync(folder)) return undefined
  return readdirSync(folder)
    .map((fd) => readlinkSync(`${folder}/${fd}`))
    .filter((name) => name.endsWith(' (deleted)'))
}

for (const workers of [0, 2]) {
  test(`a sorted build that is killed leaves no rows on disk (${workers} workers)`, async (t) => {
    const folder = tempFolder()
    const spool = tempFolder()
    const child = fork(CHILD, [tempPrefix(), folder, spool, String(workers)])
    t.after(() => child.kill('SIGKILL'))
    const [message] = (await once(child, 'message')) as [unknown]
    assert.equal(message, 'full')
    const open = unnamedFiles(child.pid!)?.filter((name) => name.startsWith(folder))
    if (open !== undefined) assert.ok(open.length > 0, 'rows must be on disk for this test')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const left = [folder, spool].flatMap((path) =>
      readdirSync(path, { recursive: true, encoding: 'utf8' }),
    )
    // On Windows an open file keeps its name, and its folder stays.
    if (process.platform === 'win32') assert.ok(left.every((name) => !name.endsWith('rows')))
    else assert.deepEqual(left, [])
  })
}
