import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ended, runScript } from '../support/run-script.js'

const CHILD = new URL('../support/interrupt-child.js', import.meta.url)

/** Sends SIGINT again and again once the child waits, as an impatient person does. */
async function interrupted(args: readonly string[]): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await runScript(CHILD, {
      args,
      onStdout: (text, child) => {
        if (text.startsWith('waiting')) timer ??= setInterval(() => child.kill('SIGINT'), 300)
        if (text.includes('SHARD_INTERRUPTED')) clearInterval(timer)
      },
    })
  } finally {
    clearInterval(timer)
  }
}

const onPosix = { skip: process.platform === 'win32' && 'signals are not sent on Windows' }

test('SIGINT ends a process that waits, when it does not listen', onPosix, async () => {
  const { signal, stdout } = await interrupted([])
  assert.equal(signal, 'SIGINT')
  assert.equal(stdout, 'waiting\n')
})

test(
  'SIGINT interrupts the call, when the process listens, which then hears it',
  onPosix,
  async () => {
    const { code, signal, stdout, stderr } = await interrupted(['listens'])
    assert.equal(signal, null)
    assert.equal(code, 0, stderr)
    assert.deepEqual(stdout.trim().split('\n'), [
      'waiting',
      'SHARD_INTERRUPTED',
      'still works: 42',
      'heard',
    ])
  },
)
