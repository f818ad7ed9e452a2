// A run with a kill, shown forwards, backwards and in any order: `page_scrub.mjs URL`.
// Prints for each way what was shown at which moment, state and pixels, as hashes.
import { createHash } from 'node:crypto'
import { breakSomething, withSandbox } from './sandbox.mjs'

const MOMENTS = 16

async function shown (page, t) {
  const text = await page.evaluate(async t => {
    window.ottla.seek(t)
    const frame = () => new Promise(resolve => requestAnimationFrame(resolve))
    await frame()
    await frame()
    const state = window.ottla.state()
    const records = Array.from({ length: state.records }, (_, id) => window.ottla.record(id))
    return JSON.stringify([state, records, document.querySelector('#stage canvas').toDataURL()])
  }, t)
  return createHash('sha256').update(text).digest('hex')
}

const result = await withSandbox(process.argv[2], {}, async page => {
  await breakSomething(page)
  await page.evaluate(() => window.ottla.step(60))
  const trace = await page.evaluate(() => window.ottla.trace())
  const times = trace.trim().split('\n').slice(1).map(line => JSON.parse(line).t)
  const busy = [...new Set(times)]
  const moments = Array.from({ length: MOMENTS }, (_, n) => busy[Math.floor((busy.length - 1) * (n + 1) / MOMENTS)])
  const any = moments.map((_, n) => moments[(n * 7) % MOMENTS])
  const ways = []
  for (const way of [moments, moments.toReversed(), any]) {
    const seen = {}
    for (const t of way) seen[t] = await shown(page, t)
    ways.push(seen)
  }
  return ways
})
console.log(JSON.stringify(result))
