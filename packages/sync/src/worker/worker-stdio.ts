import { writeSync } from 'node:fs'

/**
 * Prints the output of this worker in order and without delay.
 *
 * Node sends a worker's output over a port to its parent, which is blocked during a call, and loses it at exit. It is
 * therefore written directly to the descriptors of the process.
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
      // A full non-blocking pipe: wait for its reader. Other errors, such as a closed pipe, must not end the worker.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      pause(1)
    }
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
