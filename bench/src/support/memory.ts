import { readFileSync } from 'node:fs'

/**
 * The peak resident memory of this process, in bytes.
 *
 * On Linux the kernel's high-water mark; elsewhere the figure of `getrusage`.
 */
export function peakMemory(): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (match !== null) return Number(match[1]) * 1024
  } catch {
    // No such file on other systems.
  }
  return process.resourceUsage().maxRSS * 1024
}

/** The memory this process has resident now, in bytes. */
export function residentMemory(): number {
  return process.memoryUsage.rss()
}
