import { HttpStore, jsonValues, SnapshotReader } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { loadSlateDb } from 'slatedb-wasm'
import { recordedFetch, type RecordedRequest } from './recorded-fetch.js'

/** One row of the demo. */
export interface City {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly population: number
  readonly latitude: number
  readonly longitude: number
}

/** A city that a search found. */
export interface NearCity {
  readonly city: City
  readonly kilometres: number
}

type CitiesReader = SnapshotReader<City, 'decoded'>

/** The engines of the two snapshots, by folder. */
export type Shards = 'slatedb' | 'sqlite'

const EARTH_KM = 6371

/** The two snapshots of the cities; each opens when it is first asked. */
export class Cities {
  readonly #base: string
  readonly #report: (request: RecordedRequest) => void
  readonly #readers = new Map<Shards, Promise<CitiesReader>>()

  /** @param base the address of the folder with both snapshots */
  constructor(base: string, report: (request: RecordedRequest) => void) {
    this.#base = base
    this.#report = report
  }

  open(shards: Shards): Promise<CitiesReader> {
    let reader = this.#readers.get(shards)
    if (reader === undefined) {
      reader = this.#open(shards)
      this.#readers.set(shards, reader)
      // A failed attempt can be repeated.
      reader.catch(() => this.#readers.delete(shards))
    }
    return reader
  }

  async #open(shards: Shards): Promise<CitiesReader> {
    // The module is next to the script.
    if (shards === 'slatedb') await loadSlateDb(fetch(new URL('slatedb.wasm', import.meta.url)))
    const prefix = `${this.#base}/${shards}`
    return SnapshotReader.open({
      prefix,
      objects: new HttpStore(prefix, { fetch: recordedFetch(prefix, this.#report) }),
      // The snapshot was written to a folder, and is now served from a URL.
      shardUrls: 'rebase',
      engine: shards === 'slatedb' ? 'wasm' : sqliteVec(),
      values: jsonValues<City>(),
      keys: 'decoded',
    })
  }

  async get(shards: Shards, id: number): Promise<City | undefined> {
    const reader = await this.open(shards)
    return reader.get(id)
  }

  async scan(shards: Shards, start: number, limit: number): Promise<City[]> {
    const reader = await this.open(shards)
    const found: City[] = []
    for await (const [, city] of reader.scanIter({ start }, { limit })) found.push(city)
    return found
  }

  /** The cities with at least `population` people that are nearest to a place. Only SQLite shards have vectors. */
  async near(
    place: { latitude: number; longitude: number },
    { count, population }: { count: number; population: number },
  ): Promise<NearCity[]> {
    const reader = await this.open('sqlite')
    const { results } = await reader.search(pointOf(place), {
      topK: count,
      where: `payload.population >= ${population}`,
      withValues: true,
    })
    // The score is 1 minus the cosine of the angle between both places.
    return results.map(({ score, value }) => ({
      city: value!,
      kilometres: Math.acos(Math.max(-1, 1 - score)) * EARTH_KM,
    }))
  }
}

/** A point on a sphere of radius 1, the vector of a place. */
export function pointOf(place: { latitude: number; longitude: number }): Float32Array {
  const [phi, lambda] = [radians(place.latitude), radians(place.longitude)]
  return Float32Array.of(
    Math.cos(phi) * Math.cos(lambda),
    Math.cos(phi) * Math.sin(lambda),
    Math.sin(phi),
  )
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
