/** Numbers since the start of a server, for `/metrics` and `INFO`. */
export class Counters {
  /** Finished requests of HTTP by path. */
  readonly requests = new Map<string, number>()
  /** Requests that got an error, by protocol. */
  readonly errors = { redis: 0, http: 0 }
  readonly connections = { redis: 0, http: 0 }
  /** Connections that were accepted, and those that were refused because there were too many. */
  readonly accepted = { redis: 0, http: 0 }
  readonly refused = { redis: 0, http: 0 }
  /** Keys looked up that exist, and those that do not. */
  found = 0
  missing = 0
  /** Keys answered from the cache of replies. */
  cached = 0
  bytesIn = 0
  bytesOut = 0
  readonly startedAt = Date.now()

  request(name: string, by = 1): void {
    this.requests.set(name, (this.requests.get(name) ?? 0) + by)
  }
}
