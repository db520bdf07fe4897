import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import type { OutputFormat, Printer } from '../output/printer.js'
import type { ByteFormat } from '../output/render-bytes.js'
import type { Paint } from '../output/style.js'
import type { Session } from './session.js'

/** A stream of this process, as far as commands look at it. */
export interface Terminal {
  readonly isTerminal: boolean
  /** Its width; `undefined` when it is no terminal. */
  readonly columns: number | undefined
}

/** What a command has of the process it runs in. */
export interface Context {
  readonly settings: Settings
  readonly parts: Parts
  /** The snapshot, opened when it is first asked for. */
  readonly session: Session
  readonly printer: Printer
  readonly keysAs: ByteFormat
  readonly valuesAs: ByteFormat
  /** The format that was asked for; `undefined` when the printer's is only what fits the output. */
  readonly chosenFormat: OutputFormat | undefined
  readonly verbose: boolean
  readonly stdin: Terminal
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Colours of stderr. */
  readonly paint: Paint
  /** Writes to stderr. */
  readonly tell: (text: string) => void
  /** Writes out what the printer holds back, before something else writes to the terminal. */
  readonly flush: () => void
  /** To be awaited now and then in long loops: lets Ctrl-C be heard where the process goes on after it. */
  readonly breathe: () => Promise<void> | undefined
}
