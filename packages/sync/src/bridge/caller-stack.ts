/** The stack of a call, to follow that of the worker; frames above and including `below` are left out. */
export function callerStack(below: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, below)
  return `\n    --- in the worker, called by ---${holder.stack?.replace(/^[^\n]*/, '') ?? ''}`
}
