// Nanoseconds per record of ottla's wasm build and of two JavaScript clients: the same records, the same rounds.
//   node run.mjs WASM RECORDS ROUNDS [NODE_MODULES]      kafkajs and @platformatic/kafka are taken from NODE_MODULES
//
// `wasm-core` has its records in wasm memory already. `wasm-js` begins where the JavaScript clients begin, with batches of
// Buffers: it copies each into wasm memory for one call.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [wasmPath, recordsText, roundsText, modules] = process.argv.slice(2)
const [RECORDS, ROUNDS] = [Number(recordsText), Number(roundsText)]
if (!wasmPath || !(RECORDS > 0) || !(ROUNDS > 0)) {
  console.error('usage: node run.mjs WASM RECORDS ROUNDS [NODE_MODULES]')
  process.exit(2)
}
const VALUE_LENS = [100, 1000]
const BATCH = 64 * 1024

async function best(round) {
  let fastest = Infinity
  let bytes = 0
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.hrtime.bigint()
    bytes = await round()
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / RECORDS)
  }
  return { bytes, ns: fastest }
}

function report(target, valueLen, { bytes, ns }) {
  console.log(JSON.stringify({
    bench: 'encode', target, value_len: valueLen, records: RECORDS, bytes, ns_per_record: Math.round(ns * 10) / 10,
  }))
}

// As `Workload` of lib.rs.
function workload(valueLen) {
  return Array.from({ length: RECORDS }, (_, n) => {
    const value = Buffer.alloc(valueLen)
    for (let at = 0; at < valueLen; at++) value[at] = n * 31 + at
    return { key: Buffer.from(`key-${String(n).padStart(6, '0')}`), value, timestamp: 1_700_000_000_000 + Math.floor(n / 16) }
  })
}

// As large as 64 KB allow. ottla finds the ends of its batches itself, wherever these end.
function batches(messages, valueLen) {
  const perBatch = Math.floor(BATCH / (valueLen + 20))
  return Array.from({ length: Math.ceil(messages.length / perBatch) }, (_, b) => messages.slice(b * perBatch, (b + 1) * perBatch))
}

let [bytes, view] = []

/** Copies a batch into wasm memory, in the layout that `append_all` of export.rs reads, and returns its length. */
function copy(exports, batch) {
  let room = 0
  for (const { key, value } of batch) room += 16 + key.length + value.length
  const start = exports.reserve(room)
  // A memory that grew detaches what looks at it.
  if (!bytes?.length) [bytes, view] = [new Uint8Array(exports.memory.buffer), new DataView(exports.memory.buffer)]
  let at = start
  for (const { key, value, timestamp } of batch) {
    view.setFloat64(at, timestamp, true)
    view.setInt32(at + 8, key.length, true)
    bytes.set(key, at + 12)
    at += 12 + key.length
    view.setInt32(at, value.length, true)
    bytes.set(value, at + 4)
    at += 4 + value.length
  }
  return at - start
}

async function wasm(exports, valueLen) {
  exports.prepare(RECORDS, valueLen)
  report('wasm-core', valueLen, await best(() => exports.encode()))
  const data = batches(workload(valueLen), valueLen)
  report('wasm-js', valueLen, await best(() => {
    for (const batch of data) exports.append_all(copy(exports, batch))
    return exports.finish()
  }))
}

// Its encoder of records and batches, without the request around that copies them once more.
async function kafkajs(require, valueLen) {
  const Record = require(join(modules, 'kafkajs/src/protocol/recordBatch/record/v0/index.js'))
  const { RecordBatch } = require(join(modules, 'kafkajs/src/protocol/recordBatch/v0/index.js'))
  const data = batches(workload(valueLen), valueLen).map((messages) => messages.map(({ key, value, timestamp }) =>
    ({ key, value, timestampDelta: timestamp - messages[0].timestamp })))
  report('kafkajs', valueLen, await best(async () => {
    let bytes = 0
    for (const messages of data) {
      const encoded = messages.map((message, offsetDelta) => Record({ ...message, offsetDelta }))
      const batch = await RecordBatch({ records: encoded, lastOffsetDelta: encoded.length - 1 })
      bytes += batch.size()
    }
    return bytes
  }))
}

async function platformatic(valueLen) {
  const path = join(modules, '@platformatic/kafka/dist/protocol/records.js')
  const { createRecordsBatch } = await import(pathToFileURL(path))
  const data = batches(workload(valueLen), valueLen).map((messages) => messages.map(({ key, value, timestamp }) =>
    ({ key, value, topic: 't', timestamp: BigInt(timestamp) })))
  report('@platformatic/kafka', valueLen, await best(() =>
    data.reduce((bytes, messages) => bytes + createRecordsBatch(messages).buffer.length, 0)))
}

const { instance } = await WebAssembly.instantiate(readFileSync(wasmPath))
for (const valueLen of VALUE_LENS) await wasm(instance.exports, valueLen)
if (modules) {
  const require = createRequire(pathToFileURL(resolve(modules, 'x.js')))
  for (const valueLen of VALUE_LENS) await kafkajs(require, valueLen)
  for (const valueLen of VALUE_LENS) await platformatic(valueLen)
}
