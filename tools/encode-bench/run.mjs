// Nanoseconds per record of ottla's wasm build and of two JavaScript clients: the same records, the same machine, one run.
//   node run.mjs WASM [NODE_MODULES]      kafkajs and @platformatic/kafka are taken from NODE_MODULES if they are there
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [wasmPath, modules] = process.argv.slice(2)
if (!wasmPath) {
  console.error('usage: node run.mjs WASM [NODE_MODULES]')
  process.exit(2)
}
const BATCH = 64 * 1024
const ROUNDS = 7

async function best(records, round) {
  let fastest = Infinity
  let bytes = 0
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.hrtime.bigint()
    bytes = await round(records)
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / records)
  }
  return { bytes, ns: fastest }
}

function report(target, valueLen, records, { bytes, ns }) {
  console.log(JSON.stringify({
    bench: 'encode', target, value_len: valueLen, records, bytes, ns_per_record: Math.round(ns * 10) / 10,
  }))
}

const { instance } = await WebAssembly.instantiate(readFileSync(wasmPath))
for (const valueLen of [100, 1000]) {
  const records = Math.floor(50e6 / (valueLen + 25))
  report('wasm', valueLen, records, await best(records, n => instance.exports.encode_records(n, valueLen)))
}

function batches(records, valueLen, message) {
  const perBatch = Math.floor(BATCH / (valueLen + 20))
  const value = Buffer.alloc(valueLen, 0x61)
  return Array.from({ length: Math.ceil(records / perBatch) }, (_, b) =>
    Array.from({ length: Math.min(perBatch, records - b * perBatch) }, (_, i) =>
      message(Buffer.from(`key-${String(b * perBatch + i).padStart(6, '0')}`), value, b * perBatch + i)))
}

// Its encoder of records and batches, without the request around that copies them once more.
async function kafkajs(require) {
  const Record = require(join(modules, 'kafkajs/src/protocol/recordBatch/record/v0/index.js'))
  const { RecordBatch } = require(join(modules, 'kafkajs/src/protocol/recordBatch/v0/index.js'))
  for (const valueLen of [100, 1000]) {
    const records = 30_000
    const data = batches(records, valueLen, (key, value, n) => ({ key, value, timestampDelta: n & 7 }))
    report('kafkajs', valueLen, records, await best(records, async () => {
      let bytes = 0
      for (const messages of data) {
        const encoded = messages.map((message, offsetDelta) => Record({ ...message, offsetDelta }))
        const batch = await RecordBatch({ records: encoded, lastOffsetDelta: encoded.length - 1 })
        bytes += batch.size()
      }
      return bytes
    }))
  }
}

async function platformatic() {
  const path = join(modules, '@platformatic/kafka/dist/protocol/records.js')
  const { createRecordsBatch } = await import(pathToFileURL(path))
  for (const valueLen of [100, 1000]) {
    const records = 30_000
    const data = batches(records, valueLen, (key, value, n) =>
      ({ key, value, topic: 't', timestamp: BigInt(1_700_000_000_000 + (n >> 4)) }))
    report('@platformatic/kafka', valueLen, records, await best(records, () =>
      data.reduce((bytes, messages) => bytes + createRecordsBatch(messages).buffer.length, 0)))
  }
}

if (modules) {
  const require = createRequire(pathToFileURL(resolve(modules, 'x.js')))
  await kafkajs(require)
  await platformatic()
}
