// SPDX-License-Identifier: BSD-3-Clause
// The `redis` package of node against the server on the port that the command line names: transactions, blocking reads,
// publish and subscribe, client-side caching. Run by tests/system/node_clients.
'use strict';
const {createClient, commandOptions, WatchError} = require('redis');
const {all, check, fails, numbers, run, same, until} = require('./checks');

const url = `redis://127.0.0.1:${process.argv[2]}`;
const isolated = commandOptions({isolated: true});
let client;

async function connected() {
    const made = createClient({url, isolationPoolOptions: {max: 200}});
    made.on('error', (error) => check('no connection breaks', false, error));
    await made.connect();
    return made;
}

async function pipelines() {
    client = await connected();
    await Promise.all(numbers(10000).map((i) => client.set(`k${i}`, i)));
    same('ten thousand keys', await Promise.all(numbers(10000).map((i) => client.get(`k${i}`))), numbers(10000));
    const found = [];
    for await (const key of client.scanIterator({MATCH: 'k*', COUNT: 500})) {
        found.push(key);
    }
    check('scanIterator finds each', new Set(found).size === 10000, found.length);
}

async function countUnderWatch() {
    for (let done = 0; done < 25;) {
        done += await client.executeIsolated(async (own) => {
            await own.watch('counter');
            const value = Number((await own.get('counter')) ?? 0);
            try {
                await own.multi().set('counter', value + 1).exec();
                return 1;
            } catch (error) {
                if (!(error instanceof WatchError)) {
                    throw error;
                }
                return 0;
            }
        });
    }
}

async function transactions() {
    same('MULTI', await client.multi().set('a', '1').incrBy('a', 4).hSet('h', {x: 1, y: 2}).hGetAll('h').exec(),
         ['OK', 5, 2, {x: '1', y: '2'}]);
    await all(8, countUnderWatch);
    same('a counter under WATCH is exact', await client.get('counter'), '200');
    await fails('EXEC after a change of a watched key', client.executeIsolated(async (own) => {
        await own.watch('a');
        await client.set('a', 'other');
        return own.multi().set('a', 'mine').exec();
    }), /watched/);
    same('which changes nothing', await client.get('a'), 'other');
    const replies = await client.multi().incr('a').set('b', '1').exec();
    check('an error inside EXEC', /not an integer/.test(replies[0].message), replies);
    same('does not keep the rest from being done', await client.get('b'), '1');
    await fails('a wrong command spoils EXEC', client.multi().addCommand(['NOSUCH']).set('b', '2').exec(), /NOSUCH|EXECABORT/);
    same('and nothing is done', await client.get('b'), '1');
}

async function blockingReads() {
    const taken = all(100, async () => {
        const mine = [];
        for (let i = 0; i < 10; i++) {
            mine.push((await client.blPop(isolated, ['queue:0', 'queue:1'], 30)).element);
        }
        return mine;
    });
    await Promise.all(numbers(1000).map((i) => client.rPush(`queue:${i % 2}`, i)));
    const elements = (await taken).flat().map(Number).sort((a, b) => a - b);
    same('each element goes to one of a hundred who wait', elements.map(String), numbers(1000));
    const member = client.bzPopMin(isolated, 'zset', 20);
    const entry = client.xRead(isolated, {key: 'stream', id: '$'}, {BLOCK: 20000});
    const moved = client.blMove(isolated, 'from', 'to', 'LEFT', 'RIGHT', 20);
    await until(async () => /blocked_clients:3\r/.test(await client.info('clients')));
    await client.zAdd('zset', {score: 1.5, value: 'member'});
    await client.xAdd('stream', '7-1', {field: 'value'});
    await client.rPush('from', 'element');
    same('BZPOPMIN', await member, {key: 'zset', value: 'member', score: 1.5});
    same('XREAD BLOCK', await entry, [{name: 'stream', messages: [{id: '7-1', message: {field: 'value'}}]}]);
    same('BLMOVE', await moved, 'element');
    same('BLPOP runs out of time', await client.blPop(isolated, 'none', 0.05), null);
}

async function publishAndSubscribe() {
    const subscribers = await all(10, connected);
    const heard = subscribers.map(() => []);
    await Promise.all(subscribers.map((subscriber, i) => (i % 2 === 0 ?
        subscriber.subscribe('news', (message) => heard[i].push(message)) :
        subscriber.pSubscribe('n*', (message) => heard[i].push(message)))));
    const receivers = await Promise.all(numbers(500).map((i) => client.publish('news', i)));
    check('PUBLISH says how many it reaches', receivers.every((count) => count === 10), receivers);
    await until(() => heard.every((messages) => messages.length >= 500));
    for (const messages of heard) {
        same('each subscriber hears all, in order', messages, numbers(500));
    }
    await subscribers[0].unsubscribe('news');
    await subscribers[1].pUnsubscribe('n*');
    same('who has unsubscribed may do other things', await subscribers[0].ping(), 'PONG');
    same('eight are left', await client.publish('news', 'x'), 8);
    await Promise.all(subscribers.map((subscriber) => subscriber.disconnect()));
}

// A cache of what is read, from which the invalidations that come to a second connection take keys away.
async function clientSideCaching() {
    const [reader, invalidations] = await all(2, connected);
    const cache = new Map();
    const number = await invalidations.sendCommand(['CLIENT', 'ID']);
    await invalidations.subscribe('__redis__:invalidate', (keys) => {
        (keys ?? [...cache.keys()]).forEach((key) => cache.delete(key));
    });
    await reader.sendCommand(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(number)]);
    await Promise.all(numbers(200).map((i) => client.set(`cached:${i}`, 'old')));
    await Promise.all(numbers(200).map(async (i) => cache.set(`cached:${i}`, await reader.get(`cached:${i}`))));
    await Promise.all(numbers(100).map((i) => client.set(`cached:${i}`, 'new')));
    await until(() => cache.size <= 100);
    same('keys that were written leave the cache, the others stay', [...cache.keys()].sort(),
         numbers(200).slice(100).map((i) => `cached:${i}`).sort());
    await client.flushDb();
    await until(() => cache.size === 0);
    same('FLUSHDB empties it', cache.size, 0);
    await Promise.all([reader, invalidations].map((connection) => connection.disconnect()));
}

run(pipelines, transactions, blockingReads, publishAndSubscribe, clientSideCaching);
