export { type Endpoint, serve, type ServedDatabase, type Server } from './serve.js'
export type {
  DatabaseOptions,
  JsonValues,
  ListenOptions,
  ServeLimits,
  ServeOptions,
} from './options.js'
export type { ServedVectors } from './database.js'
export type { Log, LogEntry } from './log.js'
