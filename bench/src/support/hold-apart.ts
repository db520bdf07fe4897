import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/**
 * Runs `start`, pins the threads it starts to the second core, and pins this thread to the first.
 *
 * In about half of all runs the scheduler places two alternating threads on one core, which would make the gain of a
 * second core random. Does nothing on a machine with one core or without `taskset`.
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
