import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { SnapshotReader, updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { openTelemetryTraces } from '@shardyfusion/telemetry/opentelemetry'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

function started(t: TestContext, options: { gets?: boolean } = {}) {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const traces = openTelemetryTraces({ tracerProvider, ...options })
  t.after(() => traces.close())
  const tracer = tracerProvider.getTracer('test')
  return { traces, tracer, spans: () => exporter.getFinishedSpans() }
}

let prefixes = 0
async function published(): Promise<string> {
  const prefix = `memory://otel-traces-${++prefixes}`
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  return prefix
}

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan[] =>
  spans.filter((span) => span.name === `shardyfusion.${name}`)

test('traces: operations nest below the active span of the caller', async (t) => {
  const { tracer, spans } = started(t)
  const prefix = await published()
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  const request = tracer.startSpan('request')
  await context.with(trace.setSpan(context.active(), request), () => reader.getMany([1, 2]))
  request.end()
  const [batch] = named(spans(), 'get-many')
  assert.equal(batch!.parentSpanContext?.spanId, request.spanContext().spanId)
  assert.equal(batch!.attributes['shardyfusion.prefix'], prefix)
  assert.equal(batch!.attributes['shardyfusion.keys'], 2)
  assert.equal(batch!.attributes['shardyfusion.found'], 1)
  const [shard] = named(spans(), 'shard-open')
  assert.equal(shard!.parentSpanContext?.spanId, batch!.spanContext().spanId)
  const requests = named(spans(), 'store-request').filter(
    (span) => span.parentSpanContext?.spanId === shard!.spanContext().spanId,
  )
  assert.ok(requests.length > 0)
  for (const span of requests) {
    // Not back-dated: the child starts and ends within its parent.
    assert.ok(ms(span.startTime) >= ms(shard!.startTime) && ms(span.endTime) <= ms(shard!.endTime))
  }
  assert.equal(named(spans(), 'get').length, 0)
})

test('traces: the builds, their shards and requests are one trace', async (t) => {
  const { spans } = started(t)
  await published()
  const [build] = named(spans(), 'build')
  const [shard] = named(spans(), 'shard-write')
  assert.equal(shard!.parentSpanContext?.spanId, build!.spanContext().spanId)
  assert.equal(build!.attributes['shardyfusion.rows'], 1)
  assert.equal(shard!.attributes['shardyfusion.batches'], 1)
  assert.equal(build!.status.code, SpanStatusCode.UNSET)
})

test('traces: an update is one trace, with its shards', async (t) => {
  const prefix = await published()
  const { spans } = started(t)
  await updateSnapshot([[1, 'two']] as const, { prefix, values: 'utf8' })
  const [update] = named(spans(), 'update')
  const [shard] = named(spans(), 'shard-write')
  assert.equal(shard!.parentSpanContext?.spanId, update!.spanContext().spanId)
  assert.equal(update!.attributes['shardyfusion.changes'], 1)
})

test('traces: gets have spans if they are asked for, with errors', async (t) => {
  const { spans } = started(t, { gets: true })
  await using reader = await SnapshotReader.open({ prefix: await published() })
  await reader.get(1)
  await assert.rejects(reader.get(-1))
  const [one, failed] = named(spans(), 'get')
  assert.equal(one!.attributes['shardyfusion.found'], true)
  assert.equal(failed!.status.code, SpanStatusCode.ERROR)
  assert.equal(failed!.attributes['error.type'], 'SHARD_INVALID_KEY')
  assert.equal(failed!.events[0]!.name, 'exception')
})

test('traces: a timer that an opening has set is not part of it', async (t) => {
  const { spans } = started(t)
  const prefix = await published()
  let reader: SnapshotReader | undefined
  await new Promise<void>((resolve, reject) => {
    const onError = reject
    void SnapshotReader.open({ prefix, autoRefresh: { everyMs: 5, onError } }).then((opened) => {
      reader = opened
      const look = (): void => {
        if (named(spans(), 'refresh').length > 0) resolve()
        else setImmediate(look)
      }
      look()
    }, reject)
  })
  await reader!.close()
  for (const refresh of named(spans(), 'refresh'))
    assert.equal(refresh.parentSpanContext, undefined)
})

test('traces: closing ends them, and running operations end their spans', async (t) => {
  const { traces, spans } = started(t)
  await using reader = await SnapshotReader.open({ prefix: await published() })
  const scan = reader.scanIter()
  await scan.next()
  traces.close()
  traces.close()
  await reader.getMany([1])
  assert.equal(named(spans(), 'get-many').length, 0)
  assert.equal(named(spans(), 'scan').length, 0)
  await scan.return()
  assert.equal(named(spans(), 'scan').length, 1)
})

function ms([seconds, nanos]: ReadableSpan['startTime']): number {
  return seconds * 1000 + nanos / 1e6
}
