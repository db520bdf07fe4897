import * as core from '@shardyfusion/core'
import { exercise } from '../../../exercise.mjs'

export const dynamic = 'force-dynamic'

export async function GET() {
  try {
    await exercise(core, process.env.PREFIX)
    return new Response('exercise: ok')
  } catch (error) {
    return new Response(String(error?.stack ?? error), { status: 500 })
  }
}
