import { openInput } from '../input/open-input.js'
import { UsageError } from '../util/usage-error.js'

/** Regular files may be named twice. Pipes may not: the second read finds nothing. Errors: UsageError. */
export function requireNoRepeatedPipe(paths: readonly string[], command: string): void {
  const seen = new Set<string>()
  for (const path of paths) {
    if (seen.has(path) && openInput(path).onceOnly !== undefined)
      throw new UsageError(
        `${command}: ${path === '-' ? 'stdin' : path} can be read only once, got it twice; name it once`,
      )
    seen.add(path)
  }
}
