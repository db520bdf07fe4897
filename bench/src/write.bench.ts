// How long does it take to build a shard, and a snapshot?
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BareDb,
  openDb,
  openReader,
  scan,
  scanMerged,
  type Visit,
  write,
} from './support/bare.js'
import { compare } from './support/compare.js'
import {
  buildShard,
  buildSnapshot,
  describeRows,
  ENGINES,
  plainShardOf,
  ROWS,
  SHARDS,
} from './support/data.js'
import { digestOf } from './support/digest.js'
import { storedKey, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { type TempDir, withTempDir } from './support/temp-dir.js'

// The settings of our native engine. Otherwise the comparison would measure settings.
const BULK_SETTINGS = { wal_enabled: false, compactor_options: null }
// The sample is small, because an awaited put waits for a flush of the log.
const SINGLE_PUTS = SHORT ? 2 : 20

const ids = Array.from({ length: ROWS }, (_, i) => i)

await withTempDir(async (dir) => {
  const fresh = freshNames(dir)
  await compare({
    title: `a shard: ${describeRows()}`,
    unit: 'row',
    units: ROWS,
    longRounds: 3,
    contenders: [
      {
        name: 'bare: batches of 10,000',
        run: () => bareBuild([fresh()], {}, () => 0),
        answer: () => written(fresh(), (url) => bareBuild([url], {}, () => 0)),
      },
      {
        name: 'bare: the same, without a log',
        run: () => bareBuild([fresh()], BULK_SETTINGS, () => 0),
        answer: () => written(fresh(), (url) => bareBuild([url], BULK_SETTINGS, () => 0)),
      },
      {
        name: 'bare: await db.put() row by row',
        units: SINGLE_PUTS,
        run: () => putOneByOne(fresh()),
      },
      ...ENGINES.map((engine) => ({
        name: `ShardWriter.put, seal, ${engine}`,
        run: () => buildShard(fresh(), { engine }),
        answer: () => written(fresh(), (url) => buildShard(url, { engine })),
      })),
    ],
  })

  const bareSnapshot = (
    urls: readonly string[],
    settings: Readonly<Record<string, unknown>>,
  ): Promise<void> => bareBuild(urls, settings, plainShardOf)
  const freshShards = (): string[] => Array.from({ length: SHARDS }, fresh)
  await compare({
    title: `a snapshot of ${SHARDS} shards: ${describeRows()}`,
    unit: 'row',
    units: ROWS,
    longRounds: 3,
    contenders: [
      {
        name: 'bare: hash, batches of 10,000',
        run: () => bareSnapshot(freshShards(), {}),
        answer: async () => {
          const urls = freshShards()
          await bareSnapshot(urls, {})
          return digestOf((visit) => scanShards(urls, visit))
        },
      },
      {
        name: 'bare: the same, without a log',
        run: () => bareSnapshot(freshShards(), BULK_SETTINGS),
      },
      ...ENGINES.map((engine) => ({
        name: `writeSnapshot, ${engine}`,
        run: () => buildSnapshot(fresh(), { engine }),
        answer: async () => {
          const urls = await buildSnapshot(fresh(), { engine })
          return digestOf((visit) => scanShards(urls, visit))
        },
      })),
    ],
  })
})

/** Returns URLs of new subfolders. Removes old ones if there are many. */
function freshNames(dir: TempDir): () => string {
  const old: string[] = []
  let made = 0
  return () => {
    const name = `build-${made++}`
    old.push(name)
    if (old.length > 4 * SHARDS)
      rmSync(join(dir.path, old.shift()!), { recursive: true, force: true })
    return dir.url(name)
  }
}

/** Builds one database per URL, with all rows in tables. */
async function bareBuild(
  urls: readonly string[],
  settings: Readonly<Record<string, unknown>>,
  routeTo: (id: number) => number,
): Promise<void> {
  const dbs: BareDb[] = []
  for (const url of urls) dbs.push(await openDb(url, settings))
  await write(
    dbs.map(({ db }) => db),
    ids,
    routeTo,
  )
  await Promise.all(dbs.map(({ db }) => db.flush_with_options({ flush_type: 'MemTable' })))
  for (const db of dbs) await db.close()
}

async function putOneByOne(url: string): Promise<void> {
  const { db, close } = await openDb(url)
  for (let i = 0; i < SINGLE_PUTS; i++) await db.put(storedKey(i), valueOf(i))
  await close()
}

async function written(url: string, build: (url: string) => Promise<void>): Promise<string> {
  await build(url)
  return digestOf((visit) => scanShards([url], visit))
}

async function scanShards(urls: readonly string[], visit: Visit): Promise<void> {
  const opened = await Promise.all(urls.map(openReader))
  await (opened.length === 1
    ? scan(opened[0]!.reader, visit)
    : scanMerged(
        opened.map(({ reader }) => reader),
        visit,
      ))
  for (const reader of opened) await reader.close()
}
