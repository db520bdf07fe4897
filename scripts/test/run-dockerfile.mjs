import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const RUN_IN_FOLDER = `
  const [, folder, command, ...args] = process.argv
  process.chdir(folder)
  const { status } = require('node:child_process').spawnSync(command, args, { stdio: 'inherit' })
  process.exit(status ?? 1)`

/**
 * What an image says about its processes.
 * @typedef {{ root: string, env: Record<string, string>, workdir: string, user: string, entrypoint: string[], cmd: string[] }} Image
 */

/**
 * Executes a Dockerfile with chroot, for machines without a container runtime. Needs root on Linux. Knows the instructions
 * that our Dockerfile uses, and fails on others.
 *
 * @param {{ file: string, context: string, folder: string, bases: Readonly<Record<string, (root: string) => void>> }} options
 * `bases` fills the root folder of each image that the file starts from
 * @returns {Image} of the last stage
 */
export function runDockerfile({ file, context, folder, bases }) {
  /** @type {Map<string, Image>} */
  const stages = new Map()
  /** @type {Image | undefined} */
  let image
  for (const { instruction, rest } of instructions(readFileSync(file, 'utf8'))) {
    if (instruction === 'FROM') {
      const [base = '', , name = String(stages.size)] = rest.split(/\s+/)
      const fill = bases[base]
      if (fill === undefined) throw new Error(`FROM ${base}: the test has no such image`)
      const root = join(folder, `stage-${stages.size}`)
      mkdirSync(root, { recursive: true })
      fill(root)
      image = { root, env: {}, workdir: '/', user: '0:0', entrypoint: [], cmd: [] }
      stages.set(name, image)
      continue
    }
    if (image === undefined) throw new Error(`${instruction} comes before FROM`)
    const { root } = image
    if (instruction === 'COPY') {
      const [, stage, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest) ?? []
      const from = stage === undefined ? context : stages.get(stage)?.root
      const [source = '', target = ''] = paths.split(/\s+/)
      if (from === undefined) throw new Error(`COPY ${rest}: no such stage`)
      const into =
        /\.\w+$/.test(source) && target.endsWith('/')
          ? join(target, source.split('/').at(-1) ?? '')
          : target
      mkdirSync(dirname(join(root, into)), { recursive: true })
      cpSync(join(from, source), join(root, into), { recursive: true })
    } else if (instruction === 'RUN') {
      const { code, output } = inImage({ ...image, user: '0:0' }, ['/bin/sh', '-c', rest])
      if (code !== 0) throw new Error(`RUN ${rest}: exit code ${code}\n${output}`)
    } else if (instruction === 'WORKDIR') {
      image.workdir = rest
      mkdirSync(join(root, rest), { recursive: true })
    } else if (instruction === 'ENV') {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(rest) ?? []
      image.env[name] = value
    } else if (instruction === 'USER') {
      const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
        .split('\n')
        .find((each) => each.startsWith(`${rest}:`))
      const [, , uid, gid] = line?.split(':') ?? []
      if (uid === undefined) throw new Error(`USER ${rest}: the image has no such user`)
      image.user = `${uid}:${gid}`
    } else if (instruction === 'ENTRYPOINT') image.entrypoint = JSON.parse(rest)
    else if (instruction === 'CMD') image.cmd = JSON.parse(rest)
    else throw new Error(`the test does not know ${instruction}`)
  }
  if (image === undefined) throw new Error('the file has no FROM')
  return image
}

/**
 * Runs a program in an image, as its user; of an environment of the host it sees nothing.
 *
 * @param {Image} image
 * @param {readonly string[]} words
 */
export function inImage({ root, env, workdir, user }, words) {
  const all = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', ...env }
  const [command = '', ...args] = words
  // An image without a shell has Node.
  const inside = existsSync(join(root, 'bin/sh'))
    ? ['/bin/sh', '-c', 'cd "$0" && exec "$@"', workdir, command, ...args]
    : ['/nodejs/bin/node', '-e', RUN_IN_FOLDER, workdir, command, ...args]
  const child = spawnSync(
    existsSync('/usr/sbin/chroot') ? '/usr/sbin/chroot' : '/usr/bin/chroot',
    [`--userspec=${user}`, root, ...inside],
    {
      env: all,
      encoding: 'utf8',
      timeout: 180_000,
    },
  )
  return { code: child.status ?? 1, output: `${child.stdout}${child.stderr}` }
}

/** Copies programs of this machine and the libraries that they need. */
export function copyPrograms(
  /** @type {string} */ root,
  /** @type {Readonly<Record<string, string>>} */ programs,
) {
  for (const [target, source] of Object.entries(programs)) {
    copyInto(root, realpathSync(source), target)
    const { stdout } = spawnSync('ldd', [source], { encoding: 'utf8' })
    for (const [path] of stdout.matchAll(/\/\S+/g)) {
      if (!existsSync(join(root, path))) copyInto(root, realpathSync(path), path)
    }
  }
}

function copyInto(
  /** @type {string} */ root,
  /** @type {string} */ source,
  /** @type {string} */ target,
) {
  const path = resolve(root, `.${target}`)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(source, path)
  chmodSync(path, 0o755)
}

/** The instructions of a Dockerfile, without comments. */
function instructions(/** @type {string} */ text) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
      return { instruction, rest }
    })
}
