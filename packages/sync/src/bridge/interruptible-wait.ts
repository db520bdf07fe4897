import { isMainThread } from 'node:worker_threads'
import { Script } from 'node:vm'

/** Where a script finds the wait it is to run; scripts see no variables of ours. */
const PLACE = Symbol.for('shardyfusion.sync.wait')
let script: Script | undefined

/** True when the program listens for Ctrl-C: the default action is then off, and a blocked thread would miss the signal. */
export function shouldHearInterrupts(): boolean {
  return isMainThread && process.listenerCount('SIGINT') > 0
}

/**
 * `Atomics.wait`, ended by Ctrl-C.
 *
 * A signal can interrupt only a script with a watchdog thread, which costs 60 µs; it is for long waits.
 */
export function interruptibleWait(
  words: Int32Array,
  index: number,
  value: number,
  timeoutMs: number,
): 'ok' | 'not-equal' | 'timed-out' | 'interrupted' {
  script ??= new Script(`globalThis[Symbol.for('shardyfusion.sync.wait')]()`)
  const place = globalThis as { [PLACE]?: () => unknown }
  place[PLACE] = () => Atomics.wait(words, index, value, timeoutMs)
  try {
    return script.runInThisContext({ breakOnSigint: true }) as 'ok' | 'not-equal' | 'timed-out'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error
    repeatInterrupt()
    return 'interrupted'
  } finally {
    delete place[PLACE]
  }
}

/** The program's listeners have not seen the signal that broke the wait: they get it when the event loop turns. */
function repeatInterrupt(): void {
  process.kill(process.pid, 'SIGINT')
  // Without pending work the process might end before the signal arrives.
  setTimeout(() => {}, 20)
}
