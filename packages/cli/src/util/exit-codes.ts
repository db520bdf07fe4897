/** What the exit code of every command says; documented in the manual page. */
export const EXIT = {
  /** Found, done, or nothing to complain about. */
  ok: 0,
  /** No such key, or a finding: a problem of `verify`, a difference of `diff`, a snapshot that is too old. */
  finding: 1,
  /** The words on the command line, or a file of settings, are wrong. */
  usage: 2,
  /** It could not be done. */
  failure: 3,
  /** Ctrl-C, as shells put it: 128 and the number of the signal. */
  interrupted: 130,
} as const
