/** The words on the command line, or settings, are wrong: exit code 2, and no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** An expected failure that is not the library's: exit code 3, and no stack. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** Ends a command in silence: nobody reads its output any more. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}
