import { fstatSync } from 'node:fs'
import type { Terminal } from '../session/context.js'

/** Returns the terminal properties of a standard stream: 0 for stdin, 1 for stdout, 2 for stderr. */
export function terminalOf(fd: 0 | 1 | 2): Terminal {
  if (!isTerminal(fd)) return { isTerminal: false, columns: undefined }
  return { isTerminal: true, columns: columnsOf(fd) ?? 80 }
}

/** True if a standard stream is a terminal. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  // Node opens a stream, and loads what that needs, when a program asks for it: that takes longer than this call.
  return mayBeTerminal(fd) && streamOf(fd).isTTY === true
}

/** The width of a terminal; `undefined` if the stream is none, or has no width. */
export function columnsOf(fd: 0 | 1 | 2): number | undefined {
  return mayBeTerminal(fd) ? (streamOf(fd) as { columns?: number }).columns : undefined
}

function mayBeTerminal(fd: number): boolean {
  try {
    // With numbers in place of bigints, Node 20.20 finds packages behind symbolic links by their links afterwards.
    return fstatSync(fd, { bigint: true }).isCharacterDevice()
  } catch {
    return true
  }
}

function streamOf(fd: 0 | 1 | 2): { isTTY?: boolean } {
  if (fd === 0) return process.stdin
  return fd === 1 ? process.stdout : process.stderr
}
