import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeOnce, invalidOption } from '@shardyfusion/core/internal-vector'

/** A folder that does not outlive the process. */
export interface TemporaryFolder {
  readonly path: string
  /** Removes it; idempotent. */
  readonly remove: () => Promise<void>
}

const PREFIX = 'shardyfusion-lancedb-'
/** The name of a folder has the host and the process that use it; other hosts may share its parent. */
const HOST = hostname().replace(/[^\w]/g, '_').slice(0, 64)
/** A folder may be made a little before the time that the clock says the process began. */
const CLOCK_MS = 2000

const open = new Set<string>()
const swept = new Set<string>()
let isWatching = false

export async function openTemporaryFolder(parent: string = tmpdir()): Promise<TemporaryFolder> {
  if (!swept.has(parent)) {
    swept.add(parent)
    await removeAbandoned(parent)
  }
  let path: string
  try {
    path = await mkdtemp(join(parent, `${PREFIX}${HOST}-${process.pid}-`))
  } catch (cause) {
    throw invalidOption(
      'lancedb',
      `temporaryFolder must be a folder that can be written, got ${parent}: ${(cause as Error).message}`,
      { cause },
    )
  }
  if (!isWatching) process.on('exit', removeAll)
  isWatching = true
  open.add(path)
  const remove = closeOnce(async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
    open.delete(path)
  })
  return { path, remove }
}

function removeAll(): void {
  for (const path of open) rmSync(path, { recursive: true, force: true })
}

/** Removes the folders of processes of this host that ended without doing so. */
async function removeAbandoned(parent: string): Promise<void> {
  const own = `${PREFIX}${HOST}-`
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = name.startsWith(own) ? /^(\d+)-/.exec(name.slice(own.length))?.[1] : undefined
    const path = join(parent, name)
    if (pid !== undefined && (await isAbandoned(path, Number(pid))))
      // Another process may remove it at the same time.
      await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

async function isAbandoned(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return !isRunning(pid)
  // A container that starts again may have the number of the process that crashed.
  const made = await stat(path).catch(() => undefined)
  return made !== undefined && made.ctimeMs < Date.now() - process.uptime() * 1000 - CLOCK_MS
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
