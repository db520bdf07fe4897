import type { Client, Command } from './client.js'
import type { ReplyBuffer } from './reply-buffer.js'

/** Replies to `COMMAND` and its subcommands. */
export function describeCommands(client: Client): void {
  const { out, protocol, host } = client
  const sub = client.words > 1 ? client.option(1) : ''
  const asked: string[] = []
  for (let i = 2; i < client.words; i++) asked.push(client.option(i))
  const all = [...host.commands.values()]
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
      const found = sub === '' || asked.length === 0 ? all : asked.map((n) => host.commands.get(n))
      out.array(found.length)
      for (const command of found) {
        if (command === undefined) out.nilArray(protocol)
        else describeCommand(out, command)
      }
      return
    }
    default:
      return client.refuse(`ERR unknown subcommand '${sub.slice(0, 64)}' of COMMAND`)
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
