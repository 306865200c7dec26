# SPDX-License-Identifier: BSD-3-Clause
"""What the server must show, as data: the sections of each profile. profiles.py measures and judges them."""
from elements import Elements
from profiles import Asked, Delay, Hash, Limit, Memory, Speed, Variant

PEERS = ['redis', 'redis8', 'valkey', 'memcached', 'pogocache']
PLAIN = ['get:P=1', 'set:P=1', 'get:P=10', 'set:P=10', 'get:P=50', 'set:P=50', 'hot:P=50']
PASSWORD = 'bench-password'
# --maxmemory is above what is stored: the price of knowing and sampling, not of evicting.
REAL_USE = f'--requirepass {PASSWORD} --maxmemory 8gb --slowlog-log-slower-than 10000 --maxmemory-policy '
MANY = 1_000_000


def same_core(limits):
    """{workload: {baseline: at most}} for our server."""
    return [Limit(work, 'sherd', baseline, limit) for work, row in limits.items() for baseline, limit in row.items()]


def scaling(threads, get, set_):
    """Limits against one thread of ours, at pipeline 1 and 50."""
    return [Limit(f'{op}:P={depth}', f'sherd-{n}', 'sherd-1', limit)
            for n in threads for op, limit in (('get', get), ('set', set_)) for depth in (1, 50)]


def sherds(*threads):
    return [Variant(f'sherd-{n}', 'sherd', threads=n) for n in threads]


def real_use(policy):
    return Variant(f'sherd+{policy}', 'sherd', REAL_USE + f'allkeys-{policy}', ttl=True,
                   greeting=f'HELLO 3 AUTH default {PASSWORD}')


def one(name, head, words, setup=(), fill=False):
    """A command measured at pipeline 10; the server must know the first word of its command."""
    return Asked(f'{name}:P=10{head}', words, setup, words.replace('1x ', '').split()[0], fill)


STREAM = [(1000, 'XADD st {key}-1 field {data:16}')]
HASH = [(100, 'HSET h100 field:{key} {data:16}')]
SINTER = [(100, 'SADD s100 m:{key}'), (50, 'SADD s50 m:{key}')]
SORTED = [(MANY, 'ZADD z1m {key} m:{key}')]
KEYS_10, KEYS_100 = ' '.join(['key:{key}'] * 10), ' '.join(['key:{key}'] * 100)

COMMANDS = [
    # strings and keys
    one('incr', '', 'INCR counter:{key}'), one('incrby', '', 'INCRBY counter:{key} 3'),
    one('mset10', '', 'MSET ' + ' '.join(['key:{key} {data:64}'] * 10), fill=True),
    one('mget10', '', f'MGET {KEYS_10}', fill=True), one('mget100', '', f'MGET {KEYS_100}', fill=True),
    one('getrange', '', 'GETRANGE key:{key} 8 39', fill=True), one('strlen', '', 'STRLEN key:{key}', fill=True),
    one('setrange', '', 'SETRANGE key:{key} 8 {data:16}', fill=True),
    one('append', ':k=100000', 'APPEND appended:{key} {data:8}'), one('setbit', '', 'SETBIT bits:{key} 77 1'),
    one('setex', '', 'SETEX fleeting:{key} 1000000 {data:64}'),
    one('getset', '', 'GETSET key:{key} {data:64}', fill=True),
    one('exists', '', 'EXISTS key:{key}', fill=True), one('type', '', 'TYPE key:{key}', fill=True),
    one('ttl', '', 'TTL key:{key}', fill=True), one('expire', '', 'EXPIRE key:{key} 1000000', fill=True),
    one('set+del', '', '1x SET key:{key} {data:64} , 1x DEL key:{key}', fill=True),
    one('set+unlink', '', '1x SET key:{key} {data:64} , 1x UNLINK key:{key}', fill=True),
    # large values, pipeline 1
    Asked('get64k:k=1000', 'GET large:{key}', [(1000, 'SET large:{key} {data:65536}')]),
    Asked('set64k:k=1000', 'SET large:{key} {data:65536}'),
    Asked('get1m:k=50:c=10', 'GET huge:{key}', [(50, 'SET huge:{key} {data:1048576}')]),
    Asked('set1m:k=50:c=10', 'SET huge:{key} {data:1048576}'),
    # streams
    one('xadd', ':k=1000', 'XADD stream:{key} * field {data:16}'),
    one('xrange10', '', 'XRANGE st - + COUNT 10', STREAM),
    one('xread10', '', 'XREAD COUNT 10 STREAMS st 0', STREAM), one('xlen', '', 'XLEN st', STREAM),
    # types that a server may not have
    one('lpush', ':k=1000', 'LPUSH list:{key} {data:16}'),
    one('lrange100', '', 'LRANGE list100 0 99', [(100, 'RPUSH list100 element:{key}')]),
    one('hset', ':k=1000', 'HSET hash:{key} field:{key} {data:16}'),
    one('hget', '', 'HGET h1m field:{key}', [(MANY, 'HSET h1m field:{key} {data:16}')]),
    one('hgetall100', '', 'HGETALL h100', HASH), one('sadd', ':k=1000', 'SADD set:{key} member:{key}'),
    one('sinter', '', 'SINTER s100 s50', SINTER), one('zadd', '', 'ZADD z1m {key} m:{key}', SORTED),
    one('zrangebyscore', '', 'ZRANGEBYSCORE z1m {key} +inf LIMIT 0 10', SORTED),
    one('zrank', '', 'ZRANK z1m m:{key}', SORTED),
]


