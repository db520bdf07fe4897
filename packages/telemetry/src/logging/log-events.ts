import type { DiagnosticsEvents } from '@shardyfusion/core'
import { isShardyfusionError, parseOptions, redact, safeUrl } from '@shardyfusion/core/internal'
import * as v from 'valibot'
import { messageOf } from '../metrics/message-of.js'
import { Subscriptions } from '../metrics/subscriptions.js'
import { logFields } from './log-context.js'
import type { Logger, LogFields, LogLevel } from './logger.js'

/** Options of `logEvents`. */
export interface LogEventsOptions {
  /** Also logs each opened shard, and each wait for a rate limit, at `debug`; false by default. */
  verbose?: boolean | undefined
}

const optionsSchema = v.strictObject({
  verbose: v.optional(v.boolean('must be true or false'), false),
})

/**
 * Logs the events of all readers and builds of this thread: one line each, named by an event in snake
 * case, with fields. Names are those of the Python project if the event is the same.
 *
 * Takes a logger with the methods of pino (`info(fields, event)`); for a program without one, see
 * `consoleLogger`. Transient failures are warnings, others errors. Lines have no keys, values or
 * secrets. Errors: SHARD_INVALID_OPTION.
 *
 * @example
 * const events = logEvents(pino())
 */
export function logEvents(
  logger: Logger,
  options: LogEventsOptions = {},
): {
  /** Stops; idempotent. */
  close(): void
} {
  const { verbose } = parseOptions(optionsSchema, options, 'logEvents')
  const events = new Subscriptions()
  const log = (level: LogLevel, event: string, fields: LogFields): void => {
    logger[level]({ ...logFields(), ...defined(fields) }, event)
  }
  logBuilds(events, log)
  logReaders(events, log)
  if (verbose) logDetails(events, log)
  return { close: () => events.close() }
}

type Log = (level: LogLevel, event: string, fields: LogFields) => void
/** The fields that the ends of builds and updates share. */
type Build = DiagnosticsEvents['build' | 'update']

function logBuilds(events: Subscriptions, log: Log): void {
  const start = (prefix: string, fields: LogFields): void =>
    log('info', 'write_started', { ...at(prefix), ...fields })
  const end = (event: Build, more: LogFields): void => {
    const { outcome, prefix, runId, rows, durationMs, manifestRef, error } = event
    const duration_ms = Math.round(durationMs)
    const fields = { ...at(prefix), run_id: runId, ...more, rows, duration_ms }
    if (outcome === 'failed') {
      log('error', 'write_failed', { ...fields, ...failure(error) })
      return
    }
    const manifest_ref = manifestRef && safeUrl(manifestRef)
    log('info', 'manifest_published', { ...at(prefix), run_id: runId, manifest_ref })
    log('info', 'write_completed', { ...fields, manifest_ref })
  }
  events.onStart('build', ({ prefix, runId }) => start(prefix, { run_id: runId }))
  events.on('build', (event) => end(event, {}))
  // An update is a build with a base.
  events.onStart('update', ({ prefix, runId, baseRunId }) =>
    start(prefix, { run_id: runId, base_run_id: baseRunId }),
  )
  events.on('update', (event) =>
    end(event, { base_run_id: event.baseRunId, changes: event.changes }),
  )
  events.onEnd('shard-write', ({ prefix, runId, shard, rows, bytes, durationMs = 0, error }) => {
    const fields = {
      ...at(prefix),
      run_id: runId,
      db_id: shard,
      duration_ms: Math.round(durationMs),
    }
    if (error === undefined) log('info', 'shard_write_completed', { ...fields, rows, bytes })
    else log('error', 'shard_write_failed', { ...fields, ...failure(error) })
  })
  events.on('shard-retry', ({ prefix, runId, shard, attempts, delayMs, error }) =>
    log('warn', 'shard_write_retrying', {
      ...at(prefix),
      run_id: runId,
      db_id: shard,
      attempts,
      delay_ms: delayMs,
      ...failure(error),
    }),
  )
  events.on('warning', ({ prefix, runId, message, error }) =>
    log('warn', 'write_warning', {
      ...at(prefix),
      run_id: runId,
      problem: redact(message),
      ...failure(error),
    }),
  )
  events.on('cleanup', ({ prefix, kind, runId, outcome, objectsDeleted, error }) => {
    const fields = { ...at(prefix), run_id: runId, kind, outcome, objects_deleted: objectsDeleted }
    const level = error === undefined ? 'info' : 'warn'
    log(level, 'cleanup_action', { ...fields, ...failure(error) })
  })
}

