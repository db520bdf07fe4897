import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { pythonWith } from '@shardyfusion/test-support/python-with'

/** An S3 server with an empty bucket for this test file. */
export interface S3Server {
  readonly endpoint: string
  readonly bucket: string
  /** What to connect with. */
  readonly s3: S3Options
  /** True if it stores keys as paths of files. */
  readonly isPosix?: boolean
}

/** A server process of ours. */
export interface MotoServer {
  readonly endpoint: string
  stop(): Promise<void>
  /** Lets this process end while the server runs, which then ends, too. */
  unref(): void
}

const ENDPOINT = process.env['SHARDYFUSION_TEST_S3_ENDPOINT']
const REQUIRED = process.env['SHARDYFUSION_REQUIRE_S3'] === '1'
const LAUNCHER = fileURLToPath(new URL('../../test/support/s3-server.py', import.meta.url))
const START_TIMEOUT_MS = 60_000
const HOW =
  'needs an S3 server: run `npm run setup:s3` once, which installs moto into .venv, or set ' +
  'SHARDYFUSION_TEST_S3_ENDPOINT (with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) to one that runs'

/**
 * Registers tests that need a real S3 server; without one they are skipped with a line that says how to get one,
 * or fail where SHARDYFUSION_REQUIRE_S3=1.
 */
export async function withS3Server(
  name: string,
  register: (server: S3Server) => unknown,
): Promise<void> {
  const python = ENDPOINT === undefined ? pythonWithMoto() : undefined
  if (ENDPOINT === undefined && python === undefined) {
    test(`${name} on S3`, { skip: REQUIRED ? false : HOW }, () => {
      throw new Error(HOW)
    })
    return
  }
  const endpoint = ENDPOINT ?? (await startForThisProcess())
  const credentials = {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'test-key-id',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'test-secret',
  }
  const s3: S3Options = { endpoint, region: 'us-east-1', credentials }
  const bucket = `shardyfusion-${randomUUID()}`
  await createBucket(s3, bucket)
  await register({ endpoint, bucket, s3 })
}

async function startForThisProcess(): Promise<string> {
  // No hook: Node 20 runs those of a file when its tests so far have ended, which may be before the rest is registered.
  const server = await startMoto()
  server.unref()
  return server.endpoint
}

/** Starts moto; it also ends when this process does, however that comes about. */
export async function startMoto(args: readonly string[] = []): Promise<MotoServer> {
  const python = pythonWithMoto()
  if (python === undefined) throw new Error(HOW)
  // Its log goes to stderr, a line for each request, and must be read to the end.
  const child = spawn(python, [LAUNCHER, ...args], { stdio: ['pipe', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const endpoint = await announcedEndpoint(child)
  return {
    endpoint,
    stop: async () => {
      child.stdin.end()
      await exited
    },
    unref: () => {
      child.unref()
      for (const pipe of [child.stdin, child.stderr]) (pipe as Socket).unref()
    },
  }
}

function announcedEndpoint(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = ''
    const timer = setTimeout(() => {
      child.kill()
      reject(new Error(`moto did not start within ${START_TIMEOUT_MS} ms:\n${log}`))
    }, START_TIMEOUT_MS)
    child.stderr?.on('data', (piece: Buffer) => {
      if (log === '#') return
      log += piece.toString()
      const [, endpoint] = /Running on (https?:\/\/\S+)\s/.exec(log) ?? []
      if (endpoint === undefined) return
      log = '#'
      clearTimeout(timer)
      resolve(endpoint)
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`moto ended with ${code}:\n${log}`))
    })
  })
}

/** A Python that can import moto's server. */
export function pythonWithMoto(): string | undefined {
  return pythonWith('moto.server')
}

/** Creates a bucket over the given connection, whatever certificate the server shows. */
export async function createBucket(s3: S3Options, bucket: string): Promise<void> {
  const client = new S3Client({
    endpoint: s3.endpoint!,
    region: s3.region!,
    forcePathStyle: true,
    requestHandler: { httpsAgent: { rejectUnauthorized: false } },
    credentials: { ...(s3.credentials as { accessKeyId: string; secretAccessKey: string }) },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } finally {
    client.destroy()
  }
}
