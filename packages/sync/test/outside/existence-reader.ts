// A reader of another package: it answers whether keys exist, and remembers the answers of the open snapshot.
import {
  encodeLookupKey,
  type EngineReader,
  type Key,
  type SessionOptions,
  type SessionSnapshot,
  SnapshotSession,
} from '@shardyfusion/core/extend'

/** By stored key in hexadecimal digits. */
type Answers = Map<string, boolean>

export class ExistenceReader implements AsyncDisposable {
  readonly #session: SnapshotSession<Answers>
  readonly info: SnapshotSession['info']
  readonly health: SnapshotSession['health']
  readonly refresh: SnapshotSession['refresh']
  readonly close: SnapshotSession['close']

  private constructor(session: SnapshotSession<Answers>) {
    this.#session = session
    this.info = () => session.info()
    this.health = (options) => session.health(options)
    this.refresh = (options) => session.refresh(options)
    this.close = session.close
  }

  static async open(options: SessionOptions): Promise<ExistenceReader> {
    const session = await SnapshotSession.open<Answers>(options, {
      name: 'ExistenceReader',
      attach: () => new Map(),
      detach: (answers) => answers.clear(),
    })
    return new ExistenceReader(session)
  }

  has(key: Key): Promise<boolean> {
    return this.#session.use((snapshot) => exists(snapshot, key), 'has')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function exists(snapshot: SessionSnapshot<Answers>, key: Key): Promise<boolean> {
  const { manifest, router, extra: answers } = snapshot
  const stored = encodeLookupKey(key, manifest.keyEncoding, 'ExistenceReader.has')
  const name = Buffer.from(stored).toString('hex')
  const known = answers.get(name)
  if (known !== undefined) return known
  const shard = router.route(key)
  const isEmpty = manifest.entries[shard]!.url === undefined
  const look = (reader: EngineReader) => reader.getMany([stored])
  const [value] = isEmpty ? [] : await snapshot.use(shard, look)
  answers.set(name, value !== undefined)
  return value !== undefined
}