function logReaders(events: Subscriptions, log: Log): void {
  events.on('open', ({ prefix, runId, manifestRef, fellBack, durationMs, reader }) =>
    log('info', 'reader_initialized', {
      ...at(prefix),
      run_id: runId,
      manifest_ref: manifestRef && safeUrl(manifestRef),
      reader,
      fell_back: fellBack,
      duration_ms: Math.round(durationMs),
    }),
  )
  events.on('close', ({ prefix, runId, reader, stats: { lookups, uptimeMs } }) =>
    log('info', 'reader_closed', {
      ...at(prefix),
      run_id: runId,
      reader,
      gets: lookups.gets,
      multi_gets: lookups.getManys,
      uptime_ms: uptimeMs,
    }),
  )
  events.on('refresh', ({ outcome, prefix, runId, durationMs, error }) => {
    const fields = { ...at(prefix), run_id: runId, duration_ms: Math.round(durationMs) }
    if (outcome === 'moved') log('info', 'reader_refreshed', fields)
    else if (outcome === 'unchanged') log('debug', 'reader_refresh_unchanged', fields)
    else if (outcome === 'malformed') log('error', 'reader_refresh_malformed_manifest', fields)
    else if (isMissing(error))
      log('error', 'reader_refresh_current_not_found', { ...fields, ...failure(error) })
    else log(severityOf(error), 'reader_refresh_failed', { ...fields, ...failure(error) })
  })
  events.on('fallback', ({ prefix, runId, manifestRef, currentManifestRef, error }) =>
    log('error', 'reader_cold_start_fallback', {
      ...at(prefix),
      run_id: runId,
      manifest_ref: safeUrl(manifestRef),
      current_manifest_ref: safeUrl(currentManifestRef),
      ...failure(error),
    }),
  )
  events.onEnd('shard-open', ({ prefix, runId, shard, engine, error }) => {
    if (error === undefined) return
    const fields = { ...at(prefix), run_id: runId, db_id: shard, engine }
    log(severityOf(error), 'reader_shard_open_failed', { ...fields, ...failure(error) })
  })
  events.on('request-retry', ({ operation, url, attempt, kind }) =>
    log('warn', 's3_request_retrying', { operation, url: safeUrl(url), attempt, kind }),
  )
}

function logDetails(events: Subscriptions, log: Log): void {
  events.onEnd('shard-open', ({ prefix, runId, shard, engine, durationMs = 0, error }) => {
    if (error !== undefined) return
    const fields = { ...at(prefix), run_id: runId, db_id: shard, engine }
    log('debug', 'reader_shard_opened', { ...fields, duration_ms: Math.round(durationMs) })
  })
  events.on('throttle', ({ prefix, limiter, waitMs }) =>
    log('debug', 'rate_limiter_throttled', {
      ...at(prefix),
      limiter_type: limiter,
      wait_ms: Math.round(waitMs),
    }),
  )
}

function at(prefix: string): { prefix: string } {
  return { prefix: safeUrl(prefix) }
}

/** The fields of an error; a foreign message is stored without recognizable secrets. */
function failure(error: unknown): LogFields {
  if (error === undefined) return {}
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  const own = isShardyfusionError(error)
  const text = messageOf(error)
  return {
    error_type: own ? code : name,
    error: own ? text : redact(text),
    ...(own && { retryable: error.retryable }),
  }
}

function severityOf(error: unknown): LogLevel {
  return isShardyfusionError(error) && error.retryable ? 'warn' : 'error'
}

function isMissing(error: unknown): boolean {
  return isShardyfusionError(error) && error.code === 'SHARD_NOT_FOUND'
}

function defined(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
