import type { Paint, Style } from './style.js'

/** Characters that are two columns wide on a terminal: East Asian wide characters and emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u
const NOT_PLAIN = /[^\u0020-\u007E]/
const NARROW = /\p{Mark}|\u200D|\uFE0F/u
/** Control characters, line and paragraph separators, and bidirectional control characters. */
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** The width of unstyled text on a terminal, in columns. */
export function displayWidth(text: string): number {
  if (!NOT_PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** Escapes control and bidirectional characters, which could control the terminal, except those in `allowed`. */
export function printable(text: string, allowed = ''): string {
  return text.replace(CONTROL, (c) => {
    if (allowed.includes(c)) return c
    if (c === '\n') return '\\n'
    if (c === '\t') return '\\t'
    if (c === '\r') return '\\r'
    const code = c.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}

/** The same for valid JSON. The meaning does not change, because JSON strings support these escapes. */
export function printableJson(json: string): string {
  return json.replace(CONTROL, (c) =>
    c === '\n' || c === '\r' || c === '\t'
      ? c
      : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Shortens text to `width` columns, with an ellipsis if it is cut. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let used = 0
  let clipped = ''
  for (const character of text) {
    const next = displayWidth(character)
    if (used + next > width - 1) break
    clipped += character
    used += next
  }
  return `${clipped}…`
}

export interface TableColumn {
  readonly title: string
  readonly align?: 'left' | 'right' | undefined
}

/**
 * Aligns rows under their titles. If the terminal is too narrow, the last column is shortened.
 *
 * The first rows decide the column widths. A later, wider cell moves the rest of its line.
 */
export class TableLayout {
  readonly #columns: readonly TableColumn[]
  readonly #widths: number[]
  readonly #paint: Paint

  constructor(
    columns: readonly TableColumn[],
    sample: readonly (readonly string[])[],
    paint: Paint,
    terminalColumns: number | undefined,
  ) {
    this.#columns = columns
    this.#paint = paint
    this.#widths = columns.map(({ title }, i) =>
      Math.max(displayWidth(title), ...sample.map((row) => displayWidth(row[i]!))),
    )
    if (terminalColumns === undefined) return
    const last = columns.length - 1
    const others = this.#widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0)
    const left = Math.max(terminalColumns - others, displayWidth(columns[last]!.title), 8)
    this.#widths[last] = Math.min(this.#widths[last]!, left)
  }

  header(): string {
    const titles = this.#columns.map(({ title }) => title)
    return this.#paint('dim', this.#format(titles))
  }

  line(cells: readonly string[], styles: readonly (Style | undefined)[] = []): string {
    return this.#format(cells, styles)
  }

  #format(cells: readonly string[], styles: readonly (Style | undefined)[] = []): string {
    const last = cells.length - 1
    const formatted = cells.map((cell, i) => {
      const width = this.#widths[i]!
      const text = i === last ? clip(cell, width) : cell
      const padding = ' '.repeat(Math.max(0, width - displayWidth(text)))
      const style = styles[i]
      const painted = style === undefined ? text : this.#paint(style, text)
      if (this.#columns[i]!.align === 'right') return padding + painted
      return i === last ? painted : painted + padding
    })
    return formatted.join('  ').trimEnd()
  }
}
