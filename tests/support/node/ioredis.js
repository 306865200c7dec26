// SPDX-License-Identifier: BSD-3-Clause
// The `ioredis` package of node against the server on the port that the command line names: transactions, blocking
// reads, publish and subscribe. Run by tests/system/node_clients.
'use strict';
const Redis = require('ioredis');
const {all, check, fails, numbers, run, same, until} = require('./checks');

const port = Number(process.argv[2]);
let client;

function connected(options) {
    const made = new Redis({port, host: '127.0.0.1', ...options});
    made.on('error', (error) => check('no connection breaks', false, error));
    return made;
}

async function pipelines() {
    client = connected();
    const automatic = connected({enableAutoPipelining: true});
    await Promise.all(numbers(10000).map((i) => automatic.set(`k${i}`, i)));
    same('ten thousand keys', await Promise.all(numbers(10000).map((i) => automatic.get(`k${i}`))), numbers(10000));
    automatic.disconnect();
    const found = [];
    for await (const keys of client.scanStream({match: 'k*', count: 500})) {
        found.push(...keys);
    }
    check('scanStream finds each', new Set(found).size === 10000, found.length);
}

async function countUnderWatch() {
    const own = connected();
    for (let done = 0; done < 25;) {
        await own.watch('counter');
        const value = Number((await own.get('counter')) ?? 0);
        done += (await own.multi().set('counter', value + 1).exec()) !== null;
    }
    own.disconnect();
}

async function transactions() {
    same('MULTI', await client.multi().set('a', 1).incrby('a', 4).hset('h', {x: 1, y: 2}).hgetall('h').exec(),
         [[null, 'OK'], [null, 5], [null, 2], [null, {x: '1', y: '2'}]]);
    same('MULTI without a pipeline', [await client.multi({pipeline: false}), await client.incr('a'), await client.exec()],
         ['OK', 'QUEUED', [[null, 6]]]);
    await all(8, countUnderWatch);
    same('a counter under WATCH is exact', await client.get('counter'), '200');
    const other = connected();
    await other.watch('a');
    await client.set('a', 'other');
    same('EXEC after a change of a watched key', await other.multi().set('a', 'mine').exec(), null);
    same('which changes nothing', await client.get('a'), 'other');
    const replies = await client.multi().incr('a').set('b', 1).exec();
    check('an error inside EXEC', /not an integer/.test(replies[0][0]?.message), replies);
    same('does not keep the rest from being done', await client.get('b'), '1');
    await fails('a wrong command spoils EXEC', client.multi().call('NOSUCH').set('b', 2).exec(), /EXECABORT/);
    same('and nothing is done', await client.get('b'), '1');
    other.disconnect();
}

async function blockingReads() {
    const taken = all(100, async () => {
        const own = connected();
        const mine = [];
        for (let i = 0; i < 10; i++) {
            mine.push((await own.blpop('queue:0', 'queue:1', 30))[1]);
        }
        own.disconnect();
        return mine;
    });
    await Promise.all(numbers(1000).map((i) => client.rpush(`queue:${i % 2}`, i)));
    const elements = (await taken).flat().map(Number).sort((a, b) => a - b);
    same('each element goes to one of a hundred who wait', elements.map(String), numbers(1000));
    const waiters = await all(3, () => connected());
    const member = waiters[0].bzpopmin('zset', 20);
    const entry = waiters[1].xread('BLOCK', 20000, 'STREAMS', 'stream', '$');
    const moved = waiters[2].blmove('from', 'to', 'LEFT', 'RIGHT', 20);
    await until(async () => /blocked_clients:3\r/.test(await client.info('clients')));
    await client.zadd('zset', 1.5, 'member');
    await client.xadd('stream', '7-1', 'field', 'value');
    await client.rpush('from', 'element');
    same('BZPOPMIN', await member, ['zset', 'member', '1.5']);
    same('XREAD BLOCK', await entry, [['stream', [['7-1', ['field', 'value']]]]]);
    same('BLMOVE', await moved, 'element');
    same('BLPOP runs out of time', await waiters[0].blpop('none', 0.05), null);
    waiters.forEach((waiter) => waiter.disconnect());
}

async function publishAndSubscribe() {
    const kinds = [['subscribe', 'news', 'message'], ['psubscribe', 'n*', 'pmessage'], ['ssubscribe', 'news', 'smessage']];
    const subscribers = await all(12, () => connected());
    const heard = subscribers.map(() => []);
    await Promise.all(subscribers.map((subscriber, i) => {
        const [command, channel, event] = kinds[i % 3];
        subscriber.on(event, (...words) => heard[i].push(words.at(-1)));
        return subscriber[command](channel);
    }));
    const receivers = await Promise.all(numbers(500).map((i) => client.publish('news', i)));
    check('PUBLISH says how many it reaches', receivers.every((count) => count === 8), receivers);
    await Promise.all(numbers(500).map((i) => client.spublish('news', i)));
    await until(() => heard.every((messages) => messages.length >= 500));
    for (const messages of heard) {
        same('each subscriber hears all, in order', messages, numbers(500));
    }
    await subscribers[0].unsubscribe('news');
    same('who has unsubscribed may do other things', await subscribers[0].ping(), 'PONG');
    same('seven are left', await client.publish('news', 'x'), 7);
    subscribers.forEach((subscriber) => subscriber.disconnect());
}

run(pipelines, transactions, blockingReads, publishAndSubscribe);
