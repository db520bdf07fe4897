import { seedSnapshot, tempStore } from '@shardyfusion/core/testing'
import { priceWithTax } from './prices.js'

let store

beforeAll(async () => {
  store = await tempStore()
  await seedSnapshot({
    prefix: store.prefix,
    rows: [[42, { name: 'rope', price: 8.5 }]],
    values: 'json',
  })
})
afterAll(() => store[Symbol.asyncDispose]())

test('adds the tax', async () => {
  expect(await priceWithTax(store.prefix, 42, 19)).toBe(10.12)
})

test('has no price for a product that does not exist', async () => {
  expect(await priceWithTax(store.prefix, 7, 19)).toBeUndefined()
})
