import { readFileSync } from 'node:fs'

/**
 * The peak resident memory of this process, in bytes.
 *
 * Uses the kernel's high-water mark on Linux, and `getrusage` elsewhere.
 */
export function peakMemory(): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (match !== null) return Number(match[1]) * 1024
  } catch {
    // This file does not exist on other systems.
  }
  return process.resourceUsage().maxRSS * 1024
}

/** The current resident memory of this process, in bytes. */
export function residentMemory(): number {
  return process.memoryUsage.rss()
}
