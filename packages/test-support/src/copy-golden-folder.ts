import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** The part of a store that a copy needs. */
interface Target {
  put(url: string, bytes: Uint8Array): Promise<unknown>
}

/**
 * Copies a snapshot of the Python project from its folder to a prefix, without the file of expected answers.
 *
 * Names in the folder have "-" for the ":" of times, because not every system can check those out.
 */
export async function copyGoldenFolder(
  folder: string,
  objects: Target,
  prefix: string,
): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const file of files) {
    if (!file.isFile() || file.name === 'expected.json') continue
    const path = join(file.parentPath ?? file.path, file.name)
    const key = relative(folder, path).split(sep).join('/')
    const restored = key.replace(/(T\d\d)-(\d\d)-(\d\d\.)/g, '$1:$2:$3')
    await objects.put(`${prefix}/${restored}`, new Uint8Array(await readFile(path)))
  }
}
