import { PROTOCOL_VERSION, serverInfo } from './server-info.js'
import { type Client, type CommandSpec, NO_KEYS } from './client.js'
import { describeCommands } from './describe-commands.js'

const PLAIN = ['fast']
const NAME = /^[!-~]{0,128}$/

/** Commands that concern the connection and the server. */
export const CONNECTION_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'ping',
    arity: -1,
    flags: PLAIN,
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Returns PONG, or its argument.',
    run: (client) => {
      if (client.words > 2) return client.refuse("ERR wrong number of arguments for 'ping' command")
      if (client.words === 2) client.out.bulk(client.word(1))
      else client.out.simple('PONG')
    },
  },
  {
    name: 'echo',
    arity: 2,
    flags: PLAIN,
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Returns its argument.',
    run: (client) => client.out.bulk(client.word(1)),
  },
  {
    name: 'auth',
    arity: -2,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Authenticates the connection by the token.',
    run: (client) => {
      if (client.words > 3) return client.refuse('ERR syntax error')
      if (client.host.token === undefined)
        return client.refuse(
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
        )
      if (authenticate(client, client.words - 1)) client.out.simple('OK')
    },
  },
  {
    name: 'hello',
    arity: -1,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Chooses the version of the protocol, and describes the server.',
    run: hello,
  },
  {
    name: 'select',
    arity: 2,
    flags: PLAIN,
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Chooses a database by its number or its name.',
    run: (client) => {
      const name = client.text(1)
      const { databases } = client.host
      const found =
        databases.find((database) => String(database.index) === name) ??
        databases.find((database) => database.name === name)
      if (found === undefined)
        return client.refuse(
          `ERR DB index is out of range: expected 0 to ${databases.length - 1} or a name, got ${JSON.stringify(name.slice(0, 64))}`,
        )
      client.database = found
      client.out.simple('OK')
    },
  },
  {
    name: 'client',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Names the client, and describes it.',
    run: clientCommand,
  },
  {
    name: 'reset',
    arity: 1,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Returns the connection to its first state.',
    run: (client) => {
      client.reset()
      client.out.simple('RESET')
    },
  },
  {
    name: 'quit',
    arity: -1,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Ends the client.',
    run: (client) => {
      client.out.simple('OK')
      client.end()
    },
  },
  {
    name: 'command',
    arity: -1,
    flags: [],
    keys: NO_KEYS,
    group: 'server',
    summary: 'Describes the commands.',
    run: describeCommands,
  },
  {
    name: 'info',
    arity: -1,
    flags: [],
    keys: NO_KEYS,
    group: 'server',
    summary: 'Describes the server.',
    run: (client) => {
      const sections: string[] = []
      for (let i = 1; i < client.words; i++) sections.push(client.option(i))
      client.out.verbatim(serverInfo(client.host, sections), client.protocol)
    },
  },
  {
    name: 'config',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    group: 'server',
    summary: 'Returns settings that clients ask for.',
    run: (client) => {
      const { out, protocol, host } = client
      if (client.option(1) !== 'get' || client.words < 3)
        return client.refuse('ERR only CONFIG GET is supported')
      const settings = new Map([
        ['appendonly', 'no'],
        ['databases', String(host.databases.length)],
        ['maxclients', String(host.limits.maxConnections)],
        ['save', ''],
      ])
      const asked: string[] = []
      for (let i = 2; i < client.words; i++) asked.push(client.option(i))
      const found = [...settings].filter(([name]) => asked.includes(name) || asked.includes('*'))
      out.map(found.length, protocol)
      for (const [name, value] of found) {
        out.bulkText(name)
        out.bulkText(value)
      }
    },
  },
]

function authenticate(client: Client, word: number): boolean {
  const user = word > 1 ? client.text(word - 1) : 'default'
  const isRight = client.authenticate(client.text(word))
  if (isRight && user === 'default') return true
  client.isAllowed = false
  client.refuse('WRONGPASS invalid username-password pair or user is disabled.')
  return false
}

function hello(client: Client): void {
  const { out, host } = client
  let protocol = client.protocol
  let name: string | undefined
  let auth = 0
  if (client.words > 1) {
    const version = client.text(1)
    if (version !== '2' && version !== '3')
      return client.refuse('NOPROTO unsupported protocol version')
    protocol = version === '2' ? 2 : 3
  }
  for (let i = 2; i < client.words; i++) {
    const option = client.option(i)
    if (option === 'auth' && i + 2 < client.words) {
      auth = i + 2
      i += 2
    } else if (option === 'setname' && i + 1 < client.words) name = client.text(++i)
    else return client.refuse(`ERR syntax error in HELLO option '${option.slice(0, 32)}'`)
  }
  if (name !== undefined && !NAME.test(name)) return refuseName(client)
  if (auth > 0 && host.token === undefined)
    return client.refuse('WRONGPASS invalid username-password pair or user is disabled.')
  if (auth > 0 && !authenticate(client, auth)) return
  if (!client.isAllowed)
    return client.refuse(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  client.protocol = protocol
  if (name !== undefined) client.name = name
  out.map(7, protocol)
  for (const [field, value] of [
    ['server', 'redis'],
    ['version', PROTOCOL_VERSION],
    ['proto', protocol],
    ['id', client.id],
    ['mode', 'standalone'],
    ['role', 'master'],
  ] as const) {
    out.bulkText(field)
    if (typeof value === 'number') out.integer(value)
    else out.bulkText(value)
  }
  out.bulkText('modules')
  out.array(0)
}

function clientCommand(client: Client): void {
  const { out, protocol, words } = client
  const sub = client.option(1)
  switch (sub) {
    case 'id':
      return out.integer(client.id)
    case 'getname':
      return client.name === '' ? out.nil(protocol) : out.bulkText(client.name)
    case 'setname': {
      const name = words === 3 ? client.text(2) : ' '
      if (!NAME.test(name)) return refuseName(client)
      client.name = name
      return out.simple('OK')
    }
    // Sent by clients at their start; nothing depends on them here.
    case 'setinfo':
    case 'no-evict':
    case 'no-touch':
      return out.simple('OK')
    case 'reply':
      if (words === 3 && client.option(2) === 'on') return out.simple('OK')
      return client.refuse('ERR only CLIENT REPLY ON is supported')
    case 'info':
    case 'list': {
      const { id, name, database, address } = client
      const ageSeconds = Math.floor((Date.now() - client.startedAt) / 1000)
      const line = `id=${id} addr=${address} name=${name} age=${ageSeconds} db=${database.index} resp=${protocol}\n`
      return out.verbatim(line, protocol)
    }
    default:
      return client.refuse(
        `ERR unknown subcommand '${sub.slice(0, 64)}'. Supported: ID, GETNAME, SETNAME, SETINFO, INFO, LIST, REPLY ON.`,
      )
  }
}

function refuseName(client: Client): void {
  client.refuse('ERR Client names cannot contain spaces, newlines or special characters.')
}
