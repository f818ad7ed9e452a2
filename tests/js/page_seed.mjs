// A failing seed's link: `page_seed.mjs URL SEED`. The page opens the world of that seed; what its ledger says is printed,
// what is said of it, which is nothing when the trace is whole, and what is said of a seed that is none.
import { withPage } from './browser.mjs'

const [url, seed] = process.argv.slice(2)
const linked = path => {
  const address = new URL(url)
  address.searchParams.set('lang', 'en')
  address.searchParams.set('trace', path)
  return address.href
}

const { ledger, notice } = await withPage(linked(`/seeds/${seed}.jsonl`), {}, async page => {
  await page.waitForFunction(() => window.ottla?.state().source === 'trace' && window.ottla.state().records > 0)
  return page.evaluate(() => {
    const { ledger, said } = window.ottla.state()
    return { ledger, notice: said }
  })
})
const said = await withPage(linked('/seeds/none.jsonl'), { expected: /404/ }, async page => {
  await page.waitForFunction(() => window.ottla?.state().said?.code)
  return page.evaluate(() => window.ottla.state().said.code)
})
console.log(JSON.stringify({ ledger, notice, said }))
