import * as core from '@shardyfusion/core'
import * as sync from '@shardyfusion/sync'
import { exercise, exerciseSync } from '../../../exercise.mjs'

export const dynamic = 'force-dynamic'

export async function GET() {
  const { PREFIX, THREADS } = process.env
  try {
    await exercise(core, `${PREFIX}/core`)
    if (THREADS === '1') {
      await exercise(core, `${PREFIX}/workers`, { workers: 2 })
      exerciseSync(sync, `${PREFIX}/sync`)
    }
    return new Response('exercise: ok')
  } catch (error) {
    return new Response(String(error?.stack ?? error), { status: 500 })
  }
}
