// SPDX-License-Identifier: BSD-3-Clause
// Counting of checks for the node programs beside it: each ends with `N passed, N failed`, as the other tests do.
// What they have in common with each other is here, too: many clients that act at once, and waiting for a condition.
'use strict';
const util = require('node:util');

let passed = 0;
let failed = 0;

function check(what, good, found) {
    if (good) {
        passed++;
    } else {
        failed++;
        console.log(`FAILED: ${what}\n${util.inspect(found, {depth: 6}).slice(0, 1500)}`);
    }
}

// The two as JSON would show them are the same.
function same(what, found, wanted) {
    check(what, util.isDeepStrictEqual(JSON.parse(JSON.stringify(found ?? null)), wanted), found);
}

// The promise must fail with an error whose text matches.
async function fails(what, promise, pattern) {
    try {
        check(what, false, await promise);
    } catch (error) {
        check(what, pattern.test(String(error.message ?? error)), error);
    }
}

async function until(condition, milliseconds = 20000) {
    const end = Date.now() + milliseconds;
    while (!(await condition()) && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

// Calls body(number) for each number below count, all at once.
function all(count, body) {
    return Promise.all(Array.from({length: count}, (_, number) => body(number)));
}

function numbers(count) {
    return Array.from({length: count}, (_, number) => String(number));
}

// Runs the parts one after another; ends the program.
async function run(...parts) {
    for (const part of parts) {
        try {
            await part();
        } catch (error) {
            check(part.name, false, error);
        }
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 ? 0 : 1);
}

module.exports = {all, check, fails, numbers, run, same, until};
