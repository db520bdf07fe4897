import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

/** Fails the file if any promise is ever rejected without somebody listening. */
export function trapUnhandledRejections(): void {
  const unheard: unknown[] = []
  const trap = (reason: unknown): void => {
    unheard.push(reason)
  }
  process.on('unhandledRejection', trap)
  after(async () => {
    // Rejections are reported at the end of the turn in which nobody listened.
    for (let i = 0; i < 5; i++) await turn()
    process.off('unhandledRejection', trap)
    assert.deepEqual(unheard, [])
  })
}
