import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  type Attributes,
  context,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { DiagnosticsTraces, TraceEnd } from '@shardyfusion/core'
import { isError, parseOptions, safeUrl } from '@shardyfusion/core/internal'
import * as v from 'valibot'
import { messageOf } from '../metrics/message-of.js'
import { Subscriptions } from '../metrics/subscriptions.js'

/** Options of `openTelemetryTraces`. */
export interface OpenTelemetryTracesOptions {
  /** By default the global one, at the time of the call. */
  tracerProvider?: TracerProvider | undefined
  /** Also makes a span for every `get`, which costs more than a lookup in memory; false by default. */
  gets?: boolean | undefined
}

const optionsSchema = v.strictObject({
  tracerProvider: v.optional(
    v.custom<TracerProvider>(
      (value) => typeof (value as TracerProvider | null)?.getTracer === 'function',
      'must be a tracer provider',
    ),
    () => trace.getTracerProvider(),
  ),
  gets: v.optional(v.boolean('must be true or false'), false),
})

type Operation = keyof DiagnosticsTraces

const OPERATIONS: readonly Operation[] = [
  'get-many',
  'scan',
  'search',
  'open',
  'refresh',
  'shard-open',
  'store-request',
  'build',
  'update',
  'shard-write',
]

/**
 * Makes a span of each operation of readers and builds of this thread: batches, scans, searches,
 * opened readers and shards, refreshes, requests, builds, updates. Start and end are those of the operation.
 *
 * Spans are children of the active span of the caller, and of the operation that started them.
 * Attributes start with `shardyfusion.`; they have no keys, values or secrets. Errors:
 * SHARD_INVALID_OPTION.
 *
 * @example
 * const traces = openTelemetryTraces({ tracerProvider })
 */
export function openTelemetryTraces(options: OpenTelemetryTracesOptions = {}): {
  /** Stops; spans of running operations end with them. Idempotent. */
  close(): void
} {
  const { tracerProvider, gets } = parseOptions(optionsSchema, options, 'openTelemetryTraces')
  const tracer = tracerProvider.getTracer('shardyfusion')
  const events = new Subscriptions()
  const current = new AsyncLocalStorage<Running>()
  for (const operation of gets ? ([...OPERATIONS, 'get'] as const) : OPERATIONS)
    traceOperation(operation, tracer, current, events)
  return { close: () => events.close() }
}

type Message = TraceEnd & Readonly<Record<string, unknown>>

/** An operation that others may be part of. */
interface Running {
  readonly span: Span
  readonly context: Context
  /** The active span of its caller. */
  readonly caller: Span | undefined
  hasEnded: boolean
}

function traceOperation(
  operation: Operation,
  tracer: Tracer,
  current: AsyncLocalStorage<Running>,
  events: Subscriptions,
): void {
  const all = new Map<object, Running>()
  const channel = tracingChannel(`shardyfusion:${operation}`)
  const kind = operation === 'store-request' ? SpanKind.CLIENT : SpanKind.INTERNAL
  let isClosed = false
  channel.start.bindStore(current, (message) => {
    const parent = parentOf(current.getStore())
    const attributes = attributesOf(message as Message)
    const span = tracer.startSpan(`shardyfusion.${operation}`, { kind, attributes }, parent)
    const caller = trace.getSpan(context.active())
    const running = { span, context: trace.setSpan(parent, span), caller, hasEnded: false }
    all.set(message as object, running)
    return running
  })
  const end = (ended: unknown): void => {
    const message = ended as Message
    const running = all.get(message)
    if (running === undefined) return
    all.delete(message)
    running.hasEnded = true
    const { span } = running
    span.setAttributes(attributesOf(message))
    if ('error' in message) fail(span, message.error)
    span.end()
    if (isClosed && all.size === 0) channel.asyncEnd.unsubscribe(end)
  }
  channel.asyncEnd.subscribe(end)
  events.add(() => {
    isClosed = true
    channel.start.unbindStore(current)
    // Spans of running operations end with these.
    if (all.size === 0) channel.asyncEnd.unsubscribe(end)
  })
}

/** The operation that this one is part of, or the active span of the caller. */
function parentOf(running: Running | undefined): Context {
  const active = context.active()
  // A timer that an operation has set outlives it.
  if (running === undefined || running.hasEnded) return active
  // A caller's own span within the operation is closer.
  return trace.getSpan(active) === running.caller ? running.context : active
}

function attributesOf(message: Message): Attributes {
  const attributes: Attributes = {}
  for (const [name, value] of Object.entries(message)) {
    if (name === 'durationMs' || name === 'error' || value === undefined) continue
    const isUrl = name === 'url' || name === 'prefix' || name === 'manifestRef'
    const safe = isUrl ? safeUrl(value as string) : (value as string | number | boolean)
    attributes[`shardyfusion.${NAMES[name] ?? name}`] = safe
  }
  return attributes
}

/** Attributes are in snake case. */
const NAMES: Readonly<Record<string, string>> = {
  runId: 'run_id',
  manifestRef: 'manifest_ref',
  topK: 'top_k',
  shardsQueried: 'shards_queried',
  fellBack: 'fell_back',
}

function fail(span: Span, error: unknown): void {
  const { code } = (error ?? {}) as { code?: unknown }
  const text = messageOf(error)
  span.recordException(isError(error) ? error : text)
  if (typeof code === 'string') span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: text })
}