def both(name, words, setup=(), settings='', fill=False):
    """A command measured at pipeline 10 and 50."""
    return [Asked(f'{name}:P={depth}{settings}', words, setup, words.replace('1x ', '').split()[0], fill)
            for depth in (10, 50)]


THOUSANDS = [(1000, 'SADD s1000 m:{key}'), (500, 'SADD t1000 m:{key}'), (500, 'SADD t1000 n:{key}')]
GROUP = [*STREAM, (1, 'XGROUP CREATE st g 0')]
TYPES = [
    *both('lpush', 'LPUSH list:{key} {data:16}', settings=':k=1000'), *both('lpush1', 'LPUSH onelist {data:16}'),
    *both('lrange100', 'LRANGE list100 0 99', [(100, 'RPUSH list100 element:{key}')]),
    *both('hset', 'HSET hash:{key} field:{key} {data:16}', settings=':k=1000'),
    *both('hset1m', 'HSET h1m field:{key} {data:16}', [(MANY, 'HSET h1m field:{key} {data:16}')]),
    *both('hget', 'HGET h1m field:{key}', [(MANY, 'HSET h1m field:{key} {data:16}')]),
    *both('hgetall100', 'HGETALL h100', HASH),
    *both('sadd', 'SADD set:{key} member:{key}', settings=':k=1000'), *both('sadd1m', 'SADD oneset member:{key}'),
    *both('sinter1000', 'SINTER s1000 t1000', THOUSANDS),
    *both('zadd', 'ZADD z1m {key} m:{key}', SORTED), *both('zrange100', 'ZRANGE z1m 1000 1099', SORTED),
    *both('zrangebyscore', 'ZRANGEBYSCORE z1m {key} +inf LIMIT 0 10', SORTED),
    *both('zrank', 'ZRANK z1m m:{key}', SORTED),
    *both('xadd', 'XADD stream:{key} * field {data:16}', settings=':k=1000'),
    *both('xadd+xreadgroup', '1x XADD st * field {data:16} , 1x XREADGROUP GROUP g c COUNT 1 NOACK STREAMS st >', GROUP),
    *both('xreadgroup10', '1x XGROUP SETID st g 0 , 1x XREADGROUP GROUP g c COUNT 10 STREAMS st >', GROUP),
]

PUBLISH = ['publish:P=1', 'publish:P=10', 'publish:P=50']

MEMORY_KEYS = [5_000_000, 4_000_000, 6_000_000, 8_000_000]

