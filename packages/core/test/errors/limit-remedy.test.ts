import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { limitRemedy } from '#dist/errors/limit-remedy.js'

function failure(message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), fields)
}

test('limitRemedy: names the limit of the process that was reached, and the remedy', () => {
  const cases: [Error, RegExp][] = [
    [failure('EMFILE: too many open files, open x', { code: 'EMFILE' }), /ulimit -n/],
    [failure('cannot load', { code: 'ERR_DLOPEN_DISABLED' }), /--allow-addons/],
    [
      failure('denied', { code: 'ERR_ACCESS_DENIED', permission: 'WorkerThreads' }),
      /--allow-worker/,
    ],
    [
      failure('denied', { code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead' }),
      /--allow-fs-read/,
    ],
    [
      failure('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory'),
      /ulimit -v.*--disable-wasm-trap-handler/,
    ],
    [failure('pthread_create', { code: 'EAGAIN' }), /ulimit -u/],
  ]
  for (const [cause, remedy] of cases) assert.match(limitRemedy(cause) ?? '', remedy, cause.message)
})

test('limitRemedy: knows errors of another realm', () => {
  const error: unknown = runInNewContext(`Object.assign(new Error('x'), { code: 'EMFILE' })`)
  assert.match(limitRemedy(error) ?? '', /ulimit -n/)
})

test('limitRemedy: says nothing about other errors', () => {
  for (const cause of [failure('Cannot find package', { code: 'ERR_MODULE_NOT_FOUND' }), 'EMFILE'])
    assert.equal(limitRemedy(cause), undefined)
})
