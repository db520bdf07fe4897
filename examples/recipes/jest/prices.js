import { SnapshotReader } from '@shardyfusion/core'

/** The price of a product with tax; `undefined` if the product does not exist. */
export async function priceWithTax(prefix, id, rate) {
  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  try {
    const product = await reader.get(id)
    return product && Math.round(product.price * (100 + rate)) / 100
  } finally {
    await reader.close()
  }
}
