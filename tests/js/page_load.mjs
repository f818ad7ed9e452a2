// Sends many records from one tab, live, with the stage visible: `page_load.mjs URL TOPIC RECORDS SIZE KEYS`.
// Prints what the page was told of them, records per second, and the longest task of the main thread.
import { withPage } from './browser.mjs'

const [url, topic, records, size, keys] = process.argv.slice(2)
const load = { topic, records: Number(records), size: Number(size), keys: Number(keys) }

const result = await withPage(url, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.waitForFunction(() => window.ottla !== undefined)
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  const connect = page.getByRole('button', { name: 'Connect', exact: true })
  if (await connect.isVisible()) await connect.click()
  await page.evaluate(() => {
    window.longest = 0
    new PerformanceObserver(list => {
      for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration)
    }).observe({ type: 'longtask' })
  })
  const counts = await page.evaluate(load => window.ottla.load(load), load)
  const ledger = await page.evaluate(() => window.ottla.state().ledger)
  return { ...counts, ledger, longest: await page.evaluate(() => window.longest) }
})
console.log(JSON.stringify({ ...result, perSecond: Math.round(load.records / (result.ms / 1000)) }))
