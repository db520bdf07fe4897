import { writeSync } from 'node:fs'

/**
 * Makes what this worker prints appear at once and in order.
 *
 * A worker's output travels over a port to its parent, which is blocked while it waits for a call, and is lost when
 * it exits: so it goes straight to the descriptors of the process.
 */
export function printDirectly(): void {
  direct(process.stdout, 1)
  direct(process.stderr, 2)
}

type Done = (error?: Error | null) => void

function direct(stream: NodeJS.WriteStream, descriptor: number): void {
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | Done,
    done?: Done,
  ): boolean => {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
        : chunk
    writeAll(descriptor, bytes)
    const after = typeof encoding === 'function' ? encoding : done
    if (after !== undefined) process.nextTick(after)
    return true
  }
  stream.write = write as typeof stream.write
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at)
    } catch (error) {
      // A pipe that is full and not blocking: its reader needs a moment. Anything else, such as a reader that
      // has gone, must not end the worker.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      pause(1)
    }
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
