import { compactJson } from '../json/compact-json.js'

/** JSON that goes out as it stands, digit by digit. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a cell of a result may hold. */
export type Cell =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | JsonText
  | readonly Cell[]
  | { readonly [name: string]: Cell }

/**
 * A cell as JSON on one line; integers of any size keep all their digits.
 *
 * Shape: `undefined` fields are left out, as `JSON.stringify` does.
 */
export function toJson(cell: Cell): string {
  if (cell instanceof JsonText) return compactJson(cell.text)
  if (typeof cell === 'bigint') return String(cell)
  if (cell === undefined) return 'null'
  if (Array.isArray(cell)) return `[${(cell as readonly Cell[]).map(toJson).join(',')}]`
  if (typeof cell === 'object' && cell !== null) {
    const fields = Object.entries(cell).filter(([, value]) => value !== undefined)
    return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${toJson(value)}`).join(',')}}`
  }
  return JSON.stringify(cell)
}

/** The same laid out over lines, for people. */
export function toPrettyJson(cell: Cell, indent = ''): string {
  const inner = `${indent}  `
  if (Array.isArray(cell)) {
    if (cell.length === 0) return '[]'
    const items = (cell as readonly Cell[]).map((item) => inner + toPrettyJson(item, inner))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  if (typeof cell === 'object' && cell !== null && !(cell instanceof JsonText)) {
    const fields = Object.entries(cell).filter(([, value]) => value !== undefined)
    if (fields.length === 0) return '{}'
    const lines = fields.map(
      ([name, value]) => `${inner}${JSON.stringify(name)}: ${toPrettyJson(value as Cell, inner)}`,
    )
    return `{\n${lines.join(',\n')}\n${indent}}`
  }
  return toJson(cell)
}
