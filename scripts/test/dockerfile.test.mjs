import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { capture } from '../lib/exec.mjs'
import { ROOT } from '../lib/paths.mjs'
import { packForRelease } from '../lib/release/pack-for-release.mjs'
import { copyPrograms, inImage, runDockerfile } from './run-dockerfile.mjs'
import { folder } from './support.mjs'

const npm = findNpm()
const skip = !(Number(process.env['SHARDYFUSION_SOAK']) > 0)
  ? 'runs in the long form of the tests (SHARDYFUSION_SOAK=1)'
  : process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'needs root on Linux, for chroot'
    : npm === undefined
      ? 'found no npm next to this Node'
      : false

test(
  'Dockerfile: its steps make an image whose command builds and reads a snapshot, without root',
  { skip },
  (t) => {
    const dir = folder(t, {})
    packForRelease(ROOT, join(dir, 'context/release'))
    const image = runDockerfile({
      file: join(ROOT, 'Dockerfile'),
      context: join(dir, 'context'),
      folder: dir,
      bases: {
        'node:24-bookworm-slim': debian,
        'gcr.io/distroless/nodejs24-debian12:nonroot': distroless,
      },
    })
    assert.equal(image.user, '65532:65532')

    const data = join(image.root, 'data')
    chmodSync(data, 0o777)
    writeFileSync(join(data, 'rows.ndjson'), '{"id":42,"name":"rope"}\n{"id":7,"name":"sail"}\n')
    const shardy = (/** @type {string[]} */ ...words) =>
      inImage(image, [...image.entrypoint, ...words])
    const built = shardy('build', 'rows.ndjson', '--key', 'id', '--prefix', 'snap', '--no-progress')
    assert.equal(built.code, 0, built.output)
    assert.deepEqual(shardy('get', '42', '--prefix', 'snap'), {
      code: 0,
      output: '{"id":42,"name":"rope"}\n',
    })
    assert.match(shardy(...image.cmd).output, /^Usage: shardy/m)

    // Nothing outside of the mounted folder can be changed.
    const outside = shardy(
      'build',
      'rows.ndjson',
      '--key',
      'id',
      '--prefix',
      '/opt/snap',
      '--no-progress',
    )
    assert.notEqual(outside.code, 0, outside.output)
    assert.equal(existsSync(join(image.root, 'opt/snap')), false)
    const size = Number(capture('du', ['-sk', join(image.root, 'opt')]).stdout.split('\t')[0])
    assert.ok(size < 60_000, `expected less than 60 MB next to Node, got ${size} KB`)
  },
)

/** Fills the root folder of an image with Node, npm, a shell and the programs of the first stage. */
function debian(/** @type {string} */ root) {
  const names = ['sh', 'ls', 'grep', 'sha256sum', 'env']
  copyPrograms(root, {
    ...Object.fromEntries(names.map((name) => [`/usr/bin/${name}`, which(name)])),
    '/usr/local/bin/node': process.execPath,
  })
  symlinkSync('usr/bin', join(root, 'bin'))
  cpSync(npm ?? '', join(root, 'usr/local/lib/node_modules/npm'), {
    recursive: true,
    dereference: true,
  })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  // The network and the registry of this machine.
  for (const file of [
    '/etc/resolv.conf',
    '/etc/hosts',
    '/etc/nsswitch.conf',
    '/etc/ssl/certs/ca-certificates.crt',
  ]) {
    if (!existsSync(file)) continue
    mkdirSync(dirname(join(root, file)), { recursive: true })
    cpSync(realpathSync(file), join(root, file))
  }
  for (const library of ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']) {
    const path = join('/lib/x86_64-linux-gnu', library)
    if (existsSync(path)) cpSync(realpathSync(path), join(root, 'lib/x86_64-linux-gnu', library))
  }
  const registry = capture('npm', ['config', 'get', 'registry']).stdout.trim()
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true })
  writeFileSync(
    join(root, 'usr/local/etc/npmrc'),
    `registry=${registry}\ncafile=/etc/ssl/certs/ca-certificates.crt\nfetch-timeout=30000\nfetch-retries=1\n`,
  )
  passwd(root, 'root:x:0:0::/root:/bin/sh\n')
}

/** Fills the root folder of an image with Node and nothing else. */
function distroless(/** @type {string} */ root) {
  copyPrograms(root, { '/nodejs/bin/node': process.execPath })
  passwd(root, 'nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n')
}

function passwd(/** @type {string} */ root, /** @type {string} */ text) {
  for (const name of ['etc', 'tmp', 'root', 'dev']) mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), text)
  chmodSync(join(root, 'tmp'), 0o777)
  capture('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3'])
}

function which(/** @type {string} */ name) {
  return capture('sh', ['-c', `command -v ${name}`]).stdout.trim()
}

function findNpm() {
  const bin = which('npm')
  const path = bin === '' ? '' : join(dirname(realpathSync(bin)), '..')
  return existsSync(join(path, 'bin/npm-cli.js')) ? path : undefined
}
