// Types a message into the page's form, live, and waits until its socket closes: `page_message.mjs URL KEY VALUE`.
// Prints where the record is, as the page's own trace tells it, and what the ledger shows:
// each number as its text, what is hatched as `null`.
import { withPage } from './browser.mjs'
import { shownLedger } from './ledger.mjs'

const [url, key, value] = process.argv.slice(2)

const result = await withPage(url, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.waitForFunction(() => window.ottla !== undefined)
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  const connect = page.getByRole('button', { name: 'Connect', exact: true })
  if (await connect.isVisible()) await connect.click()
  await page.locator('input[name=key]').fill(key)
  await page.locator('input[name=value]').fill(value)
  await page.locator('#message button[type=submit]').click()
  await page.waitForFunction(() => window.ottla.record(0)?.told === 'ok', null, { timeout: 20_000 })
  const shown = await shownLedger(page, 'told-ok', '1')
  const buttons = await page.locator('#stage button').count()
  // Where there is no button, there is no key either.
  await page.evaluate(() => document.activeElement.blur())
  await page.keyboard.press('1')
  const told = await page.evaluate(() => {
    const events = window.ottla.trace().trim().split('\n').slice(1).map(line => JSON.parse(line))
    const find = name => events.find(({ event }) => event[name] !== undefined)
    const { ledger, brokers, logs } = window.ottla.state()
    return {
      record: window.ottla.record(0),
      node: find('drained').event.drained.node,
      ledger,
      brokers: brokers.map(({ id }) => id),
      dead: brokers.filter(({ dead }) => dead).length,
      logs
    }
  })
  return { ...told, shown, buttons }
})
console.log(JSON.stringify(result))
