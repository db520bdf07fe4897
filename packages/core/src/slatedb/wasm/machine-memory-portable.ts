/** Returns 0: pages and edge runtimes do not know their memory. */
export function machineMemoryBytes(): number {
  return 0
}
