// Wrong input to the npm package in Chromium: `browser_refusals.mjs PACKAGE PORT BRIDGE TOPIC MISSING_TOPIC DEAD_BRIDGE`.
// Prints the error of each case as a script of a page gets it.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withPage } from './browser.mjs'
import { serve } from './serve.mjs'

const [dir, port, bridge, topic, missing, dead] = process.argv.slice(2)
const blank = mkdtempSync(join(tmpdir(), 'ottla-blank-'))
writeFileSync(join(blank, 'index.html'), '<!doctype html><title>blank</title><link rel="icon" href="data:,">')
const site = await serve({ '/ottla/': dir, '/': blank }, Number(port))

const told = await withPage(site.url, { expected: /WebSocket connection/ }, page => page.evaluate(async ({ bridge, topic, missing, dead }) => {
  const { ConfigError, createProducer, KafkaError } = await import('/ottla/src/browser.js')
  const told = {}
  const attempt = async (name, work) => {
    try {
      await work()
      told[name] = null
    } catch (error) {
      const { code, message, persisted } = error
      told[name] = { typed: error instanceof KafkaError, config: error instanceof ConfigError, code, message, persisted }
    }
  }
  const wrong = {
    'lingerms=5': { lingerms: 5 },
    'timeout.ms=5': { 'timeout.ms': 5 },
    'enable.idempotence=true acks=1': { 'enable.idempotence': true, acks: 1 },
    'acks=2': { acks: 2 },
    'batch.size=-1': { 'batch.size': -1 }
  }
  for (const [name, config] of Object.entries(wrong)) await attempt(name, () => createProducer({ bridge, config }))
  const config = { 'max.block.ms': 2_000, 'linger.ms': 1 }
  const producer = createProducer({ bridge, config })
  await attempt('2 MB', () => producer.send({ topic, messages: [{ value: 'x'.repeat(2_000_000) }] }))
  await attempt('space', () => producer.send({ topic: 'two words', messages: [{ value: 'v' }] }))
  await attempt('unknown topic', () => producer.send({ topic: missing, messages: [{ value: 'v' }] }))
  const [good] = await producer.send({ topic, messages: [{ key: 'k', value: 'good' }] })
  await producer.close()
  const nobody = createProducer({ bridge: dead, config })
  await attempt('nobody', () => nobody.send({ topic, messages: [{ value: 'v' }] }))
  return { told, good: { partition: good.partition, offset: String(good.offset) } }
}, { bridge, topic, missing, dead })).finally(() => site.close())
console.log(JSON.stringify(told))
