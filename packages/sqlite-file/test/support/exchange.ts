import { fileURLToPath } from 'node:url'
import type { SqlValue } from 'sqlite-file'
import { type PythonPeer, withPythonPeer } from '@shardyfusion/test-support/python-peer'

const SCRIPT = fileURLToPath(new URL('../../test/support/exchange.py', import.meta.url))

/** Rows by table, values written so that JSON keeps them. */
export type Tables = Record<string, unknown[][]>

/** What SQLite says of a file, through apsw and through Python's own binding. */
export interface Checked {
  readonly integrity: string[]
  readonly pragmas: Record<string, number | string>
  readonly tables: Tables
}

/** SQLite through Python: another build than that of the other tests, with all its options. */
export class Exchange {
  readonly #python: PythonPeer

  constructor(python: PythonPeer) {
    this.#python = python
  }

  /** Writes files of many kinds, each with a JSON file of its rows. */
  make(folder: string): void {
    this.#run('make', folder)
  }

  check(paths: readonly string[]): Checked[] {
    return JSON.parse(this.#run('check', ...paths)) as Checked[]
  }

  /** The integrity check alone, for large files. */
  integrity(path: string): string[] {
    return JSON.parse(this.#run('integrity', path)) as string[]
  }

  #run(...args: string[]): string {
    return this.#python.run([SCRIPT, ...args])
  }
}

/** Registers tests that need apsw for Python. */
export function withExchange(name: string, register: (exchange: Exchange) => void): void {
  withPythonPeer('apsw', name, (python) => register(new Exchange(python)))
}

/** A value as the script writes it; integers as bigint, so that a real is a number. */
export function cell(value: SqlValue): unknown {
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString('hex') }
  if (typeof value === 'bigint') return { integer: String(value) }
  return value
}

/** A value of the script, reals as numbers. */
export function parsedCell(value: unknown): unknown {
  const real = (value as { real?: string } | null)?.real
  return real === undefined ? value : realOf(real)
}

/** A number as Python writes it in hexadecimal, which loses nothing. */
function realOf(text: string): number {
  const match = /^(-?)0x([01])\.([0-9a-f]+)p([+-]\d+)$/.exec(text)
  if (match === null) return text === 'inf' ? Infinity : -Infinity
  const [, sign, whole, fraction, exponent] = match
  const digits = Number.parseInt(`${whole}${fraction}`, 16)
  const value = digits * 2 ** (Number(exponent) - 4 * fraction!.length)
  return sign === '-' ? -value : value
}
