import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { createBucket, type S3Server } from './s3-server.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const REQUIRED = process.env['SHARDYFUSION_REQUIRE_VERSITYGW'] === '1'
const IN_REPOSITORY = fileURLToPath(new URL('../../../../.tools/versitygw', import.meta.url))
const HOW =
  'needs versitygw, a second S3 server: run `npm run setup:versitygw` once, which needs Go, or put it on PATH'
const START_TIMEOUT_MS = 20_000
/** A port may be taken between the choice and the start. */
const STARTS = 3
const KEYS = { accessKeyId: 'test-key-id', secretAccessKey: 'test-secret' }

/**
 * Registers tests that run on versitygw, an S3 server over a folder that checks signatures; without
 * it they are skipped with a line that says how to get it, or fail where
 * SHARDYFUSION_REQUIRE_VERSITYGW=1.
 */
export async function withVersitygw(
  name: string,
  register: (server: S3Server) => unknown,
): Promise<void> {
  const program = [IN_REPOSITORY, 'versitygw'].find(
    (file) => (file !== IN_REPOSITORY || existsSync(file)) && runs(file),
  )
  if (program === undefined) {
    test(`${name} on versitygw`, { skip: REQUIRED ? false : HOW }, () => {
      throw new Error(HOW)
    })
    return
  }
  const endpoint = await startVersitygw(program)
  const s3: S3Options = { endpoint, region: 'us-east-1', credentials: KEYS }
  const bucket = `shardyfusion-${randomUUID()}`
  await createBucket(s3, bucket)
  await register({ endpoint, bucket, s3, isPosix: true })
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Starts it on a free port of 127.0.0.1; it ends with this process, however that comes about. */
async function startVersitygw(program: string): Promise<string> {
  for (let start = 1; ; start++) {
    const port = await freePort()
    const folder = tempFolder()
    const [root, metadata] = [join(folder, 'root'), join(folder, 'metadata')]
    for (const made of [root, metadata]) mkdirSync(made)
    // The shell ends the server when its own input ends: that is when this process is gone.
    const script =
      'exec 3<&0; "$@" 3<&- & server=$!; (cat <&3; kill $server) >/dev/null 2>&1 & exec 3<&-; wait $server'
    const args = [
      '--keep-alive',
      '--port',
      `127.0.0.1:${port}`,
      'posix',
      '--sidecar',
      metadata,
      root,
    ]
    const child = spawn('sh', ['-c', script, 'sh', program, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: KEYS.accessKeyId,
        ROOT_SECRET_KEY: KEYS.secretAccessKey,
      },
    })
    try {
      await listening(child)
      child.unref()
      for (const pipe of [child.stdin, child.stdout]) (pipe as Socket | null)?.unref()
      return `http://127.0.0.1:${port}`
    } catch (error) {
      if (start === STARTS) throw error
    }
  }
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    const timer = setTimeout(() => {
      child.kill()
      reject(new Error(`versitygw did not start within ${START_TIMEOUT_MS} ms:\n${log}`))
    }, START_TIMEOUT_MS)
    // Read to the end: it logs a line for each request.
    child.stdout?.on('data', (piece: Buffer) => {
      if (log === '#') return
      log += piece.toString()
      if (!log.includes('listening on')) return
      log = '#'
      clearTimeout(timer)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`versitygw ended with ${code}:\n${log}`))
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
