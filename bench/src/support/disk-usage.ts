import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface DiskUsage {
  readonly files: number
  readonly bytes: number
}

/** The number of files below a folder, and their bytes. */
export async function diskUsage(folder: string): Promise<DiskUsage> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const stats = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))))
  return { files: files.length, bytes: stats.reduce((sum, { size }) => sum + size, 0) }
}
