import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openUnnamedFile } from '#dist/build/rows/unnamed-file.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

async function writesAndReads(folder: string): Promise<void> {
  const file = await openUnnamedFile(folder, 'test')
  try {
    await file.handle.write(Buffer.from('rows'), 0, 4, 0)
    const { buffer } = await file.handle.read(Buffer.alloc(4), 0, 4, 0)
    assert.equal(buffer.toString(), 'rows')
    if (process.platform !== 'win32') assert.deepEqual(readdirSync(folder), [])
  } finally {
    await file.close()
  }
  assert.deepEqual(readdirSync(folder), [])
}

test('openUnnamedFile: a file of this process alone', () => writesAndReads(tempFolder()))

test('openUnnamedFile: the same where every file has a name at first', async (t) => {
  const { platform } = process
  t.after(() => Object.defineProperty(process, 'platform', { value: platform }))
  // Any system but Linux and Windows.
  if (platform === 'linux') Object.defineProperty(process, 'platform', { value: 'darwin' })
  await writesAndReads(tempFolder())
})

test('openUnnamedFile: a folder that is not there is ENOENT, and what is no folder ENOTDIR', async () => {
  const folder = tempFolder()
  await assert.rejects(openUnnamedFile(join(folder, 'missing'), 'test'), { code: 'ENOENT' })
  const path = join(folder, 'file')
  writeFileSync(path, '')
  await assert.rejects(openUnnamedFile(path, 'test'), { code: /ENOTDIR|ENOENT/ })
})
