// The shared memory of one bridge: Int32 control words, then the areas of requests and replies.
// Words that one side polls while the other writes have separate cache lines (16 words).
//
//   line 0   BOOT
//   line 1   CALL           (seq << 2) | phase; transfers a call from one side to the other
//   line 2   OP FLAGS REQUEST_BYTES CALLER     written by the caller before CALL
//   line 3   WORKER KIND REPLY_BYTES           written by the worker
//   line 4   MAIL           counts what the worker has posted or answered; the caller sleeps on it
//   line 5   WAKE           counts the wake-ups by the caller; the worker sleeps on it
//
// Fixed size; untouched pages cost nothing.

/** Where the worker's start has come to; a `BootState`. */
export const BOOT = 0
export const CALL = 16
export const OP = 32
/** Bits of `Flag`. */
export const FLAGS = 33
/** Bytes in the request area; -1 when the request is in a message. */
export const REQUEST_BYTES = 34
/** Whether the caller may be asleep; a `CallerState`. */
export const CALLER = 35
/** Where the worker looks for work; a `WorkerState`. */
export const WORKER = 48
/** The kind of the reply; a `ReplyKind`. */
export const KIND = 49
export const REPLY_BYTES = 50
export const MAIL = 64
export const WAKE = 80

export const BootState = { starting: 0, ready: 1, failed: 2 } as const
export const CallerState = { spinning: 0, asleep: 1 } as const
/** `loop`: in its event loop, woken by a message; `asleep`: on WAKE; `polling`: checks without a wake-up. */
export const WorkerState = { loop: 0, asleep: 1, polling: 2 } as const
export const ReplyKind = { nothing: 0, inPlace: 1, posted: 2, error: 3 } as const
/** `hot`: calls follow each other closely; `spin`: and spinning for the next has paid off. */
export const Flag = { hot: 1, spin: 2 } as const

/** A call is `pending` until the worker claims it for its reply, or the caller gives it up (`idle`). */
export const Phase = { idle: 0, pending: 1, replying: 2, done: 3 } as const
const PHASE_MASK = 3
const SEQ_MASK = 0x1fff_ffff

const CONTROL_BYTES = 512
export const REQUEST_AREA_BYTES = 64 * 1024
export const REPLY_AREA_BYTES = 64 * 1024
const TOTAL_BYTES = CONTROL_BYTES + REQUEST_AREA_BYTES + REPLY_AREA_BYTES

/** Replies that own their buffer and are larger are moved, which costs the same whatever their size. */
export const MOVE_REPLY_BYTES = 32 * 1024

export function callWord(seq: number, phase: number): number {
  return (seq << 2) | phase
}

export function phaseOf(word: number): number {
  return word & PHASE_MASK
}

export function seqOf(word: number): number {
  return word >>> 2
}

export function nextSeq(seq: number): number {
  return (seq + 1) & SEQ_MASK
}

/** Both sides' view of the shared memory. */
export class SharedArea {
  readonly buffer: SharedArrayBuffer
  readonly control: Int32Array
  readonly request: Uint8Array
  readonly reply: Uint8Array

  constructor(buffer = new SharedArrayBuffer(TOTAL_BYTES)) {
    this.buffer = buffer
    this.control = new Int32Array(buffer, 0, CONTROL_BYTES / 4)
    this.request = new Uint8Array(buffer, CONTROL_BYTES, REQUEST_AREA_BYTES)
    this.reply = new Uint8Array(buffer, CONTROL_BYTES + REQUEST_AREA_BYTES, REPLY_AREA_BYTES)
  }
}

/** A private copy of the first bytes of an area; by hand where it is short, which is much cheaper. */
export function copyOut(area: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (length <= 64) for (let i = 0; i < length; i++) bytes[i] = area[i]!
  else bytes.set(area.subarray(0, length))
  return bytes
}

/** Writes the first bytes of an array to an area. */
export function copyIn(area: Uint8Array, bytes: Uint8Array, length: number): void {
  if (length <= 64) for (let i = 0; i < length; i++) area[i] = bytes[i]!
  else area.set(length === bytes.length ? bytes : bytes.subarray(0, length))
}
