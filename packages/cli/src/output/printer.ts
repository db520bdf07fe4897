import { cellText, csvLine } from './csv-text.js'
import { type Cell, toJson, toPrettyJson } from './json-text.js'
import type { Paint, Style } from './style.js'
import { printable, printableJson, TableLayout } from './table.js'

export const OUTPUT_FORMATS = ['table', 'json', 'ndjson', 'csv', 'raw'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** A column of a list: the name in JSON and CSV, and the presentation in tables. */
export interface Column {
  readonly name: string
  /** Title in tables; by default the name. */
  readonly title?: string
  readonly align?: 'left' | 'right'
  /** Text in tables; by default the cell. */
  readonly show?: (cell: Cell) => string
  /** False if the column is only in the formats for programs, not in tables. */
  readonly inTable?: false
  /** Style of a cell in tables. */
  readonly style?: (cell: Cell) => Style | undefined
}

export type Row = Readonly<Record<string, Cell>>

export interface PrinterOptions {
  readonly format: OutputFormat
  readonly write: (data: string | Uint8Array) => void
  readonly paint: Paint
  /** Width of the terminal; `undefined` if lines have no limit. */
  readonly columns: number | undefined
  /** Whether the output is a terminal. Control characters in results are then escaped. */
  readonly isTerminal: boolean
}

/** Number of rows that decide the column widths of a table. */
const TABLE_SAMPLE = 200

/** Prints results in the chosen format. Lists are streamed row by row. */
export class Printer {
  readonly format: OutputFormat
  readonly paint: Paint
  readonly #options: PrinterOptions

  constructor(options: PrinterOptions) {
    this.format = options.format
    this.paint = options.paint
    this.#options = options
  }

  write(data: string | Uint8Array): void {
    this.#options.write(data)
  }

  /** Prints data of a snapshot. Escapes control characters on a terminal. */
  data(data: string | Uint8Array): void {
    if (!this.#options.isTerminal) return this.write(data)
    const text = typeof data === 'string' ? data : Buffer.from(data).toString()
    this.write(printable(text, '\n\t'))
  }

  line(text = ''): void {
    this.write(`${text}\n`)
  }

  /** Prints one record; `text` replaces it in the table format. */
  record(record: Row, text?: () => string): void {
    switch (this.format) {
      case 'json':
        return this.line(this.#json(toPrettyJson(record)))
      case 'ndjson':
        return this.line(this.#json(toJson(record)))
      case 'csv':
        this.line(csvLine(Object.keys(record)))
        return this.data(`${csvLine(Object.values(record))}\n`)
      case 'raw':
      case 'table':
        return this.write(text === undefined ? this.facts(record) : text())
    }
  }

  /** Formats names and values, one per line. */
  facts(record: Row, styles: Readonly<Record<string, Style>> = {}): string {
    const entries = Object.entries(record).filter(([, value]) => value !== undefined)
    const width = Math.max(...entries.map(([name]) => name.length))
    const lines = entries.map(([name, value]) => {
      const label = this.paint('dim', name.padEnd(width))
      const text = printable(cellText(value))
      const style = styles[name]
      return `${label}  ${style === undefined ? text : this.paint(style, text)}\n`
    })
    return lines.join('')
  }

  /** Starts a list. Rows are printed as they are added; `end()` closes the list. */
  list(columns: readonly Column[]): ListPrinter {
    switch (this.format) {
      case 'json':
        return new JsonList(this.#options.write, (json) => this.#json(json))
      case 'ndjson':
        return { row: (row) => this.line(this.#json(toJson(row))), end: () => {} }
      case 'csv':
        return new CsvList(columns, (text) => this.data(text))
      case 'raw':
      case 'table':
        return new TableList(columns, this.#options)
    }
  }

  #json(text: string): string {
    return this.#options.isTerminal ? printableJson(text) : text
  }

  /** Prints a whole list. */
  rows(columns: readonly Column[], rows: Iterable<Row>): void {
    const list = this.list(columns)
    for (const row of rows) list.row(row)
    list.end()
  }
}

export interface ListPrinter {
  row(row: Row): void
  end(): void
}

class JsonList implements ListPrinter {
  readonly #write: PrinterOptions['write']
  readonly #shown: (json: string) => string
  #count = 0

  constructor(write: PrinterOptions['write'], shown: (json: string) => string) {
    this.#write = write
    this.#shown = shown
  }

  row(row: Row): void {
    this.#write(`${this.#count++ === 0 ? '[\n' : ',\n'}  ${this.#shown(toJson(row))}`)
  }

  end(): void {
    this.#write(this.#count === 0 ? '[]\n' : '\n]\n')
  }
}

class CsvList implements ListPrinter {
  readonly #columns: readonly Column[]
  readonly #write: (text: string) => void

  constructor(columns: readonly Column[], write: (text: string) => void) {
    this.#columns = columns
    this.#write = write
    write(`${csvLine(columns.map(({ name }) => name))}\n`)
  }

  row(row: Row): void {
    this.#write(`${csvLine(this.#columns.map(({ name }) => row[name]))}\n`)
  }

  end(): void {}
}

interface TableRow {
  readonly cells: readonly string[]
  readonly styles: readonly (Style | undefined)[]
}

class TableList implements ListPrinter {
  readonly #columns: readonly Column[]
  readonly #options: PrinterOptions
  #waiting: TableRow[] | undefined = []
  #layout: TableLayout | undefined

  constructor(columns: readonly Column[], options: PrinterOptions) {
    this.#columns = columns.filter(({ inTable }) => inTable !== false)
    this.#options = options
  }

  row(row: Row): void {
    const cells = this.#columns.map(({ name, show }) =>
      printable(show === undefined ? cellText(row[name]) : show(row[name])),
    )
    const styles = this.#columns.map(({ name, style }) => style?.(row[name]))
    if (this.#waiting === undefined)
      return this.#options.write(`${this.#layout!.line(cells, styles)}\n`)
    this.#waiting.push({ cells, styles })
    if (this.#waiting.length >= TABLE_SAMPLE) this.#begin(this.#waiting)
  }

  end(): void {
    if (this.#waiting !== undefined && this.#waiting.length > 0) this.#begin(this.#waiting)
  }

  #begin(rows: readonly TableRow[]): void {
    const { paint, columns, write } = this.#options
    const titles = this.#columns.map(({ name, title = name, align }) => ({ title, align }))
    const sample = rows.map(({ cells }) => cells)
    this.#layout = new TableLayout(titles, sample, paint, columns)
    write(`${this.#layout.header()}\n`)
    for (const { cells, styles } of rows) write(`${this.#layout.line(cells, styles)}\n`)
    this.#waiting = undefined
  }
}
