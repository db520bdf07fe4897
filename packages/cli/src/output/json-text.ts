import { compactJson } from '../json/compact-json.js'

/** JSON text that is printed unchanged, with every digit. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The value of a cell in a result. */
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
 * A cell as JSON on one line. Integers keep every digit.
 *
 * Shape: omits `undefined` fields, like `JSON.stringify`.
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

/** A cell as indented JSON, for people. */
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
