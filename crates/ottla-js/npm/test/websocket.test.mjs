import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { load, packageDir } from './ottla.mjs';

const { webSocketConnector } = await load('src/websocket.js');
const URL_ = 'ws://bridge/k/main/any';

class Socket extends EventTarget {
  bufferedAmount = 0;
  sent = [];
  closed = null;

  send(bytes) {
    this.sent.push(bytes);
    this.bufferedAmount += bytes.byteLength;
  }

  close(code) {
    this.closed = code;
  }

  fire(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}

function connect() {
  const socket = new Socket();
  const events = [];
  const on = {
    open: () => events.push('open'),
    data: (bytes) => events.push(`data ${bytes.byteLength}`),
    written: (count) => events.push(`written ${count}`),
    close: (reason) => events.push(reason),
  };
  const open = (url, protocol) => (assert.deepEqual([url, protocol], [URL_, 'kafka.v1']), socket);
  const connection = webSocketConnector(open)({ url: URL_ }, on, {});
  return { socket, events, connection };
}

test('bytes come and go, and what has left the buffer counts as written', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { socket, events, connection } = connect();
  assert.equal(socket.binaryType, 'arraybuffer');
  socket.fire('open');
  connection.write(new Uint8Array(10));
  connection.write(new Uint8Array(5));
  t.mock.timers.tick(0);
  assert.deepEqual(events, ['open'], 'nothing has left yet');
  socket.bufferedAmount = 7;
  t.mock.timers.tick(4);
  socket.bufferedAmount = 0;
  t.mock.timers.tick(4);
  assert.deepEqual(events, ['open', 'written 8', 'written 7']);
  socket.fire('message', { data: new ArrayBuffer(3) });
  assert.equal(events.at(-1), 'data 3');
});

test('an answer shows that bytes have left, even while timers sleep', () => {
  const { socket, events, connection } = connect();
  connection.write(new Uint8Array(10));
  socket.bufferedAmount = 0;
  socket.fire('message', { data: new ArrayBuffer(1) });
  assert.deepEqual(events, ['written 10', 'data 1']);
  connection.close();
});

test('framing in bufferedAmount never unwrites anything', () => {
  const { socket, events, connection } = connect();
  connection.write(new Uint8Array(10));
  socket.bufferedAmount = 14;
  socket.fire('message', { data: new ArrayBuffer(1) });
  assert.deepEqual(events, ['data 1']);
  connection.close();
});

test('where there is no bufferedAmount, what is sent is written', () => {
  const { socket, events, connection } = connect();
  socket.send = () => {};
  socket.bufferedAmount = undefined;
  connection.write(new Uint8Array(10));
  socket.fire('message', { data: new ArrayBuffer(1) });
  assert.deepEqual(events, ['written 10', 'data 1']);
  connection.close();
});

test('the end is told once, with the best reason there is', () => {
  const ends = [
    [(socket) => socket.fire('close', { code: 4403, reason: 'topic secret is not allowed' }), /the bridge closed the connection: topic secret is not allowed \(4403\)/],
    [(socket) => socket.fire('close', { code: 1006, reason: '' }), /no bridge at ws:\/\/bridge\/k\/main\/any, or it refused/],
    [(socket) => socket.fire('error', { message: 'connect ECONNREFUSED' }), /no bridge at .*: connect ECONNREFUSED/],
    [(socket) => socket.fire('error'), /no bridge at ws/],
    [(socket) => socket.fire('message', { data: '<html>' }), /answered with text/],
  ];
  for (const [end, pattern] of ends) {
    const { socket, events } = connect();
    end(socket);
    socket.fire('close', { code: 1006, reason: '' });
    socket.fire('message', { data: new ArrayBuffer(1) });
    assert.equal(events.length, 1, events.join('; '));
    assert.match(events[0], pattern);
  }
});

test('after its own close a connection says nothing', () => {
  const { socket, events, connection } = connect();
  connection.close();
  assert.equal(socket.closed, 1000);
  socket.fire('open');
  socket.fire('close', { code: 1000, reason: '' });
  assert.deepEqual(events, []);
});

test('a socket that calls back says itself what is written, and its buffer is used again', () => {
  const socket = Object.assign(new Socket(), { on() {} });
  const callbacks = [];
  socket.send = (bytes, done) => callbacks.push(done) && socket.sent.push(bytes);
  const written = [];
  const free = [];
  const pool = () => ({ take: (length) => free.pop() ?? new Uint8Array(length), give: (bytes) => free.push(bytes) });
  const on = { open() {}, data() {}, written: (count) => written.push(count), close() {} };
  const connection = webSocketConnector(() => socket, pool)({ url: URL_ }, on, {});
  const first = connection.allocate(9);
  connection.write(first);
  assert.deepEqual([written, connection.allocate(9) === first], [[], false]);
  callbacks[0]();
  assert.deepEqual([written, connection.allocate(9) === first], [[9], true]);
  connection.write(first);
  callbacks[1](new Error('it is closed'));
  assert.deepEqual(written, [9], 'what failed is not written');
});

const { isPrivate } = await load('src/ws.js');

test('only where nobody on the way can see the bytes they go unmasked', () => {
  for (const url of ['wss://bridge.example/k/main/any', 'ws://localhost:8080/k', 'ws://127.0.0.1:1/k', 'ws://127.9.9.9/k', 'ws://[::1]:8080/k']) {
    assert.equal(isPrivate(url), true, url);
  }
  for (const url of ['ws://bridge.example/k', 'ws://10.0.0.1/k', 'ws://127.0.0.1.example/k', 'ws://localhost.example/k', 'ws://[::2]/k']) {
    assert.equal(isPrivate(url), false, url);
  }
});

test('a bridge without any WebSocket is refused at once, with what to install, behind what else is wrong', async (t) => {
  // Far from node_modules there is no package `ws`.
  const far = mkdtempSync(join(tmpdir(), 'ottla-'));
  t.after(() => rmSync(far, { recursive: true }));
  cpSync(packageDir, far, { recursive: true });
  const { createProducer, ConfigError } = await import(pathToFileURL(join(far, 'src/node.js')));
  const { WebSocket } = globalThis;
  t.after(() => (globalThis.WebSocket = WebSocket));
  delete globalThis.WebSocket;
  const bridge = 'ws://bridge/k/main';
  const refused = (options, pattern) => assert.throws(() => createProducer(options), (error) => {
    assert(error instanceof ConfigError && error.code === 'INVALID_CONFIG', String(error));
    assert.equal(error.problems.length, 1);
    assert.match(error.problems[0], pattern);
    return true;
  });
  refused({ bridge }, /^option bridge: this Node has no WebSocket; install the package 'ws'/);
  refused({ bridge, config: { lingerms: 5 } }, /unknown option lingerms/);
  const taken = (options) => createProducer(options).close(0);
  await taken({ bootstrapServers: 'localhost:9092' });
  await taken({ bridge, connect() {} });
  globalThis.WebSocket = class {};
  await taken({ bridge });
  refused({ bridge, origin: 'https://shop.example' }, /^option origin: .* install the package 'ws'/);
});
