import { exitTests } from '../support/exit-tests.js'

exitTests('wasm')
