import { sha256 } from '#node/text/sha256'
import type { Cell } from './sqlite.js'

type Row = Readonly<Record<string, Cell>>

/**
 * The SHA-256 of all cells of a manifest, which `custom.cells_sha256` stores.
 *
 * Shape: one line for each row, `build_meta` first: a JSON array of the cells in the order of the columns, without
 * spaces, and a line feed. The digest itself counts as empty text. Source: wire-format §3.6.
 */
export class CellsDigest {
  readonly #lines: string[] = []

  /** Adds a row, with its columns in their declared order. */
  add(columns: readonly string[], row: Row): void {
    this.#lines.push(`[${columns.map((column) => cellText(row[column]!)).join()}]\n`)
  }

  digest(): Promise<string> {
    return sha256(new TextEncoder().encode(this.#lines.join('')))
  }
}

/** `custom` with an empty digest. No other part of a sound manifest contains the text of its digest. */
export function withoutDigest(custom: Cell, digest: string): Cell {
  return typeof custom === 'string' ? custom.replace(`"${digest}"`, '""') : custom
}

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return JSON.stringify(cell)
  if (cell instanceof Uint8Array) return JSON.stringify(Array.from(cell))
  return String(cell)
}
