import { readFileSync } from 'node:fs'

/**
 * The most memory this process has had resident so far, in bytes.
 *
 * On Linux the kernel's high-water mark; elsewhere what `getrusage` says.
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
