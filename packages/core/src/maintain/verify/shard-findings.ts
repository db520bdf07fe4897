import type { FindingKind, VerifyFinding } from './verify-types.js'

const MAX_KEYS = 5

/** Collects the findings of one shard: one of each kind, counted, with the first few keys. */
export class ShardFindings {
  readonly #shard: number
  readonly #byKind = new Map<
    FindingKind,
    { -readonly [K in keyof VerifyFinding]: VerifyFinding[K] }
  >()

  constructor(shard: number) {
    this.#shard = shard
  }

  get size(): number {
    return this.#byKind.size
  }

  has(kind: FindingKind): boolean {
    return this.#byKind.has(kind)
  }

  /** `key` describes the affected key; it is called only for the first few of a kind. */
  add(
    kind: FindingKind,
    message: () => string,
    key?: () => string,
    severity: VerifyFinding['severity'] = 'error',
    error?: unknown,
  ): void {
    let found = this.#byKind.get(kind)
    if (found === undefined) {
      found = { shard: this.#shard, kind, severity, count: 0, message: message(), keys: [], error }
      this.#byKind.set(kind, found)
    }
    found.count++
    if (severity === 'error') found.severity = severity
    if (key !== undefined && found.keys.length < MAX_KEYS) found.keys = [...found.keys, key()]
  }

  list(): VerifyFinding[] {
    return [...this.#byKind.values()]
  }
}
