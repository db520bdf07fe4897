import { testEngine } from './support/python-engines.js'

testEngine('spark')
