import type { ObjectInfo, ObjectStore } from '#dist/store/object-store.js'

/** Objects in a map; `fail` may throw to make one call fail, and sees every call. */
export class ObjectDouble implements ObjectStore {
  readonly scheme = 's3'
  readonly objects = new Map<string, { bytes: Uint8Array; contentType: string | undefined }>()
  readonly calls: string[] = []
  fail: (call: string) => void = () => {}

  async get(url: string, options: { range?: { start: number; end: number } | undefined } = {}) {
    this.#record(`get ${url}`)
    return this.objects.get(url)?.bytes.slice(options.range?.start, options.range?.end)
  }

  async head(url: string): Promise<ObjectInfo | undefined> {
    this.#record(`head ${url}`)
    const object = this.objects.get(url)
    return object && { url, bytes: object.bytes.length, modifiedAt: new Date(0) }
  }

  async put(url: string, bytes: Uint8Array, options: { contentType?: string | undefined } = {}) {
    this.#record(`put ${url}`)
    this.objects.set(url, { bytes, contentType: options.contentType })
    return true
  }

  list(): AsyncIterable<ObjectInfo> {
    throw new Error('not needed here')
  }

  async listPrefixes(url: string): Promise<string[]> {
    this.#record(`listPrefixes ${url}`)
    const below = [...this.objects.keys()].filter((key) => key.startsWith(`${url}/`))
    const children = below.map((key) => `${url}/${key.slice(url.length + 1).split('/')[0]}`)
    return [...new Set(children)].sort()
  }

  async delete(url: string): Promise<void> {
    this.objects.delete(url)
  }

  async deletePrefix(): Promise<number> {
    throw new Error('not needed here')
  }

  async sync(url: string): Promise<void> {
    this.#record(`sync ${url}`)
  }

  #record(call: string): void {
    this.calls.push(call)
    this.fail(call)
  }
}
