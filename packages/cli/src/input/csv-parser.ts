import { LINE_LIMIT_TEXT, MAX_COLUMNS, MAX_LINE_BYTES } from './limits.js'
import { unescapeQuotes } from './unescape-quotes.js'

const CARRIAGE_RETURN = 13

export interface CsvDialect {
  readonly delimiter: string
  /** One character; `undefined` if the dialect has no quotes. */
  readonly quote: string | undefined
}

export interface CsvRecord {
  /** At most `MAX_COLUMNS + 1` of them. */
  readonly cells: readonly string[]
  /** The first line of the record. The first line of the input is 1. */
  readonly line: number
  /** Number of lines of the record. */
  readonly lines: number
  /** True if there is a carriage return outside quotes that is not part of a line end. */
  readonly strayReturn: boolean
  readonly text: string
}

/** The text is malformed, and the parser cannot find the next record. Thrown by `write` and `end`. */
export class CsvBroken extends Error {
  readonly line: number

  constructor(line: number, reason: string) {
    super(reason)
    this.line = line
  }
}

/**
 * A streaming parser for CSV and TSV (RFC 4180). Each line ends with LF or CRLF, independent of the other lines.
 *
 * csv-parse does not fit: it uses the line end of the first line for all lines, or, with a list of line ends, is slower
 * than the rest of the build. It also counts a CRLF inside quotes as two lines.
 */
export class CsvParser {
  readonly #delimiter: string
  readonly #quote: string | undefined
  /** Raw text of a quoted cell that continues in the next chunk. */
  #open: string | undefined
  /** The cells of the open record so far. */
  #cells: string[] = []
  #text = ''
  #strayReturn = false
  /** The first line of the open record, else of the next one. */
  #line = 1
  #linesInRecord = 0
  #blankLines = 0

  constructor({ delimiter, quote }: CsvDialect) {
    this.#delimiter = delimiter
    this.#quote = quote
  }

  /** Number of empty lines so far. */
  get blankLines(): number {
    return this.#blankLines
  }

