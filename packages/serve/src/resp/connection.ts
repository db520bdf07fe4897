// Long because one class, with the order in which a connection reads, waits and writes.

import type { Socket } from 'node:net'
import type { Key } from '@shardyfusion/core'
import type { Database } from '../database.js'
import { describeFailure } from '../failure.js'
import { BadKey, keyOfWord } from '../keys.js'
import type { Client, Command, RespHost, Task } from './client.js'
import { LookupBatch, type Question } from './lookup-batch.js'
import type { Protocol, ReplyBuffer } from './reply-buffer.js'
import { ProtocolError, RequestParser, type RequestLimits } from './request-parser.js'
import { WRITE_COMMANDS } from './write-commands.js'

/** Bytes of replies after which they are sent before further commands run. */
const SEND_BYTES = 256 * 1024
/** Bytes of replies that a client has not read, above which it gets no more. */
const UNSENT_BYTES = 256 * 1024
/** Bytes of values that one batch should look up, and its maximum number of keys. */
const BATCH_BYTES = 256 * 1024
const MAX_BATCH = 512
/** Limits before `AUTH`, as in Redis. */
const BEFORE_AUTH: RequestLimits = {
  requestBytes: 16 * 1024,
  words: 10,
  wordBytes: 16 * 1024,
}
const MAX_FAILED_AUTHS = 5

/** One client: reads commands, answers them in order, and reads no further while it waits. */
export class Connection implements Client {
  readonly host: RespHost
  readonly id: number
  readonly socket: Socket
  readonly out: ReplyBuffer
  protocol: Protocol = 2
  database: Database
  name = ''
  isAllowed: boolean
  readonly startedAt = Date.now()
  /** Time of the last byte that arrived, and of the first of a command that is not complete. */
  lastUsedAt = Date.now()
  insideSince = 0
  /** Time since which the client reads nothing; 0 if it does. */
  stalledSince = 0
  /** Time since which nothing more is sent; 0 before. */
  endedAt = 0
  readonly #parser: RequestParser
  #batch = new LookupBatch()
  #task: Task | undefined
  #isBusy = false
  /** No further command is read, and the connection ends after the last reply. */
  #isEnding = false
  #failedAuths = 0
  /** Bytes that arrived while a command ran. */
  #waiting: Buffer[] = []

