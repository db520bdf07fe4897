// Events as log lines, for pino and loggers like it, or the console.
export { consoleLogger, type ConsoleLoggerOptions } from './logging/console-logger.js'
export { withLogFields } from './logging/log-context.js'
export { logEvents, type LogEventsOptions } from './logging/log-events.js'
export type { Logger, LogFields, LogLevel } from './logging/logger.js'
