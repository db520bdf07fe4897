import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FileStore } from '#dist/store/file/file-store.js'

// Both sides of the tests with several processes: run as a program, this file is the child.

const self = fileURLToPath(import.meta.url)

export interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  /** The next line it prints, which must be this one. */
  line(expected: string): Promise<void>
  /** All the lines it still prints, once it has ended well. */
  rest(): Promise<string[]>
}

/** Starts a child that ends with the test. */
export function startChild(t: TestContext, ...args: string[]): Child {
  const child = spawn(process.execPath, [self, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async line(expected) {
      assert.equal((await lines.next()).value, expected)
    },
    async rest() {
      const all: string[] = []
      for (let next = await lines.next(); next.done !== true; next = await lines.next())
        all.push(next.value)
      assert.deepEqual(await exited, [0, null])
      return all
    },
  }
}

/** Puts objects of 256 KiB and a little, over and over, 4 at a time, until killed. */
async function putForEver(root: string): Promise<never> {
  const store = new FileStore()
  for (let round = 0; ; round++) {
    const version = 1 + (round % 250)
    const bytes = new Uint8Array(256 * 1024 + version).fill(version)
    await Promise.all(
      [0, 1, 2, 3].map((i) => store.put(`${root}/d=${i % 2}/${i}`, bytes, { ifAbsent: false })),
    )
    process.stdout.write('put\n')
  }
}

/** Uploads an object in pieces and never completes it. */
async function uploadForEver(root: string): Promise<never> {
  const upload = await new FileStore().upload(`${root}/d/object`)
  for (;;) {
    await upload.write(new Uint8Array(64 * 1024))
    process.stdout.write('written\n')
  }
}

/** Prints `ready`, waits for its input to end, then claims objects and prints the numbers it won. */
async function race(root: string, id: string, names: number): Promise<void> {
  const store = new FileStore()
  process.stdout.write('ready\n')
  process.stdin.resume()
  await once(process.stdin, 'end')
  for (let i = 0; i < names; i++) {
    const won = await store.put(`${root}/${i}`, new TextEncoder().encode(id), { ifAbsent: true })
    if (won) process.stdout.write(`${i}\n`)
  }
}

if (process.argv[1] === self) {
  const [, , task, root = '', id = '', names = ''] = process.argv
  if (task === 'put') await putForEver(root)
  else if (task === 'upload') await uploadForEver(root)
  else await race(root, id, Number(names))
}