  constructor(host: RespHost, socket: Socket, id: number) {
    this.host = host
    this.socket = socket
    this.id = id
    this.out = host.out
    this.database = host.databases[0]!
    this.isAllowed = host.token === undefined
    this.#parser = new RequestParser(this.isAllowed ? host.requestLimits : BEFORE_AUTH)
    socket.on('data', (chunk) => this.#onData(chunk))
  }

  get address(): string {
    return `${this.socket.remoteAddress ?? ''}:${this.socket.remotePort ?? 0}`
  }

  /** True while a command runs, or its reply is not sent. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Number of words of the command, with its name. */
  get words(): number {
    return this.#parser.words
  }

  word(i: number): Buffer {
    const { buffer, starts, ends } = this.#parser
    return buffer.subarray(starts[i], ends[i])
  }

  text(i: number): string {
    const { buffer, starts, ends } = this.#parser
    return buffer.toString('utf8', starts[i], ends[i])
  }

  /** The same in lower case, for names of commands and options. */
  option(i: number): string {
    return this.text(i).toLowerCase()
  }

  /** Makes `task` run after the replies of earlier commands, and before later commands. */
  later(task: Task): void {
    this.#task = task
  }

  /** Returns to the state of a new connection. */
  reset(): void {
    this.protocol = 2
    this.database = this.host.databases[0]!
    this.name = ''
    this.isAllowed = this.host.token === undefined
    if (!this.isAllowed) this.#parser.limits = BEFORE_AUTH
  }

  /** Ends the connection after the last reply. */
  end(): void {
    this.#isEnding = true
  }

  /** Ends the connection when no command runs: at once, or after its reply. */
  finish(): void {
    this.#isEnding = true
    if (!this.#isBusy) this.#close()
  }

  #close(): void {
    this.endedAt = this.host.now
    this.socket.end()
  }

  /** Returns true for the right token; several wrong ones end the connection. */
  authenticate(token: string): boolean {
    if (this.host.token?.matches(token) === true) {
      this.isAllowed = true
      this.#parser.limits = this.host.requestLimits
      return true
    }
    if (++this.#failedAuths >= MAX_FAILED_AUTHS) this.end()
    return false
  }

  /** Writes an error that the server raised, in the form of Redis. */
  fail(error: unknown): void {
    const { code, message, isRequest } = describeFailure(error)
    if (!isRequest) this.host.logFailure(error)
    this.host.counters.errors.redis++
    this.out.error(`ERR ${code} ${message}`)
  }

  /** Writes an error; `text` starts with its kind: `ERR …`. */
  refuse(text: string): void {
    this.host.counters.errors.redis++
    this.out.error(text)
  }

  /** Answers a question about words `first … last`, from the cache if it has all of them. */
  lookUp(question: Question, first: number, last: number): void {
    const { database, host } = this
    const { buffer, starts, ends } = this.#parser
    const facts = database.current()
    if (first === last && question !== 'values') {
      const position = database.cache.find(buffer, starts[first]!, ends[first]!)
      if (position >= 0) return this.#writeCached(question, position)
    } else if (this.#writeAllCached(question, first, last)) return
    const count = last - first + 1
    const bytes = count * facts.rowBytes
    if (count > host.limits.maxKeys)
      return this.refuse(
        `ERR expected at most ${host.limits.maxKeys} keys, got ${count}; send several commands`,
      )
    if (bytes > host.limits.maxReplyBytes && count > 1 && question === 'values')
      return this.refuse(
        `ERR ${count} values take about ${bytes} bytes, more than ${host.limits.maxReplyBytes}; send several commands`,
      )
    const keys: Key[] = []
    const words: Buffer[] = []
    try {
      for (let i = first; i <= last; i++) {
        keys.push(keyOfWord(buffer, starts[i]!, ends[i]!, facts))
        words.push(buffer.subarray(starts[i], ends[i]))
      }
    } catch (error) {
      if (!(error instanceof BadKey)) throw error
      return this.fail(error)
    }
    this.#batch.ready(this.out.take())
    this.#batch.add(database, question, this.protocol, keys, words)
  }

  /** Returns false if the cache lacks a key. */
  #writeAllCached(question: Question, first: number, last: number): boolean {
    const { cache } = this.database
    const { buffer, starts, ends } = this.#parser
    const positions: number[] = []
    for (let i = first; i <= last; i++) {
      const position = cache.find(buffer, starts[i]!, ends[i]!)
      if (position < 0) return false
      positions.push(position)
    }
    const { counters } = this.host
    const found = positions.filter((position) => cache.valueBytes(position) >= 0).length
    counters.cached += positions.length
    counters.found += found
    counters.missing += positions.length - found
    if (question === 'count') this.out.integer(found)
    else {
      this.out.array(positions.length)
      for (const position of positions) {
        if (cache.valueBytes(position) < 0) this.out.nil(this.protocol)
        else cache.appendTo(this.out, position)
      }
    }
    return true
  }

  #writeCached(question: Question, position: number): void {
    const { cache } = this.database
    const { counters } = this.host
    const length = cache.valueBytes(position)
    counters.cached++
    if (length < 0) counters.missing++
    else counters.found++
    if (question === 'count') this.out.integer(length < 0 ? 0 : 1)
    else if (question === 'type') this.out.simple(length < 0 ? 'none' : 'string')
    else if (question === 'length') this.out.integer(Math.max(0, length))
    else if (length < 0) this.out.nil(this.protocol)
    else cache.appendTo(this.out, position)
  }

  #onData(chunk: Buffer): void {
    this.lastUsedAt = this.host.now
    this.host.counters.bytesIn += chunk.length
    if (this.#isBusy) {
      this.#waiting.push(chunk)
      return
    }
    if (this.#isEnding) return
    this.#parser.push(chunk)
    if (!this.#run()) void this.#wait()
  }

  /** Runs commands until the input is used up; false if it has to wait. Never throws. */
  #run(): boolean {
    for (;;) {
      const isMore = this.#fill()
      const isWaiting = !this.#batch.isEmpty || this.#task !== undefined
      if (isWaiting) {
        this.#batch.ready(this.out.take())
        return false
      }
      this.#send(this.out.take())
      if (this.#isEnding) {
        this.#close()
        return true
      }
      if (this.#isFull) return false
      if (!isMore) return true
    }
  }

  /** Runs commands until one has to wait or enough replies are written; false if the input is used up. */
  #fill(): boolean {
    const parser = this.#parser
    try {
      while (!this.#isEnding) {
        if (!parser.next()) {
          this.insideSince = parser.isInside ? this.insideSince || this.host.now : 0
          return false
        }
        this.insideSince = 0
        this.#execute()
        if (this.#task !== undefined || this.#isBatchFull) return true
        if (this.out.size >= SEND_BYTES) return true
      }
    } catch (error) {
      if (error instanceof ProtocolError) this.refuse(`ERR Protocol error: ${error.message}`)
      else this.fail(error)
      this.#isEnding = true
    }
    return false
  }

  #execute(): void {
    const { buffer, starts, ends, words } = this.#parser
    const { host } = this
    const command: Command | undefined = host.commandOf(buffer, starts[0]!, ends[0]!)
    if (command === undefined) {
      this.#refuseUnknown()
      return
    }
    command.calls++
    if (!this.isAllowed && command.isOpen !== true)
      return this.refuse('NOAUTH Authentication required.')
    if (command.arity < 0 ? words < -command.arity : words !== command.arity)
      return this.refuse(`ERR wrong number of arguments for '${command.name}' command`)
    if (!this.database.hasKeys && command.readsKeys === true) return this.#refuseKeys(command)
    command.run(this)
  }

  #refuseKeys({ name }: Command): void {
    const { index, name: database } = this.database
    this.refuse(
      `NOKEYS ${name.toUpperCase()} needs keys, and database ${index} has vectors without keys; search them over HTTP with POST /v1/databases/${database}/search`,
    )
  }

