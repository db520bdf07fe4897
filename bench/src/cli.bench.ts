// How much slower is the command line than the library, to start and to build from newline-delimited JSON on stdin? And how
// long do imports of the libraries take?
//
//   npm run bench -- cli
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { record } from './support/record.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

const ROWS = SHORT ? 20_000 : 1_000_000
const ROUNDS = SHORT ? 1 : 3
const STARTS = SHORT ? 2 : 9
/** Limits as multiples of `node -e 0`. */
const MAX_IMPORT = 2
const MAX_HELP = 3
const MAX_GET = 3
const MIN_BUILD = 0.7

const CLI = dirname(createRequire(import.meta.url).resolve('@shardyfusion/cli/package.json'))
const SHARDY = join(CLI, 'dist/bin.js')
// Certificates that Node 20 reads at every start would take most of the time, and make the ratios look good.
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env
const LIBRARY = fileURLToPath(new URL('support/ndjson-build-child.js', import.meta.url))

/** Milliseconds from the start to the end of a process. */
async function time(args: readonly string[], input?: string): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: ENVIRONMENT,
  })
  if (input === undefined) child.stdin.end()
  else createReadStream(input).pipe(child.stdin)
  const [code] = (await once(child, 'close')) as [number]
  assert.equal(code, 0, args.join(' '))
  return performance.now() - startedAt
}

/** A program that imports a package and ends. */
function imported(folder: string, name: string): string {
  const path = join(folder, `${name.replace('/', '-')}.mjs`)
  writeFileSync(path, `import ${JSON.stringify(import.meta.resolve(name))}\n`)
  return path
}

async function writeRows(path: string): Promise<void> {
  const file = createWriteStream(path)
  for (let id = 0; id < ROWS; id++) {
    const row = { id, name: `name ${id}`, score: (id * 7919) % 10_007, text: 'x'.repeat(60) }
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** Times several command lines in alternation, so that other load affects all of them. Returns medians. */
async function inTurn(rounds: number, lines: Record<string, () => Promise<number>>) {
  const times: Record<string, number[]> = {}
  for (let i = 0; i < rounds; i++)
    for (const [name, run] of Object.entries(lines)) (times[name] ??= []).push(await run())
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
}

function verdict(held: boolean): string {
  return SHORT ? 'short run, no verdict' : held ? 'held' : 'missed'
}

await withTempDir(async ({ path, url }) => {
  const input = join(path, 'rows.ndjson')
  await writeRows(input)
  const build = (name: string, args: readonly string[]) => async () => {
    rmSync(join(path, name), { recursive: true, force: true })
    return time(args, input)
  }
  const shardyBuild = [
    SHARDY,
    'build',
    '-p',
    url('cli'),
    '-k',
    'id',
    '--shards',
    '8',
    '--no-progress',
  ]
  const builds = await inTurn(ROUNDS, {
    library: build('library', [LIBRARY, url('library'), '8']),
    shardy: build('cli', shardyBuild),
  })
  const rate = builds['library']! / builds['shardy']!
  console.log(`\n  ${ROWS} rows of newline-delimited JSON from stdin, processes from start to end`)
  for (const [name, ms] of Object.entries(builds))
    console.log(`    ${name.padEnd(8)} ${rounded(ROWS / ms)}k rows/s`)
  console.log(
    `    ${rounded(rate)} of the library's rate; at least ${MIN_BUILD}: ${verdict(rate >= MIN_BUILD)}`,
  )

  const get = [SHARDY, 'get', '-p', url('cli'), '4999']
  const starts = await inTurn(STARTS, {
    'node -e 0': () => time(['-e', '0']),
    'import core': () => time([imported(path, '@shardyfusion/core')]),
    'import sync': () => time([imported(path, '@shardyfusion/sync')]),
    'shardy --help': () => time([SHARDY, '--help']),
    'shardy get': () => time(get),
  })
  const bare = starts['node -e 0']!
  const limits: Record<string, number> = {
    'import core': MAX_IMPORT,
    'import sync': MAX_IMPORT,
    'shardy --help': MAX_HELP,
    'shardy get': MAX_GET,
  }
  console.log('\n  from start to end')
  for (const [name, ms] of Object.entries(starts)) {
    const limit = limits[name]
    const bound = limit === undefined ? '' : `; at most ${limit}: ${verdict(ms <= limit * bare)}`
    console.log(
      `    ${name.padEnd(14)} ${rounded(ms)} ms, ${rounded(ms / bare)} times node -e 0${bound}`,
    )
  }
  record({ title: 'the command line', rows: ROWS, builds, rate: rounded(rate), starts })
})
