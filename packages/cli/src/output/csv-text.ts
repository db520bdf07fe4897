import { type Cell, JsonText, toJson } from './json-text.js'

/** One line of CSV after RFC 4180, without its line end. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map((cell) => quoted(cellText(cell))).join(',')
}

/** A cell for CSV and tables: text as it is, nothing for what is absent, JSON for what is nested. */
export function cellText(cell: Cell): string {
  if (cell === undefined || cell === null) return ''
  if (typeof cell === 'string') return cell
  return cell instanceof JsonText || typeof cell === 'object' ? toJson(cell) : String(cell)
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
