import { products } from '../../../../lib/products.js'

export async function GET(request, { params }) {
  const { id } = await params
  if (!/^\d{1,15}$/.test(id)) return Response.json({ message: 'not an id' }, { status: 400 })
  const reader = await products()
  const product = await reader.get(Number(id))
  if (product === undefined) return Response.json({ message: 'no such product' }, { status: 404 })
  return Response.json(product)
}
