import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader } from '@shardyfusion/core'
import { Child } from './support/child.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('sync-script: prints the values in its comments, and publishes a readable snapshot', async (t) => {
  const folder = tempFolder()
  const child = new Child(t, 'sync-script', [], { cwd: folder })
  assert.equal(await child.exitCode(), 0, child.stderr)
  assert.deepEqual(child.stdout.trim().split('\n'), [
    "{ id: 42, name: 'rope', price: 8.5 }",
    "7n { id: 7, name: 'anvil', price: 49.9 }",
    "42n { id: 42, name: 'rope', price: 8.5 }",
    '[',
    "  { id: 7, name: 'anvil', price: 49.9 },",
    '  undefined,',
    "  { id: 42, name: 'rope', price: 8.5 }",
    ']',
  ])
  const reader = await SnapshotReader.open({ prefix: pathToFileURL(join(folder, 'prices')).href })
  assert.equal(reader.info().rowCount, 2)
  await reader.close()
})
