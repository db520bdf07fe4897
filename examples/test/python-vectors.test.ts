import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { SnapshotReader } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { pythonWith } from '@shardyfusion/test-support/python-with'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const found = pythonWith('xxhash')

test(
  'tasks in Python write vectors, which are searched here',
  { skip: found === undefined && 'needs Python with xxhash: run `npm run setup:engines`' },
  async () => {
    const prefix = pathToFileURL(join(tempFolder(), 'snapshot')).href
    const code = `
import sys
sys.path.insert(0, 'examples/python')
import shardy_tasks as tasks
plan = tasks.plan(sys.argv[1], 2, '--dimensions', '2', '--metric', 'l2')
rows = [(i, str(i).encode(), [float(i), 1.0] if i % 2 == 0 else None, {'i': i}) for i in range(10)]
results = [tasks.write_shard(plan, s, [r for r in rows if tasks.shard_of(r[0], 2) == s]) for s in range(2)]
tasks.publish(plan, results)`
    await promisify(execFile)(found!, ['-c', code, prefix], {
      cwd: ROOT,
      env: {
        ...process.env,
        SHARDY: `'${process.execPath}' '${join(ROOT, 'packages/cli/dist/bin.js')}'`,
        PYTHONDONTWRITEBYTECODE: '1',
      },
      timeout: 120_000,
    })
    await using reader = await SnapshotReader.open({ prefix, engine: sqliteVec(), values: 'utf8' })
    const { results } = await reader.search([5, 1], { topK: 2, withValues: true })
    assert.deepEqual(
      results.map(({ id, value, payload }) => [id, value, payload]),
      [
        [4n, '4', { i: 4 }],
        [6n, '6', { i: 6 }],
      ],
    )
    assert.equal(await reader.get(7), '7')
  },
)
