import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { userPath } from './command-line.js'

/** A work folder: the given one, which is kept, or a temporary one, which is removed unless `keep` is set. */
export class WorkFolder {
  readonly path: string
  readonly kept: boolean

  private constructor(path: string, kept: boolean) {
    this.path = path
    this.kept = kept
  }

  static async open(path: string | undefined, keep = false): Promise<WorkFolder> {
    if (path === undefined) {
      return new WorkFolder(await mkdtemp(join(tmpdir(), 'shardyfusion-quickstart-')), keep)
    }
    const given = userPath(path)
    await mkdir(given, { recursive: true })
    return new WorkFolder(given, true)
  }

  /** The URL of a path in the folder, for use as a prefix. */
  url(name: string): string {
    return pathToFileURL(join(this.path, name)).href
  }

  async release(): Promise<void> {
    if (!this.kept) await rm(this.path, { recursive: true, force: true })
  }
}