  #refuseUnknown(): void {
    const name = this.text(0).slice(0, 128)
    // A browser that was made to send HTTP here must not get any further.
    if (/^(?:post|get|put|head|options|host:)$/i.test(name)) this.end()
    if (!this.isAllowed) return this.refuse('NOAUTH Authentication required.')
    if (WRITE_COMMANDS.has(name.toLowerCase()))
      return this.refuse(
        `READONLY snapshots are read-only: ${name.toUpperCase()} is never executed; publish a new snapshot instead`,
      )
    const shown: string[] = []
    for (let i = 1; i < this.words && i < 4; i++) shown.push(`'${this.text(i).slice(0, 32)}'`)
    this.refuse(`ERR unknown command '${name}', with args beginning with: ${shown.join(' ')}`)
  }

  /** Waits for lookups, tasks and the client, and runs further commands, until the input is used up. */
  async #wait(): Promise<void> {
    this.#isBusy = true
    this.socket.pause()
    try {
      for (;;) {
        await this.#finishBatch()
        if (this.#isFull) await this.#drained()
        if (this.socket.destroyed) return
        if (this.#isEnding) {
          this.#close()
          return
        }
        const chunks = this.#waiting
        this.#waiting = []
        for (const chunk of chunks) this.#parser.push(chunk)
        if (this.#run()) break
      }
    } catch (error) {
      this.host.logFailure(error)
      this.socket.destroy()
    } finally {
      this.#isBusy = false
    }
    this.lastUsedAt = this.host.now
    if (!this.socket.destroyed) this.socket.resume()
  }

  async #finishBatch(): Promise<void> {
    const batch = this.#batch
    const task = this.#task
    this.#task = undefined
    const { host, out } = this
    if (!batch.isEmpty) {
      this.#batch = new LookupBatch()
      const signal = host.deadlines.signal()
      this.#send(await batch.run(out, signal, host, (error) => this.fail(error)))
    }
    if (task === undefined) return
    let write: () => void
    try {
      write = await task()
    } catch (error) {
      write = () => this.fail(error)
    }
    // Without a wait in between: the buffer is shared by all connections.
    write()
    this.#send(out.take())
  }

  /** Values of the batch may be more than a client that does not read should occupy. */
  get #isBatchFull(): boolean {
    const { size } = this.#batch
    return size > 0 && size >= this.database.valueBytes.keysOf(BATCH_BYTES, MAX_BATCH)
  }

  #send(bytes: Buffer | undefined): void {
    if (bytes === undefined || this.socket.destroyed) return
    this.host.counters.bytesOut += bytes.length
    this.socket.write(bytes)
  }

  /** True if the client has to read replies before more are sent. */
  get #isFull(): boolean {
    return !this.socket.destroyed && this.socket.writableLength > UNSENT_BYTES
  }

  #drained(): Promise<void> {
    const { socket } = this
    this.stalledSince = this.host.now
    return new Promise((resolve) => {
      const done = (): void => {
        this.stalledSince = 0
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }
}
