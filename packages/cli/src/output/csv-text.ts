import { type Cell, JsonText, toJson } from './json-text.js'

/** One line of CSV (RFC 4180), without the line end. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map((cell) => quoted(cellText(cell))).join(',')
}

/** A cell in CSV and tables: unchanged text, empty if absent, JSON if nested. */
export function cellText(cell: Cell): string {
  if (cell === undefined || cell === null) return ''
  if (typeof cell === 'string') return cell
  return cell instanceof JsonText || typeof cell === 'object' ? toJson(cell) : String(cell)
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
