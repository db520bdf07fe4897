import { LINE_LIMIT_TEXT, MAX_COLUMNS, MAX_LINE_BYTES } from './limits.js'
import { unescapeQuotes } from './unescape-quotes.js'

const CARRIAGE_RETURN = 13

export interface CsvDialect {
  readonly delimiter: string
  /** One character; `undefined` when every character of a cell is data. */
  readonly quote: string | undefined
}

export interface CsvRecord {
  /** At most `MAX_COLUMNS + 1` of them. */
  readonly cells: readonly string[]
  /** The line the record begins in; the first is 1. */
  readonly line: number
  /** Lines it runs over. */
  readonly lines: number
  /** Set when a carriage return stands outside quotes and not at a line end. */
  readonly strayReturn: boolean
  readonly text: string
}

/** Text in which the next record cannot be found; thrown by `take` and `end`. */
export class CsvBroken extends Error {
  readonly line: number

  constructor(line: number, reason: string) {
    super(reason)
    this.line = line
  }
}

/**
 * Takes CSV or TSV apart (RFC 4180), piece by piece. Every line ends with LF or CRLF, whatever the others end with.
 *
 * Our own because csv-parse settles on the line end of the first line, or is slower than the build around it with a list
 * of them, and counts a CRLF inside quotes as two lines.
 */
export class CsvParser {
  readonly #delimiter: string
  readonly #quote: string | undefined
  /** Raw text of a cell in quotes that continues in the next piece. */
  #open: string | undefined
  /** The cells of the same record so far. */
  #cells: string[] = []
  #text = ''
  #strayReturn = false
  /** The line the next record, or the open one, begins in. */
  #line = 1
  #linesInRecord = 0
  #blankLines = 0

  constructor({ delimiter, quote }: CsvDialect) {
    this.#delimiter = delimiter
    this.#quote = quote
  }

  /** Lines without any character so far. */
  get blankLines(): number {
    return this.#blankLines
  }

  /** Records that are complete with this piece. A piece ends with a line end, but for the last. */
  take(text: string): CsvRecord[] {
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

  /** Errors: CsvBroken when a quote is still open. */
  end(): void {
    if (this.#open === undefined) return
    throw new CsvBroken(
      this.#line,
      'a cell in quotes begins in this row and does not end before the input does',
    )
  }

  /** One record with quotes in it; gives the position behind it. */
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
          throw this.#misplaced('a closing quote is followed by more than the end of its cell')
      } else {
        const end = Math.min(marks.delimiter(at), marks.lineEnd(at))
        if (marks.quote(at) < end)
          throw this.#misplaced('a quote stands in a cell that does not begin with one')
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

  /** The piece ends inside quotes. */
  #carry(text: string, from: number, start: number): number {
    this.#open = (this.#open ?? '') + text.slice(start)
    this.#text += text.slice(from)
    this.#linesInRecord += lineFeeds(text, from, text.length)
    if (this.#text.length > MAX_LINE_BYTES) {
      throw new CsvBroken(
        this.#line,
        `a row may have ${LINE_LIMIT_TEXT}, this has more because a cell in quotes does not end`,
      )
    }
    return text.length
  }

  #misplaced(reason: string): CsvBroken {
    return new CsvBroken(this.#line, reason)
  }
}

/** Positions of the next marks; each is looked for once, so that a piece is read in one go however it is laid out. */
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

  /** Position of the line feed, or of the end of the text. */
  lineEnd(at: number): number {
    if (this.#nextEnd < at) this.#nextEnd = Math.min(find(this.#text, '\n', at), this.#text.length)
    return this.#nextEnd
  }
}

function find(text: string, mark: string, at: number): number {
  const found = text.indexOf(mark, at)
  return found < 0 ? Number.POSITIVE_INFINITY : found
}

/** The end of what a line holds: its carriage return is part of the line end. */
function contentEnd(text: string, at: number, end: number): number {
  return end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
}

function endsLine(text: string, at: number): boolean {
  if (text[at] === '\n') return true
  return text[at] === '\r' && (at + 1 === text.length || text[at + 1] === '\n')
}

/** The quote that ends a cell, which no second quote follows; -1 when the piece ends before. */
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
