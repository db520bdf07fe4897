import { register } from 'node:module'

register('./virtual-loader.js', import.meta.url)
