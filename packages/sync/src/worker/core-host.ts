// Long because one host object opens everything that calls work on.

import type * as core from '@shardyfusion/core'
import type { EngineLimits, ResumableScan, ShardEngine } from '@shardyfusion/core/extend'
import {
  packErrors,
  resolveEngine,
  StoredValues,
  type UpdaterFacts,
  updaterFacts,
  vectorEngine,
} from '@shardyfusion/core/internal'
import { ShardReader, SnapshotReader } from '@shardyfusion/core/internal-read'
import type * as Maintain from '@shardyfusion/core/maintain'
import type { VectorReader, VectorReaderOptions, WriteVectorsOptions } from '@shardyfusion/vector'
import type { WorkerHost } from './call-server.js'
import type { WorkerLink } from './worker-link.js'
import {
  CLOSE,
  type EventMail,
  type ListenerName,
  type PutMail,
  type ScanCredit,
  type ScanParking,
  type VectorMail,
} from '../protocol/streams.js'
import type { LoadedOptions, WireOptions } from '../protocol/wire-options.js'
import { Handles, type Openable } from './handles.js'
import { type LoadedParts, loadParts } from './load-parts.js'
import { putChanges, putChunk, putRows } from './put-rows.js'
import { PutQueue } from './put-queue.js'
import { ScanProducer } from './scan-producer.js'
import { loadVectorPackage } from './load-vector-package.js'
import { type PlacedVector, VectorBuild } from './vector-build.js'
import { WriterHandle } from './writer-handle.js'

/** Facts about an opened object, for the caller. */
export interface Opened {
  readonly opened: number
  readonly keyEncoding: core.KeyEncoding
}

export interface OpenedSnapshot extends Opened {
  readonly prefix: string
}

export interface OpenedShard extends Opened {
  readonly url: string
}

export interface OpenedUpdater extends UpdaterFacts {
  readonly opened: number
  readonly runId: string
  readonly baseRunId: string
}

export interface OpenedWriter extends Opened {
  readonly limits: EngineLimits | undefined
}

/** Loaded on demand: a thread that only reads answers its first call sooner. */
function loadWriters(): Promise<typeof core> {
  return import('@shardyfusion/core')
}

class ShardWriterHandle extends WriterHandle<core.ShardWriter> {}
class SnapshotWriterHandle extends WriterHandle<core.SnapshotWriter> {}
class SnapshotUpdaterHandle extends WriterHandle<core.SnapshotUpdater> {}

/** The host object of `protocol/calls.ts`: core and the open objects. */
export class CoreHost implements WorkerHost {
  /** A native engine with a call under way takes the process with it when its thread ends. */
  mustDrain = false
  readonly #link: WorkerLink
  readonly #handles = new Handles()
  /** Parts made for what is open, by its id. */
  readonly #parts = new Map<number, Pick<LoadedParts<unknown>, 'close'>>()

  constructor(link: WorkerLink) {
    this.#link = link
  }

  async openShardReader(
    id: number,
    options: WireOptions<core.ShardReaderOptions>,
    signal: AbortSignal,
  ): Promise<OpenedShard> {
    const reader = await this.#withParts(id, options, 'ShardReader.open', async (parts, where) =>
      ShardReader.open({ ...parts, engine: await this.#engine(parts, where), signal }),
    )
    this.#add(id, reader)
    return { opened: id, url: reader.url, keyEncoding: reader.keyEncoding }
  }

  async openSnapshotReader(
    id: number,
    options: WireOptions<core.SnapshotReaderOptions>,
    signal: AbortSignal,
  ): Promise<OpenedSnapshot> {
    // The caller decodes, because bytes cross threads cheaply, and caches values in its thread.
    const here = { keys: 'bytes', valueCacheBytes: 0, signal } as const
    const reader = await this.#withParts(
      id,
      options,
      'SnapshotReader.open',
      async (parts, where) => {
        await this.#engine(parts, where)
        return SnapshotReader.open({ ...parts, ...here, values: storedValues(parts.values) })
      },
    )
    this.#add(id, reader)
    this.noteSnapshot(reader)
    return { opened: id, keyEncoding: reader.keyEncoding, prefix: reader.stats().prefix }
  }

