import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

/** The environment of the figures, stored in every record. */
export interface Environment {
  readonly commit: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** Runnable processes, averaged over the last minute. Above `cores`, absolute times are unreliable. */
  readonly load: number
}

export function environment(): Environment {
  return {
    commit: commit(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: load(),
  }
}

/** The load average of the last minute, to one decimal. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10
}

/** The commit of the figures, marked if the sources differ from it. */
function commit(): string {
  try {
    const git = (...args: string[]): string => {
      const options = { encoding: 'utf8' as const, stdio: 'pipe' as const }
      return execFileSync('git', args, options).trim()
    }
    const changed = git('status', '--porcelain', '--', 'packages', 'bench/src')
    return git('rev-parse', '--short=10', 'HEAD') + (changed === '' ? '' : '+changes')
  } catch {
    return 'unknown'
  }
}
