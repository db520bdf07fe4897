import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../../', import.meta.url)

/** A Python that can import the module: the one of the repository's virtualenv, or the first on PATH. */
export function pythonWith(module: string): string | undefined {
  const inVenv = [new URL('.venv/bin/python', ROOT), new URL('.venv/Scripts/python.exe', ROOT)]
  const candidates = [...inVenv.map((url) => fileURLToPath(url)).filter(existsSync), 'python3']
  const probe = `import sys\nimport importlib.util as u\nsys.exit(u.find_spec("${module}") is None)`
  return candidates.find(
    (python) => spawnSync(python, ['-c', probe], { stdio: 'ignore' }).status === 0,
  )
}
