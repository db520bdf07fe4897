import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/**
 * Runs `start` and holds the threads it starts on the second core, this one on the first.
 *
 * Two threads that take turns end up on one core by themselves in about half of all runs, so that what a free core is
 * worth would be left to chance. Does nothing where there is one core, or no `taskset`.
 */
export function holdApart<T>(start: () => T): T {
  if (process.platform !== 'linux' || availableParallelism() === 1) return start()
  const before = new Set(threads())
  const result = start()
  try {
    for (const thread of threads()) if (!before.has(thread)) hold(thread, 1)
    hold(String(process.pid), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return result
}

function threads(): string[] {
  return readdirSync('/proc/self/task')
}

function hold(thread: string, core: number): void {
  execFileSync('taskset', ['-cp', String(core), thread], { stdio: 'ignore' })
}
