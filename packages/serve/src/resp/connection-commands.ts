import { PROTOCOL_VERSION, serverInfo } from './server-info.js'
import { type Command, type CommandSpec, NO_KEYS } from './command.js'
import type { Connection } from './connection.js'
import type { ReplyBuffer } from './reply-buffer.js'

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
    run: (connection) => {
      if (connection.words > 2)
        return connection.refuse("ERR wrong number of arguments for 'ping' command")
      if (connection.words === 2) connection.out.bulk(connection.word(1))
      else connection.out.simple('PONG')
    },
  },
  {
    name: 'echo',
    arity: 2,
    flags: PLAIN,
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Returns its argument.',
    run: (connection) => connection.out.bulk(connection.word(1)),
  },
  {
    name: 'auth',
    arity: -2,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Authenticates the connection by the token.',
    run: (connection) => {
      if (connection.words > 3) return connection.refuse('ERR syntax error')
      if (connection.server.token === undefined)
        return connection.refuse(
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
        )
      if (authenticate(connection, connection.words - 1)) connection.out.simple('OK')
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
    run: (connection) => {
      const name = connection.text(1)
      const { databases } = connection.server
      const found =
        databases.find((database) => String(database.index) === name) ??
        databases.find((database) => database.name === name)
      if (found === undefined)
        return connection.refuse(
          `ERR DB index is out of range: expected 0 to ${databases.length - 1} or a name, got ${JSON.stringify(name.slice(0, 64))}`,
        )
      connection.database = found
      connection.out.simple('OK')
    },
  },
  {
    name: 'client',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    group: 'connection',
    summary: 'Names the connection, and describes it.',
    run: client,
  },
  {
    name: 'reset',
    arity: 1,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Returns the connection to its first state.',
    run: (connection) => {
      connection.reset()
      connection.out.simple('RESET')
    },
  },
  {
    name: 'quit',
    arity: -1,
    flags: PLAIN,
    keys: NO_KEYS,
    isOpen: true,
    group: 'connection',
    summary: 'Ends the connection.',
    run: (connection) => {
      connection.out.simple('OK')
      connection.end()
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
    run: (connection) => {
      const sections: string[] = []
      for (let i = 1; i < connection.words; i++) sections.push(connection.option(i))
      connection.out.verbatim(serverInfo(connection.server, sections), connection.protocol)
    },
  },
  {
    name: 'config',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    group: 'server',
    summary: 'Returns settings that clients ask for.',
    run: (connection) => {
      const { out, protocol, server } = connection
      if (connection.option(1) !== 'get' || connection.words < 3)
        return connection.refuse('ERR only CONFIG GET is supported')
      const settings = new Map([
        ['appendonly', 'no'],
        ['databases', String(server.databases.length)],
        ['maxclients', String(server.limits.maxConnections)],
        ['save', ''],
      ])
      const asked: string[] = []
      for (let i = 2; i < connection.words; i++) asked.push(connection.option(i))
      const found = [...settings].filter(([name]) => asked.includes(name) || asked.includes('*'))
      out.map(found.length, protocol)
      for (const [name, value] of found) {
        out.bulkText(name)
        out.bulkText(value)
      }
    },
  },
]

function authenticate(connection: Connection, word: number): boolean {
  const user = word > 1 ? connection.text(word - 1) : 'default'
  const isRight = connection.authenticate(connection.text(word))
  if (isRight && user === 'default') return true
  connection.isAllowed = false
  connection.refuse('WRONGPASS invalid username-password pair or user is disabled.')
  return false
}

function hello(connection: Connection): void {
  const { out, server } = connection
  let protocol = connection.protocol
  let name: string | undefined
  let auth = 0
  if (connection.words > 1) {
    const version = connection.text(1)
    if (version !== '2' && version !== '3')
      return connection.refuse('NOPROTO unsupported protocol version')
    protocol = version === '2' ? 2 : 3
  }
  for (let i = 2; i < connection.words; i++) {
    const option = connection.option(i)
    if (option === 'auth' && i + 2 < connection.words) {
      auth = i + 2
      i += 2
    } else if (option === 'setname' && i + 1 < connection.words) name = connection.text(++i)
    else return connection.refuse(`ERR syntax error in HELLO option '${option.slice(0, 32)}'`)
  }
  if (name !== undefined && !NAME.test(name)) return refuseName(connection)
  if (auth > 0 && server.token === undefined)
    return connection.refuse('WRONGPASS invalid username-password pair or user is disabled.')
  if (auth > 0 && !authenticate(connection, auth)) return
  if (!connection.isAllowed)
    return connection.refuse(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  connection.protocol = protocol
  if (name !== undefined) connection.name = name
  out.map(7, protocol)
  for (const [field, value] of [
    ['server', 'redis'],
    ['version', PROTOCOL_VERSION],
    ['proto', protocol],
    ['id', connection.id],
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

function client(connection: Connection): void {
  const { out, protocol, words } = connection
  const sub = connection.option(1)
  switch (sub) {
    case 'id':
      return out.integer(connection.id)
    case 'getname':
      return connection.name === '' ? out.nil(protocol) : out.bulkText(connection.name)
    case 'setname': {
      const name = words === 3 ? connection.text(2) : ' '
      if (!NAME.test(name)) return refuseName(connection)
      connection.name = name
      return out.simple('OK')
    }
    // Sent by clients at their start; nothing depends on them here.
    case 'setinfo':
    case 'no-evict':
    case 'no-touch':
      return out.simple('OK')
    case 'reply':
      if (words === 3 && connection.option(2) === 'on') return out.simple('OK')
      return connection.refuse('ERR only CLIENT REPLY ON is supported')
    case 'info':
    case 'list': {
      const { id, name, database, socket } = connection
      const ageSeconds = Math.floor((Date.now() - connection.startedAt) / 1000)
      const line = `id=${id} addr=${socket.remoteAddress}:${socket.remotePort} name=${name} age=${ageSeconds} db=${database.index} resp=${protocol}\n`
      return out.verbatim(line, protocol)
    }
    default:
      return connection.refuse(
        `ERR unknown subcommand '${sub.slice(0, 64)}'. Supported: ID, GETNAME, SETNAME, SETINFO, INFO, LIST, REPLY ON.`,
      )
  }
}

function refuseName(connection: Connection): void {
  connection.refuse('ERR Client names cannot contain spaces, newlines or special characters.')
}

function describeCommands(connection: Connection): void {
  const { out, protocol, server } = connection
  const sub = connection.words > 1 ? connection.option(1) : ''
  const asked: string[] = []
  for (let i = 2; i < connection.words; i++) asked.push(connection.option(i))
  const all = [...server.commands.values()]
  switch (sub) {
    case 'count':
      return out.integer(all.length)
    case 'list':
      out.array(all.length)
      for (const { name } of all) out.bulkText(name)
      return
    case 'docs': {
      const found = asked.length === 0 ? all : all.filter(({ name }) => asked.includes(name))
      out.map(found.length, protocol)
      for (const { name, summary, group } of found) {
        out.bulkText(name)
        out.map(2, protocol)
        for (const text of ['summary', summary, 'group', group]) out.bulkText(text)
      }
      return
    }
    case '':
    case 'info': {
      const found =
        sub === '' || asked.length === 0 ? all : asked.map((n) => server.commands.get(n))
      out.array(found.length)
      for (const command of found) {
        if (command === undefined) out.nilArray(protocol)
        else describeCommand(out, command)
      }
      return
    }
    default:
      return connection.refuse(`ERR unknown subcommand '${sub.slice(0, 64)}' of COMMAND`)
  }
}

function describeCommand(out: ReplyBuffer, { name, arity, flags, keys, group }: Command): void {
  out.array(10)
  out.bulkText(name)
  out.integer(arity)
  out.array(flags.length)
  for (const flag of flags) out.simple(flag)
  for (const position of keys) out.integer(position)
  out.array(1)
  out.simple(`@${group}`)
  // Tips, key specifications and subcommands.
  for (let i = 0; i < 3; i++) out.array(0)
}
