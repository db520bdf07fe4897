import { test } from 'node:test'
import { parquetRecords } from '@shardyfusion/input'
test('x', () => { parquetRecords('x') })
