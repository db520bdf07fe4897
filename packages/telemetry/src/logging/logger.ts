/** Fields of a line. */
export type LogFields = Readonly<Record<string, unknown>>

/** How serious an entry is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The part of pino's loggers that is used; `console` has another form, see `consoleLogger`. */
export interface Logger {
  /** Logs an event of little importance. */
  debug(fields: LogFields, event: string): void
  /** The definition. */
  info(fields: LogFields, event: string): void
  /** Logs a problem. */
  warn(fields: LogFields, event: string): void
  /** The failure, if there was one. */
  error(fields: LogFields, event: string): void
}
