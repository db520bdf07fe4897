import type { ListedObject, ObjectStore as ShardStore } from 'slatedb-wasm'
import { sha256 } from '#node/text/sha256'
import { compareSeal, damagedShard, type SealComparison } from '../../engine/compare-seal.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { namesTable, newestManifest } from '../slatedb-seal.js'

/**
 * Gives access to the objects of a shard as they were sealed; an object that changed is an error
 * when the shard is opened.
 *
 * It adds no requests: it checks the listing and the manifest that the engine fetches anyway. Later
 * manifests (checkpoints of SlateDB's native readers, compactions of another tool) are hidden while
 * everything sealed is there. If not, the shard was rewritten, and its newest manifest is read
 * unchanged, provided that every table it names exists.
 */
export class SealedObjects implements ShardStore {
  readonly #store: ShardStore
  readonly #seal: ShardSeal
  /** Path of the manifest that was sealed. */
  readonly #manifest: string
  readonly #url: string
  readonly #where: string
  /** Of tables only: a manifest is compared with the seal. */
  readonly readNow?: ShardStore['readNow']
  #comparison: SealComparison | undefined

  constructor(store: ShardStore, seal: ShardSeal, manifest: string, url: string, where: string) {
    this.#store = store
    this.#seal = seal
    this.#manifest = manifest
    this.#url = url
    this.#where = where
    if (store.readNow !== undefined) {
      this.readNow = (path, start, target) => store.readNow!(path, start, target)
    }
  }

  async list(prefix: string): Promise<ListedObject[]> {
    const listed: ListedObject[] = []
    for await (const object of await this.#store.list(prefix)) listed.push(object)
    // The engine reports a shard that does not exist.
    if (prefix !== '' || listed.length === 0) return listed
    const isSealed = this.#isComplete(listed) || (await this.#check(listed))
    const isLater = ({ path }: ListedObject): boolean => path > this.#manifest && isManifest(path)
    return isSealed && listed.some(isLater) ? listed.filter((object) => !isLater(object)) : listed
  }

  get(path: string, start: number, end?: number): ReturnType<ShardStore['get']> {
    const reading = this.#store.get(path, start, end)
    return start === 0 && isManifest(path) ? this.#checked(path, reading) : reading
  }

  head(path: string): ReturnType<ShardStore['head']> {
    return this.#store.head(path)
  }

  put(path: string, bytes: Uint8Array, ifAbsent: boolean): ReturnType<ShardStore['put']> {
    return this.#store.put(path, bytes, ifAbsent)
  }

  delete(path: string): ReturnType<ShardStore['delete']> {
    return this.#store.delete(path)
  }

  /** Returns the bytes of a manifest, after comparing them with the seal. */
  async #checked(
    path: string,
    reading: ReturnType<ShardStore['get']>,
  ): Promise<Uint8Array | undefined> {
    const bytes = await reading
    if (bytes === undefined) return undefined
    const sealed = this.#seal.objects[path]
    if (sealed === undefined) this.#checkRewritten(path, bytes)
    else if (bytes.length !== sealed.bytes) {
      throw this.#damaged([`${path} has ${bytes.length} bytes instead of ${sealed.bytes}`])
    } else if (sealed.sha256 !== undefined && (await sha256(bytes)) !== sealed.sha256) {
      throw this.#damaged([`${path} has different content`])
    }
    return bytes
  }

  /** Returns true if every sealed object is listed: the usual case, checked in one pass. */
  #isComplete(listed: readonly ListedObject[]): boolean {
    const { objects, folders } = this.#seal
    if (folders !== undefined) return false
    let left = Object.keys(objects).length
    for (const { path, size } of listed) if (objects[path]?.bytes === size) left--
    return left === 0
  }

  /** Returns true if the sealed manifest is the one to read, false if the newest is. */
  async #check(listed: readonly ListedObject[]): Promise<boolean> {
    const sizes = new Map(listed.map(({ path, size }) => [path, size]))
    const comparison = await compareSeal(this.#seal, sizes)
    this.#comparison = comparison
    const { problems, supersededBy } = comparison
    if (problems.length === 0) return true
    if (supersededBy === undefined) throw this.#damaged(problems)
    return false
  }

  /** Checks a manifest of another tool: if it names a missing table, the shard is damaged. */
  #checkRewritten(path: string, bytes: Uint8Array): void {
    const { missing = [], supersededBy } = this.#comparison ?? {}
    if (path !== supersededBy) return
    const gone = missing.filter((table) => namesTable(bytes, table))
    if (gone.length > 0) throw this.#damaged(gone.map((table) => `${table} is missing`))
  }

  #damaged(problems: readonly string[]): Error {
    return damagedShard(this.#where, this.#url, problems)
  }
}

function isManifest(path: string): boolean {
  return path.startsWith('manifest/') && newestManifest([path]) !== undefined
}
