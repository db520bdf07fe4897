interface Fs {
  openSync(path: string, flags: string): number
  closeSync(file: number): void
}

/** The modules of Node without an import, which other platforms could not resolve. */
interface ProcessWithModules {
  getBuiltinModule?(name: 'node:fs'): Fs
}

/** Returns false if this process, or the system, allows fewer than `count` more open files. */
export function canOpenFiles(count = 1): boolean {
  const { process } = globalThis as { process?: ProcessWithModules }
  const fs = process?.getBuiltinModule?.('node:fs')
  if (fs === undefined) return true
  const opened: number[] = []
  try {
    while (opened.length < count) opened.push(fs.openSync('.', 'r'))
    return true
  } catch (error) {
    const { code } = error as { code?: string }
    return code !== 'EMFILE' && code !== 'ENFILE'
  } finally {
    for (const file of opened) fs.closeSync(file)
  }
}
