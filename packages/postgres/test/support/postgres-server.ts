import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

/** A running server with an empty database. */
export interface PostgresServer {
  /** Such as `PostgreSQL 15.9`. */
  readonly version: string
  readonly host: string
  readonly port: number
  /** The connection without a password, which the server does not ask for. */
  readonly url: string
  /** False for PGlite, which serves one session at a time. */
  readonly isReal: boolean
  stop(): Promise<void>
}

const START_LIMIT_MS = 30_000

/**
 * Starts PostgreSQL if it is installed, otherwise PGlite behind a socket.
 *
 * With `SHARDYFUSION_REQUIRE_POSTGRES=1`, a missing PostgreSQL is an error. `SHARDYFUSION_PGLITE=1`
 * chooses PGlite.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = process.env['SHARDYFUSION_PGLITE'] === '1' ? undefined : findPrograms()
  if (programs !== undefined) return startReal(programs)
  if (process.env['SHARDYFUSION_REQUIRE_POSTGRES'] === '1')
    throw new Error('SHARDYFUSION_REQUIRE_POSTGRES=1: PostgreSQL is not installed')
  return startPglite()
}

/** The folder of `initdb` and `postgres`: that of Debian's newest version, or on PATH. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}

async function startReal(programs: string): Promise<PostgresServer> {
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? ownerOfPostgres() : undefined
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-postgres-'))
  const data = join(folder, 'data')
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  const initdb = ['-D', data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--no-sync']
  execFileSync(join(programs, 'initdb'), initdb, { ...owner, cwd: folder, stdio: 'pipe' })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])]
  const child = spawn(join(programs, 'postgres'), args, { ...owner, cwd: folder, stdio: 'ignore' })
  const stop = async (): Promise<void> => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const version = await untilAnswers(port, child)
    return { ...addressOf(port), version, isReal: true, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function ownerOfPostgres(): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim())
  return { uid: id('-u'), gid: id('-g') }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  // Immediate shutdown: nothing of the data is needed any more.
  child.kill('SIGQUIT')
  await exited
}

async function untilAnswers(port: number, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + START_LIMIT_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`postgres ended with code ${child.exitCode}`)
    const client = new pg.Client({ connectionString: addressOf(port).url })
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query('SHOW server_version')
      return `PostgreSQL ${String((rows[0] as Record<string, unknown>)['server_version'])}`
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
}

async function startPglite(): Promise<PostgresServer> {
  const { PGlite } = await import('@electric-sql/pglite')
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const db = await PGlite.create()
  const port = await freePort()
  const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 50 })
  await server.start()
  const stop = async (): Promise<void> => {
    await server.stop()
    await db.close()
  }
  return { ...addressOf(port), version: 'PGlite', isReal: false, stop }
}

function addressOf(port: number): { host: string; port: number; url: string } {
  const host = '127.0.0.1'
  return { host, port, url: `postgres://tester@${host}:${port}/postgres` }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
