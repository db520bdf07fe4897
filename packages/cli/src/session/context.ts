import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import type { OutputFormat, Printer } from '../output/printer.js'
import type { ByteFormat } from '../output/render-bytes.js'
import type { Paint } from '../output/style.js'
import type { Session } from './session.js'

/** The terminal properties of a stream of this process. */
export interface Terminal {
  readonly isTerminal: boolean
  /** Width in columns; `undefined` if the stream is not a terminal. */
  readonly columns: number | undefined
}

/** The environment of a command. */
export interface Context {
  readonly settings: Settings
  readonly parts: Parts
  /** The snapshot, opened at first use. */
  readonly session: Session
  readonly printer: Printer
  readonly keysAs: ByteFormat
  readonly valuesAs: ByteFormat
  /** The format that the user chose; `undefined` if the printer uses the default. */
  readonly chosenFormat: OutputFormat | undefined
  readonly verbose: boolean
  readonly stdin: Terminal
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Styles for stderr. */
  readonly paint: Paint
  /** Writes to stderr. */
  readonly writeErr: (text: string) => void
  /** Flushes stdout. Call it before something else writes to the terminal. */
  readonly flush: () => void
  /** Rejects with Interrupted after Ctrl-C, if the process survives it. Await it regularly in long loops. */
  readonly checkInterrupt: () => Promise<void> | undefined
}