  async openShardWriter(
    id: number,
    options: WireOptions<core.ShardWriterOptions>,
    signal: AbortSignal,
  ): Promise<OpenedShard & OpenedWriter & { maxBatchEntries: number; maxBatchBytes: number }> {
    const stop = new AbortController()
    let limits: EngineLimits | undefined
    const writer = await this.#withParts(id, options, 'ShardWriter.open', async (parts, where) => {
      const engine = await this.#engine(parts, where)
      limits = engine.limits
      const { ShardWriter } = await loadWriters()
      return ShardWriter.open({ ...parts, engine, signal: either(signal, stop) })
    })
    const queue = new PutQueue<PutMail>(this.#link, id, (mail) => putChunk(writer, mail))
    this.#addWriter(id, new ShardWriterHandle(writer, queue, stop), queue)
    const { url, keyEncoding } = writer
    const { maxBatchEntries = 10_000, maxBatchBytes = 128 * 1024 } = options
    return { opened: id, url, keyEncoding, limits, maxBatchEntries, maxBatchBytes }
  }

  async openSnapshotWriter(
    id: number,
    options: WireOptions<core.SnapshotWriterOptions>,
    hears: readonly ListenerName[],
    signal: AbortSignal,
  ): Promise<OpenedWriter & { runId: string }> {
    const stop = new AbortController()
    let limits: EngineLimits | undefined
    const writer = await this.#withParts(
      id,
      options,
      'SnapshotWriter.open',
      async (parts, where) => {
        const engine = await this.#engine(parts, where)
        limits = engine.limits
        const { SnapshotWriter } = await loadWriters()
        return SnapshotWriter.open({
          ...parts,
          engine,
          values: storedValues(parts.values),
          signal: either(signal, stop),
          ...this.listeners(id, hears),
        })
      },
    )
    const queue = new PutQueue<PutMail>(this.#link, id, (mail) =>
      mail.rows === undefined ? putChunk(writer, mail) : putRows(writer, mail, mail.rows),
    )
    this.#addWriter(id, new SnapshotWriterHandle(writer, queue, stop), queue)
    const { keyEncoding = 'u64be' } = options
    return { opened: id, keyEncoding, runId: writer.runId, limits }
  }

  async openSnapshotUpdater(
    id: number,
    options: WireOptions<core.SnapshotUpdaterOptions>,
    hears: readonly ListenerName[],
    signal: AbortSignal,
  ): Promise<OpenedUpdater> {
    const stop = new AbortController()
    const where = 'SnapshotUpdater.open'
    const updater = await this.#withParts(id, options, where, async (parts) => {
      if (parts.engine !== undefined) this.#note(parts.engine)
      const { SnapshotUpdater } = await loadWriters()
      return SnapshotUpdater.open({
        ...parts,
        values: storedValues(parts.values),
        signal: either(signal, stop),
        ...this.listeners(id, hears),
      })
    })
    const queue = new PutQueue<PutMail>(this.#link, id, (mail) => putChanges(updater, mail))
    this.#addWriter(id, new SnapshotUpdaterHandle(updater, queue, stop), queue)
    const { runId, baseRunId } = updater
    // Its engine is that of the snapshot, which may be one of native code.
    this.mustDrain ||= updater[updaterFacts].format !== 'slatedb'
    return { opened: id, runId, baseRunId, ...updater[updaterFacts] }
  }

  maintain(): Promise<typeof Maintain> {
    return import('@shardyfusion/core/maintain')
  }

  snapshotUpdater(id: number): SnapshotUpdaterHandle {
    return this.#handles.get(id, SnapshotUpdaterHandle)
  }

  async openVectorReader(
    id: number,
    options: WireOptions<VectorReaderOptions>,
    signal: AbortSignal,
  ): Promise<{ opened: number; prefix: string }> {
    const where = 'VectorReader.open'
    const { VectorReader } = await loadVectorPackage(where)
    const reader = await this.#withParts(id, options, where, (parts) =>
      VectorReader.open({ ...parts, signal }),
    )
    this.#add(id, reader)
    this.mustDrain ||= reader.info().shardFormat !== 'sqlite-vec'
    return { opened: id, prefix: reader.stats().prefix }
  }

  vectorReader(id: number): VectorReader {
    return this.#handles.find(id, 'VectorReader', isVectorReader)
  }

  async openVectorBuild(
    id: number,
    options: WireOptions<WriteVectorsOptions<unknown>>,
    hears: readonly ListenerName[],
    signal: AbortSignal,
  ): Promise<{ opened: number }> {
    const where = 'writeVectors'
    const { writeVectors } = await loadVectorPackage(where)
    const stop = new AbortController()
    const build = await this.#withParts(id, options, where, async (parts) => {
      await this.#engine({ ...parts, vector: true }, where)
      const given = {
        ...parts,
        context: ({ columns }: PlacedVector) => columns ?? {},
        signal: either(signal, stop),
        ...this.listeners(id, hears),
      } as WriteVectorsOptions<PlacedVector>
      const started = new VectorBuild((records) => writeVectors(records, given), stop)
      await started.started()
      return started
    })
    const queue = new PutQueue<VectorMail>(this.#link, id, (mail) => build.put(mail))
    build.startWith(queue)
    this.#add(id, build, (body) => queue.push(body as VectorMail))
    return { opened: id }
  }

  vectorBuild(id: number): VectorBuild {
    return this.#handles.get(id, VectorBuild)
  }

  /** Runs a function of core with the parts its options describe. */
  async run<O, R>(
    options: WireOptions<O>,
    work: (loaded: LoadedOptions<O>) => Promise<R>,
  ): Promise<R> {
    const parts = await loadParts(options, 'options')
    try {
      // Most functions need no engine, so none is loaded for this.
      if (parts.options.engine !== undefined) this.#note(parts.options.engine)
      return await work(parts.options)
    } finally {
      await parts.close()
    }
  }

  /** A snapshot may be of another format than the default, and choose an engine of native code. */
  noteSnapshot(reader: core.SnapshotReader<unknown>): void {
    this.mustDrain ||= reader.info().shardFormat !== 'slatedb'
  }

  startScan(id: number, scan: ResumableScan): { opened: number } {
    const producer = new ScanProducer(this.#link, id, scan)
    this.#add(id, producer, (body) => producer.take(body as ScanCredit | ScanParking))
    return { opened: id }
  }

  /** Callbacks that forward to the caller's. */
  listeners(
    to: number,
    hears: readonly ListenerName[],
  ): Partial<Record<ListenerName, (value: unknown) => void>> {
    const told = hears.map((event) => [
      event,
      (value: unknown): void =>
        this.#link.post(to, { event, value: packErrors(value) } satisfies EventMail),
    ])
    return Object.fromEntries(told) as Partial<Record<ListenerName, (value: unknown) => void>>
  }

  shardReader(id: number): core.ShardReader {
    return this.#handles.get(id, ShardReader)
  }

  snapshotReader(id: number): core.SnapshotReader {
    return this.#handles.get(id, SnapshotReader)
  }

  shardWriter(id: number): ShardWriterHandle {
    return this.#handles.get(id, ShardWriterHandle)
  }

  snapshotWriter(id: number): SnapshotWriterHandle {
    return this.#handles.get(id, SnapshotWriterHandle)
  }

  /** Closes something; returns the last counts of a reader. */
  async closeHandle(
    id: number,
    reason?: unknown,
  ): Promise<core.ReaderStats | core.ShardReaderStats | undefined> {
    this.#link.inboxes.delete(id)
    try {
      return await this.#handles.close(id, reason)
    } finally {
      await this.#release(id)
    }
  }

  /** The object was opened for a call that was aborted in the meantime. */
  discard(result: unknown): void {
    const { opened } = (result ?? {}) as { opened?: unknown }
    if (typeof opened === 'number')
      this.#link.track(
        this.closeHandle(opened).then(
          () => {},
          () => {},
        ),
      )
  }

  async close(): Promise<void> {
    await this.#handles.closeAll()
    for (const id of this.#parts.keys()) await this.#release(id).catch(() => {})
  }

  /** Opens something with the parts its options describe, which are released after it. */
  async #withParts<O, T>(
    id: number,
    options: WireOptions<O>,
    where: string,
    open: (parts: LoadedOptions<O>, where: string) => Promise<T>,
  ): Promise<T> {
    const parts = await loadParts(options, where)
    try {
      const opened = await open(parts.options, where)
      this.#parts.set(id, parts)
      return opened
    } catch (error) {
      await parts.close()
      throw error
    }
  }

  /** The engine of the options, or the default. */
  async #engine(
    { engine, vector }: { readonly engine?: ShardEngine | undefined; readonly vector?: unknown },
    where: string,
  ): Promise<ShardEngine> {
    const settled =
      engine ??
      (vector === undefined ? await resolveEngine(undefined, where) : await vectorEngine(where))
    this.#note(settled)
    return settled
  }

  #note({ supports }: ShardEngine): void {
    this.mustDrain ||= supports.interruptible !== true
  }

  async #release(id: number): Promise<void> {
    const parts = this.#parts.get(id)
    this.#parts.delete(id)
    await parts?.close()
  }

  #add(id: number, open: Openable, onMail?: (body: unknown) => void): void {
    this.#handles.add(id, open)
    this.#link.inboxes.set(id, (body) => {
      if (body === CLOSE) this.discard({ opened: id })
      else onMail?.(body)
    })
  }

  #addWriter(
    id: number,
    handle: ShardWriterHandle | SnapshotWriterHandle | SnapshotUpdaterHandle,
    queue: PutQueue<PutMail>,
  ): void {
    this.#add(id, handle, (body) => queue.push(body as PutMail))
  }
}

/** Values stay bytes in this thread; only the names of their format matter. */
function storedValues(given: core.ValuesOption | undefined): StoredValues {
  return typeof given === 'object'
    ? new StoredValues(given.name, given.reads)
    : StoredValues.of(given ?? 'bytes')
}

function isVectorReader(open: Openable): open is VectorReader {
  return 'route' in open
}

/** Aborts with the opening call, or later with the build. */
function either(opening: AbortSignal, stop: AbortController): AbortSignal {
  opening.addEventListener('abort', () => stop.abort(opening.reason), { once: true })
  return stop.signal
}
