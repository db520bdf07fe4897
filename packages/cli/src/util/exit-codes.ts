/** The exit codes of all commands, documented in the manual page. */
export const EXIT = {
  /** Success. */
  ok: 0,
  /** The key does not exist, or there is a finding: of `verify`, of `diff`, or of `health`. */
  finding: 1,
  /** Invalid command line or settings. */
  usage: 2,
  /** The command failed. */
  failure: 3,
  /** Ctrl-C: 128 plus the number of the signal, as in shells. */
  interrupted: 130,
} as const
