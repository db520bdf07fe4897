import type { Paint, Style } from './style.js'

/** Columns a character takes on a terminal: two for East Asian wide ones and emoji, none for marks that combine. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u
const NOT_PLAIN = /[^\u0020-\u007E]/
const NARROW = /\p{Mark}|\u200D|\uFE0F/u
/** Control characters, line and paragraph separators, and marks that change the direction of text. */
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** The columns a text takes on a terminal, without its styles. */
export function displayWidth(text: string): number {
  if (!NOT_PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** Text that cannot drive the terminal or change its direction: such characters are shown by their codes, but for those `kept`. */
export function printable(text: string, kept = ''): string {
  return text.replace(CONTROL, (c) => {
    if (kept.includes(c)) return c
    if (c === '\n') return '\\n'
    if (c === '\t') return '\\t'
    if (c === '\r') return '\\r'
    const code = c.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}

/** The same for valid JSON, which means what it meant before: such characters stand in texts, and have escapes there. */
export function printableJson(json: string): string {
  return json.replace(CONTROL, (c) =>
    c === '\n' || c === '\r' || c === '\t'
      ? c
      : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The beginning of a text that fits into so many columns, with an ellipsis where something is left out. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let used = 0
  let kept = ''
  for (const character of text) {
    const next = displayWidth(character)
    if (used + next > width - 1) break
    kept += character
    used += next
  }
  return `${kept}…`
}

export interface TableColumn {
  readonly title: string
  readonly align?: 'left' | 'right' | undefined
}

/**
 * Lays rows out under their titles, as wide as they need and no wider than the terminal: the last column gives way.
 *
 * Widths are decided by the rows first seen; later ones that need more push their line out.
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
    return this.#paint('dim', this.#lay(titles))
  }

  line(cells: readonly string[], styles: readonly (Style | undefined)[] = []): string {
    return this.#lay(cells, styles)
  }

  #lay(cells: readonly string[], styles: readonly (Style | undefined)[] = []): string {
    const last = cells.length - 1
    const laid = cells.map((cell, i) => {
      const width = this.#widths[i]!
      const text = i === last ? clip(cell, width) : cell
      const padding = ' '.repeat(Math.max(0, width - displayWidth(text)))
      const style = styles[i]
      const painted = style === undefined ? text : this.#paint(style, text)
      if (this.#columns[i]!.align === 'right') return padding + painted
      return i === last ? painted : painted + padding
    })
    return laid.join('  ').trimEnd()
  }
}
