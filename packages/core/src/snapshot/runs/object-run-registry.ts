import { invalidOption, notFound } from '../../errors/error-factories.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { RUNS } from '../layout.js'
import { isBelow, lastSegment, validateRunId, validateSegment } from '../../store/urls.js'
import { describeUrl } from '../../text/describe-url.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { nowMicros } from '../../text/timestamps.js'
import { parseRunDir, runDir, runRecordUrl, runsUrl } from './run-layout.js'
import {
  decodeRunRecord,
  encodeRunRecord,
  MAX_RUN_RECORD_BYTES,
  RUN_RECORD_CONTENT_TYPE,
} from './run-record-yaml.js'
import type { RunRecord } from './run-record.js'
import type { RunRef, RunRegistry } from './run-registry.js'

export interface ObjectRunRegistryOptions {
  /** The segment below the prefix that holds the records; `runs` by default. */
  readonly registryPrefix?: string | undefined
}

/**
 * Stores run records as objects below a snapshot's prefix, one YAML file each.
 *
 * Source: wire-format §8; peer `S3RunRegistry`.
 */
export class ObjectRunRegistry implements RunRegistry {
  readonly #objects: ObjectStore
  readonly #prefix: string
  readonly #registryPrefix: string

  constructor(objects: ObjectStore, prefix: string, options: ObjectRunRegistryOptions = {}) {
    this.#objects = objects
    this.#prefix = prefix
    this.#registryPrefix = validateSegment(
      options.registryPrefix ?? RUNS,
      'ObjectRunRegistry: registryPrefix',
    )
  }

  async create(record: RunRecord, options: ObjectCallOptions = {}): Promise<string> {
    validateRunId(record.runId, 'ObjectRunRegistry.create: runId')
    const dir = runDir(nowMicros(), record.runId, newOpaqueId())
    const ref = runRecordUrl(this.#prefix, this.#registryPrefix, dir)
    await this.#put(ref, record, options)
    return ref
  }

  async update(ref: string, record: RunRecord, options: ObjectCallOptions = {}): Promise<void> {
    await this.#put(this.#own(ref, 'update'), record, options)
  }

  async load(ref: string, options: ObjectCallOptions = {}): Promise<RunRecord> {
    const where = 'ObjectRunRegistry.load'
    // One byte more than allowed shows that an object is too large.
    const range = { start: 0, end: MAX_RUN_RECORD_BYTES + 1 }
    const bytes = await this.#objects.get(this.#own(ref, 'load'), { ...options, range })
    if (bytes !== undefined) return decodeRunRecord(bytes, `${where}: ${describeUrl(ref)}`)
    throw notFound(where, `the run record ${describeUrl(ref)} does not exist`, { peer: null })
  }

  async delete(ref: string, options: ObjectCallOptions = {}): Promise<void> {
    await this.#objects.delete(this.#own(ref, 'delete'), options)
  }

  async list(options: ObjectCallOptions = {}): Promise<RunRef[]> {
    const urls = await this.#objects.listPrefixes(
      runsUrl(this.#prefix, this.#registryPrefix),
      options,
    )
    const refs = urls.flatMap((url) => {
      const dir = lastSegment(url)
      const parsed = parseRunDir(dir)
      if (parsed === undefined) return []
      return [{ ref: runRecordUrl(this.#prefix, this.#registryPrefix, dir), ...parsed }]
    })
    // A stable sort: records of the same microsecond stay in order of name.
    return refs.sort((a, b) =>
      a.createdMicros === b.createdMicros ? 0 : a.createdMicros < b.createdMicros ? 1 : -1,
    )
  }

  async #put(ref: string, record: RunRecord, { signal }: ObjectCallOptions): Promise<void> {
    await this.#objects.put(ref, encodeRunRecord(record), {
      contentType: RUN_RECORD_CONTENT_TYPE,
      signal,
    })
  }

  #own(ref: string, method: string): string {
    const root = runsUrl(this.#prefix, this.#registryPrefix)
    if (isBelow(ref, root)) return ref
    throw invalidOption(
      `ObjectRunRegistry.${method}`,
      `ref must be below ${root}, got ${describeUrl(ref)}; take it from list()`,
      { peer: 'ValueError' },
    )
  }
}
