// How fast does `shardy serve` answer GETs, compared with Redis on the same core? Needs redis-server and redis-benchmark.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'
import { command, RedisClient } from './support/redis-client.js'
import { record } from './support/record.js'
import { scatteredKeys, VALUE_BYTES, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 1_000_000
const GETS = SHORT ? 2_000 : 500_000
const ROUNDS = SHORT ? 1 : 5
const PACED_SECONDS = SHORT ? 1 : 4
const CHECKED = SHORT ? 100 : 10_000
const CACHE_BYTES = 256 * 2 ** 20
const REPLY_BYTES = VALUE_BYTES + `$${VALUE_BYTES}\r\n\r\n`.length
/** Ticks of /proc/<pid>/stat. */
const TICK_MS = 10

/** The server and the load generator run on different cores, as on a machine with two. */
const CORES = availableParallelism() > 1 && isInstalled('taskset')
const onCore = (core: number, program: string, args: readonly string[]): [string, string[]] =>
  CORES ? ['taskset', ['-c', String(core), program, ...args]] : [program, [...args]]

interface Contender {
  readonly name: string
  readonly port: number
  readonly child: ChildProcess
  readonly perSecond: number[]
  readonly cpuMicros: number[]
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

function keyOf(i: number): string {
  return `key:${String(i).padStart(12, '0')}`
}

async function startOurs(name: string, prefix: string, cacheBytes: number): Promise<Contender> {
  const script = fileURLToPath(new URL('./support/serve-child.js', import.meta.url))
  const [program, args] = onCore(0, process.execPath, [script, prefix, String(cacheBytes)])
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { name, child, port: Number(line.toString()), perSecond: [], cpuMicros: [] }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function startRedis(port: number): Promise<Contender> {
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const [program, args] = onCore(0, 'redis-server', options)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const part of child.stdout.setEncoding('utf8'))
    if (String(part).includes('Ready to accept connections')) break
  child.stdout.resume()
  const client = await RedisClient.open(port, '+OK\r\n'.length)
  for (let from = 0; from < ROWS; from += 1000) {
    const count = Math.min(1000, ROWS - from)
    const sets = Array.from({ length: count }, (_, i) =>
      command('SET', keyOf(from + i), valueOf(from + i)),
    )
    await client.send(Buffer.concat(sets), count)
  }
  client.close()
  return { name: 'Redis', child, port, perSecond: [], cpuMicros: [] }
}

/** Compares replies with the rows, and fills caches: every row is read once. */
async function checkAndWarm({ port, name }: Contender): Promise<void> {
  const client = await RedisClient.open(port, REPLY_BYTES)
  for (let from = 0; from < ROWS; from += 500) {
    const count = Math.min(500, ROWS - from)
    await client.send(
      Buffer.concat(Array.from({ length: count }, (_, i) => command('GET', keyOf(from + i)))),
      count,
    )
  }
  client.close()
  const { Redis } = await import('ioredis')
  const redis = new Redis(port)
  for (const key of scatteredKeys(CHECKED, ROWS))
    assert.deepEqual(await redis.getBuffer(keyOf(key)), Buffer.from(valueOf(key)), name)
  assert.equal(await redis.get('key:none'), null)
  redis.disconnect()
}

/** User and system time of a process so far. */
function cpuMs(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function runRound({ port, child, perSecond, cpuMicros }: Contender): void {
  const options = [
    '-p',
    String(port),
    '-c',
    '16',
    '-P',
    '16',
    '-n',
    String(GETS),
    '-r',
    String(ROWS),
  ]
  const [program, args] = onCore(1, 'redis-benchmark', [
    ...options,
    '--csv',
    'GET',
    'key:__rand_int__',
  ])
  const before = cpuMs(child)
  const csv = execFileSync(program, args, { encoding: 'utf8', timeout: 300_000 })
  cpuMicros.push(((cpuMs(child) - before) * 1000) / GETS)
  perSecond.push(Number(/"GET [^"]*","([0-9.]+)"/.exec(csv)![1]))
}

/** Of pipelines, in ms. */
interface Latency {
  readonly p50: number
  readonly p99: number
}

function medianOf(rounds: readonly Latency[]): Latency {
  return {
    p50: rounded(median(rounds.map(({ p50 }) => p50))),
    p99: rounded(median(rounds.map(({ p99 }) => p99))),
  }
}

async function paced({ port }: Contender, perSecond: number): Promise<Latency> {
  const script = fileURLToPath(new URL('./support/paced-child.js', import.meta.url))
  const numbers = [port, ROWS, Math.round(perSecond), PACED_SECONDS, REPLY_BYTES].map(String)
  const [program, args] = onCore(1, process.execPath, [script, ...numbers])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return JSON.parse(line.toString()) as Latency
}

const isPossible =
  process.platform === 'linux' && isInstalled('redis-benchmark') && isInstalled('redis-server')
if (!isPossible)
  console.log('  skipped: needs Linux, redis-server and redis-benchmark (Debian: redis-server)')
else {
  await withTempDir(async ({ url }) => {
    const prefix = url('snapshot')
    const records = Array.from({ length: ROWS }, (_, i) => ({ key: keyOf(i), value: valueOf(i) }))
    await writeSnapshot(records, {
      prefix,
      keyEncoding: 'utf8',
      sharding: { shards: 4 },
      key: 'key',
      value: 'value',
    })
    const redis = await startRedis(await freePort())
    const cached = await startOurs('shardy serve, replies cached', prefix, CACHE_BYTES)
    const engine = await startOurs('shardy serve, no cache of replies', prefix, 0)
    const all = [redis, cached, engine]
    try {
      for (const contender of all) await checkAndWarm(contender)
      for (let round = 0; round < ROUNDS; round++) for (const contender of all) runRound(contender)
      console.log(
        `\n  GETs over Redis, 16 connections, 16 in a pipeline, ${ROWS.toLocaleString('en')} rows of ${VALUE_BYTES} bytes`,
      )
      for (const { name, perSecond, cpuMicros } of all) {
        const figures = {
          name,
          perSecond: rounded(median(perSecond)),
          cpuMicros: rounded(median(cpuMicros)),
        }
        console.log(
          `    ${name.padEnd(34)} ${figures.perSecond.toLocaleString('en').padStart(9)} a second, ${figures.cpuMicros} µs of processor time each`,
        )
        record({ bench: 'serve', ...figures })
      }
      // Ratios within one round: the rounds of a busy machine differ.
      const ratio = median(cached.perSecond.map((value, i) => value / redis.perSecond[i]!))
      holdTo({
        what: 'GETs a second, compared with Redis',
        value: ratio,
        unit: 'times',
        atLeast: 0.5,
      })
      // The median of rounds: one pause of the machine is the p99 of a round, of Redis too.
      const load = median(cached.perSecond) / 2
      const [ours, theirs] = [[], []] as [Latency[], Latency[]]
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await paced(cached, load))
        theirs.push(await paced(redis, load))
      }
      const half = medianOf(ours)
      const same = medianOf(theirs)
      console.log(
        `    at half of that load: median ${half.p50} ms; Redis at the same load: median ${same.p50} ms, p99 ${same.p99} ms`,
      )
      record({ bench: 'serve', redisAtHalfLoadMs: same })
      holdTo({ what: 'p99 at half load', value: half.p99, unit: 'ms', atMost: 5 })
    } finally {
      for (const { child } of all) child.kill('SIGKILL')
    }
  })
}
