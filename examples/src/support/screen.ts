import { styleText } from 'node:util'
import type { Output } from './program.js'

type Style = Parameters<typeof styleText>[0]

/** Prints headings, facts and tables, in color if the output is a terminal with colors. */
export class Screen {
  readonly output: Output
  readonly #colors: boolean
  #steps = 0

  constructor(output: Output) {
    this.output = output
    // `hasColors` respects NO_COLOR and TERM=dumb. Files and pipes do not have it.
    this.#colors = output.hasColors?.() ?? false
  }

  title(text: string): void {
    this.output.write(`\n${this.#paint(['bold'], text)}\n`)
  }

  /** Prints the next numbered heading. */
  step(text: string): void {
    this.title(`${++this.#steps}. ${text}`)
  }

  line(text = ''): void {
    this.output.write(text === '' ? '\n' : `   ${text}\n`)
  }

  note(text: string): void {
    this.line(this.#paint(['dim'], text))
  }

  /** Prints a call, its result and a remark. */
  call(code: string, result = '', remark = ''): void {
    if (result === '') return this.line(this.#paint(['cyan'], code))
    const call = this.#paint(['cyan'], code.padEnd(19))
    this.line(`${call}  ${result.padEnd(26)}  ${this.#paint(['dim'], remark)}`.trimEnd())
  }

  /** Prints a table of numbers. */
  table(titles: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = titles.map((title, i) =>
      Math.max(title.length, ...rows.map((row) => row[i]!.length)),
    )
    const lay = (cells: readonly string[]): string =>
      cells.map((cell, i) => cell.padStart(widths[i]!)).join('   ')
    this.note(lay(titles))
    for (const row of rows) this.line(lay(row))
  }

  #paint(style: Style, text: string): string {
    return this.#colors ? styleText(style, text) : text
  }
}
