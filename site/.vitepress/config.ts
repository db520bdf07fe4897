export { default } from '../dist/code/config.js'
