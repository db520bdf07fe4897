import { totalmem } from 'node:os'

/** Returns the bytes of memory that this process may use: of its container or of the machine. */
export function machineMemoryBytes(): number {
  const total = totalmem()
  // Missing in some runtimes. Without a limit it is 0, or more than there is.
  const { constrainedMemory } = process as Partial<Pick<typeof process, 'constrainedMemory'>>
  const limit = constrainedMemory?.call(process) ?? 0
  return limit > 0 ? Math.min(limit, total) : total
}
