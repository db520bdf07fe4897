import { parseOptions } from '@shardyfusion/core/internal'
import * as v from 'valibot'
import type { Logger, LogFields, LogLevel } from './logger.js'

/** Options of `consoleLogger`. */
export interface ConsoleLoggerOptions {
  /** `json` for one object in a line, `text` for people; by default `text` in a terminal. */
  format?: 'json' | 'text' | undefined
  /** The least severe level that is written; `info` by default. */
  level?: LogLevel | undefined
  /** Destination of lines; standard error by default. */
  stream?: { write(text: string): unknown; readonly isTTY?: boolean | undefined } | undefined
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

type Stream = NonNullable<ConsoleLoggerOptions['stream']>

const optionsSchema = v.strictObject({
  format: v.optional(v.picklist(['json', 'text'], 'must be json or text')),
  level: v.optional(v.picklist(LEVELS, `must be ${LEVELS.join(', ')}`), 'info'),
  stream: v.optional(
    v.custom<Stream>(
      (value) => typeof (value as Stream | null)?.write === 'function',
      'must have the method write',
    ),
  ),
})

/** Makes a logger that writes lines, for programs without one. Errors: SHARD_INVALID_OPTION. */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const parsed = parseOptions(optionsSchema, options, 'consoleLogger')
  const { level, stream = process.stderr } = parsed
  const { format = stream.isTTY === true ? 'text' : 'json' } = parsed
  const least = LEVELS.indexOf(level)
  const line = format === 'json' ? jsonLine : textLine
  const at =
    (severity: LogLevel) =>
    (fields: LogFields, event: string): void => {
      if (LEVELS.indexOf(severity) < least) return
      stream.write(`${line(severity, event, fields, new Date().toISOString())}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** The fields of the Python project's JSON lines. */
function jsonLine(level: LogLevel, event: string, fields: LogFields, time: string): string {
  return JSON.stringify({ timestamp: time, level, logger: 'shardyfusion', event, ...fields })
}

function textLine(level: LogLevel, event: string, fields: LogFields, time: string): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`)
  return `${time} ${level.toUpperCase().padEnd(5)} ${event}${pairs.join('')}`
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}
