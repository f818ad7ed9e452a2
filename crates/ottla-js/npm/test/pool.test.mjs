import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './ottla.mjs';

const { BufferPool } = await load('src/pool.js');

function counted() {
  const made = [];
  const pool = new BufferPool((length) => {
    made.push(length);
    return new Uint8Array(length);
  });
  return { pool, made };
}

test('an array has the length that was asked for and begins its buffer', () => {
  const { pool } = counted();
  for (const length of [0, 1, 16_384, 16_385]) {
    const bytes = pool.take(length);
    assert.equal(bytes.byteLength, length);
    assert.equal(bytes.byteOffset, 0);
  }
});

test('what was given back serves again, and no two users have the same buffer', () => {
  const { pool, made } = counted();
  const [first, second] = [pool.take(100), pool.take(100)];
  assert.notEqual(first.buffer, second.buffer);
  pool.give(first);
  const third = pool.take(16_384);
  assert.equal(third.buffer, first.buffer);
  assert.notEqual(pool.take(1).buffer, first.buffer);
  assert.equal(made.length, 3);
});

test('a buffer that is too small is not used', () => {
  const { pool, made } = counted();
  pool.give(pool.take(100));
  assert.equal(pool.take(100_000).byteLength, 100_000);
  assert.equal(made.length, 2);
});

test('it keeps little', () => {
  const { pool, made } = counted();
  const many = Array.from({ length: 20 }, () => pool.take(1));
  const large = pool.take(2_000_000);
  for (const bytes of [large, ...many]) pool.give(bytes);
  assert.notEqual(pool.take(2_000_000).buffer, large.buffer);
  const again = Array.from({ length: 20 }, () => pool.take(1));
  assert.equal(new Set(again.map(({ buffer }) => buffer)).size, 20);
  assert.equal(made.length, 21 + 1 + 12);
});
