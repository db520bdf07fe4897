import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { syncHandle } from '#dist/store/file/sync-handle.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

/** A handle as Yarn's Plug'n'Play makes them. */
function withoutSync(fd: number): FileHandle {
  const sync = async (): Promise<void> => {
    throw new Error('Method not implemented.')
  }
  return { fd, sync } as FileHandle
}

test('syncHandle: uses the descriptor of a handle that has no sync', async () => {
  const handle = await open(join(tempFolder(), 'file'), 'w')
  await syncHandle(withoutSync(handle.fd))
  await syncHandle({ fd: handle.fd } as FileHandle)
  const { fd } = handle
  await handle.close()
  // It did reach the descriptor: a closed one is an error.
  await assert.rejects(syncHandle(withoutSync(fd)), { code: 'EBADF' })
})

test('syncHandle: passes on an error of the system', async () => {
  const failure = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  const handle = { fd: -1, sync: () => Promise.reject(failure) } as unknown as FileHandle
  await assert.rejects(syncHandle(handle), failure)
})
