/** Commands of Redis that write, or let others write; none is ever executed. */
export const WRITE_COMMANDS: ReadonlySet<string> = new Set(
  `append bitfield bitop blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin copy decr decrby del eval evalsha
  expire expireat fcall flushall flushdb function geoadd georadius georadiusbymember geosearchstore getdel getex getset
  hdel hexpire hincrby hincrbyfloat hmset hset hsetnx incr incrby incrbyfloat linsert lmove lmpop lpop lpush lpushx lrem
  lset ltrim migrate move mset msetnx persist pexpire pexpireat pfadd pfmerge psetex publish rename renamenx restore
  rpop rpoplpush rpush rpushx sadd sdiffstore set setbit setex setnx setrange sinterstore smove sort spop srem sunionstore
  swapdb touch unlink xack xadd xautoclaim xclaim xdel xgroup xreadgroup xsetid xtrim zadd zdiffstore zincrby zinterstore
  zmpop zpopmax zpopmin zrangestore zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore`.split(
    /\s+/,
  ),
)
