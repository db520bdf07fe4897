/** Invalid command line or settings: exit code 2, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** An expected failure of the command, not of the library: exit code 3, no stack. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** Ends a command silently, because the reader of its output has closed the pipe. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}