  /** Parses a chunk and returns the records that it completes. Every chunk but the last ends with a line end. */
  write(text: string): CsvRecord[] {
    const records: CsvRecord[] = []
    const marks = new Marks(text, this.#delimiter, this.#quote)
    const hasReturn = text.includes('\r')
    let at = this.#open === undefined ? 0 : this.#record(text, 0, marks, records)
    while (at < text.length) {
      const end = marks.lineEnd(at)
      if (marks.quote(at) < end) {
        at = this.#record(text, at, marks, records)
        continue
      }
      const cut = contentEnd(text, at, end)
      const line = text.slice(at, cut)
      if (cut === at) this.#blankLines++
      else
        records.push({
          cells: line.split(this.#delimiter, MAX_COLUMNS + 1),
          line: this.#line,
          lines: 1,
          strayReturn: hasReturn && line.includes('\r'),
          text: line,
        })
      this.#line++
      at = end + 1
    }
    return records
  }

  /** Ends the input. Errors: CsvBroken if a quote is still open. */
  end(): void {
    if (this.#open === undefined) return
    throw new CsvBroken(this.#line, 'a quoted cell that starts in this row has no closing quote')
  }

  /** Parses one record that contains quotes. Returns the position after it. */
  #record(text: string, from: number, marks: Marks, records: CsvRecord[]): number {
    const quote = this.#quote!
    let at = from
    for (;;) {
      if (this.#open !== undefined || text.startsWith(quote, at)) {
        const start = this.#open === undefined ? at + 1 : at
        const close = closingQuote(text, start, quote)
        if (close < 0) return this.#carry(text, from, start)
        this.#addCell(unescapeQuotes((this.#open ?? '') + text.slice(start, close), quote))
        this.#open = undefined
        at = close + 1
        if (at < text.length && !text.startsWith(this.#delimiter, at) && !endsLine(text, at))
          throw this.#misplaced('expected the end of the cell after a closing quote, got more text')
      } else {
        const end = Math.min(marks.delimiter(at), marks.lineEnd(at))
        if (marks.quote(at) < end)
          throw this.#misplaced('a quote is inside a cell that does not start with a quote')
        const cut = text[end] === this.#delimiter[0] ? end : contentEnd(text, at, end)
        const cell = text.slice(at, cut)
        if (cell.includes('\r')) this.#strayReturn = true
        this.#addCell(cell)
        at = cut
      }
      if (at < text.length && text.startsWith(this.#delimiter, at)) at += this.#delimiter.length
      else break
    }
    const end = marks.lineEnd(at)
    const recordText = this.#text + text.slice(from, at)
    const lines = this.#linesInRecord + lineFeeds(text, from, at) + 1
    const { line, cells, strayReturn } = {
      line: this.#line,
      cells: this.#cells,
      strayReturn: this.#strayReturn,
    }
    records.push({ cells, line, lines, strayReturn, text: recordText })
    this.#line += lines
    this.#cells = []
    this.#text = ''
    this.#strayReturn = false
    this.#linesInRecord = 0
    return end + 1
  }

  #addCell(cell: string): void {
    if (this.#cells.length <= MAX_COLUMNS) this.#cells.push(cell)
  }

  /** Stores an incomplete record: the chunk ends inside quotes. */
  #carry(text: string, from: number, start: number): number {
    this.#open = (this.#open ?? '') + text.slice(start)
    this.#text += text.slice(from)
    this.#linesInRecord += lineFeeds(text, from, text.length)
    if (this.#text.length > MAX_LINE_BYTES) {
      throw new CsvBroken(
        this.#line,
        `a row must have at most ${LINE_LIMIT_TEXT}, got more; a quoted cell has no closing quote`,
      )
    }
    return text.length
  }

  #misplaced(reason: string): CsvBroken {
    return new CsvBroken(this.#line, reason)
  }
}

/** The positions of the next delimiter, quote and line end. Each search result is cached, so a chunk is scanned only once. */
class Marks {
  readonly #text: string
  readonly #delimiter: string
  readonly #quote: string | undefined
  #nextDelimiter = -1
  #nextQuote = -1
  #nextEnd = -1

  constructor(text: string, delimiter: string, quote: string | undefined) {
    this.#text = text
    this.#delimiter = delimiter
    this.#quote = quote
    if (quote === undefined) this.#nextQuote = Number.POSITIVE_INFINITY
  }

  delimiter(at: number): number {
    if (this.#nextDelimiter < at) this.#nextDelimiter = find(this.#text, this.#delimiter, at)
    return this.#nextDelimiter
  }

  quote(at: number): number {
    if (this.#nextQuote < at) this.#nextQuote = find(this.#text, this.#quote!, at)
    return this.#nextQuote
  }

  /** The position of the next line feed, or the end of the text. */
  lineEnd(at: number): number {
    if (this.#nextEnd < at) this.#nextEnd = Math.min(find(this.#text, '\n', at), this.#text.length)
    return this.#nextEnd
  }
}

function find(text: string, mark: string, at: number): number {
  const found = text.indexOf(mark, at)
  return found < 0 ? Number.POSITIVE_INFINITY : found
}

/** The end of the content of a line. A carriage return before the line feed belongs to the line end. */
function contentEnd(text: string, at: number, end: number): number {
  return end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
}

function endsLine(text: string, at: number): boolean {
  if (text[at] === '\n') return true
  return text[at] === '\r' && (at + 1 === text.length || text[at + 1] === '\n')
}

/** The position of the closing quote, which is not followed by a second quote; -1 if the chunk ends before it. */
function closingQuote(text: string, from: number, quote: string): number {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 2))
    if (text[at + 1] !== quote) return at
  return -1
}

function lineFeeds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1))
    count++
  return count
}