PROFILES = {
    # The first cut of the server: ahead of redis-server, near the bare responder.
    'foundation': [
        Speed('one-thread', 'one thread', ['sherd', 'redis', 'null'], PLAIN[:6], same_core({
            'get:P=1': {'redis': .88, 'null': 1.12}, 'set:P=1': {'redis': .88, 'null': 1.12},
            'get:P=10': {'redis': .55}, 'set:P=10': {'redis': .55},
            'get:P=50': {'redis': .30}, 'set:P=50': {'redis': .30}})),
        Speed('threads', 'several threads on the same cores', sherds(1, 2, 4),
              ['get:P=1', 'set:P=1', 'get:P=50', 'set:P=50'], scaling([2], 1.12, 1.20) + scaling([4], 1.25, 1.25),
              place='all', client_threads=2, baseline='sherd-1'),
        Memory('memory', 'resident bytes a key', [5_000_000], {32: 40}, {}),
    ],
    # The finished hot path.
    'hotpath': [
        Speed('one-thread', 'GET and SET beside the peers, one thread', ['sherd', *PEERS, 'null'], PLAIN, same_core({
            'get:P=1': {'null': 1.07}, 'set:P=1': {'null': 1.07},
            'get:P=10': {'redis': .44}, 'set:P=10': {'redis': .44},
            'get:P=50': {'redis': .21, 'valkey': .42, 'pogocache': .45}, 'set:P=50': {'redis': .24},
            'hot:P=50': {'redis': .5}}), slices=4),
        Hash('hash', 'the keyed hash', 5),
        Speed('real-use', 'RESP3, a password, a TTL on every key, maxmemory with a policy, the slow log: together',
              ['sherd', real_use('lru'), real_use('lfu')], PLAIN,
              [Limit(work, f'sherd+{policy}', 'sherd', 1.10) for policy in ('lru', 'lfu') for work in PLAIN],
              baseline='sherd'),
        Speed('commands', 'other commands beside redis-server', ['sherd', 'redis'], COMMANDS,
              [Limit(asked.head, 'sherd', 'redis', .7) for asked in COMMANDS], runs=3, slices=4),
        Delay('delay', 'delays at saturation and at half load', ['sherd', *PEERS, 'null'], ['get:P=1', 'mix:P=10'], [],
              place='split', runs=2, slices=5, seconds=.3),
        Speed('threads', 'several threads on the same cores', sherds(1, 2, 4, 8),
              ['get:P=1', 'set:P=1', 'get:P=50', 'set:P=50', 'hot:P=50', 'hotset:P=50'],
              scaling([2], 1.08, 1.12) + scaling([4, 8], 1.20, 1.20) +
              [Limit(f'{op}:P=50', 'sherd-2', 'sherd-1', 1, field='ops_s', at_least=True) for op in ('hot', 'hotset')],
              place='all', client_threads=2, baseline='sherd-1'),
        Memory('memory', 'resident bytes a key beyond payload', MEMORY_KEYS, {32: 28, 8: 30, 128: 34}, {32: 16}),
    ],
    # What goes from one client to another: CPU per delivered message, per element handed to who waits for it.
    'coordination': [
        # Of a single message most is the kernel's: a write for each subscriber, whoever the server is.
        Speed('publish', 'PUBLISH to a hundred subscribers, one thread', ['sherd', 'redis'], PUBLISH,
              [Limit(work, 'sherd', 'redis', limit) for work, limit in zip(PUBLISH, (1, .7, .7))]),
        Speed('handover', 'LPUSH to who waits in BLPOP, one thread', ['sherd', 'redis'], ['blpop'],
              [Limit('blpop', 'sherd', 'redis', .8)]),
        Speed('handover-threads', 'LPUSH to who waits in BLPOP on another thread', [*sherds(2), 'redis'], ['blpop'],
              [Limit('blpop', 'sherd-2', 'redis', 1.1)], place='all'),
    ],
    # Collections: memory and CPU time beside redis-server.
    'types': [
        Elements('elements', 'resident bytes an element', ['sherd', 'redis'], 'redis', 1),
        Speed('type-commands', 'commands on collections', ['sherd', 'redis'], TYPES,
              [Limit(asked.head, 'sherd', 'redis', .7) for asked in TYPES], runs=3, slices=4),
    ],
}
