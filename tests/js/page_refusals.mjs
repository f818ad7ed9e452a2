// Wrong input on the page, live: `page_refusals.mjs PAGE_DIR PORT BRIDGE TOPIC MISSING_TOPIC DEAD_BRIDGE`.
// Each case is typed into the page's own forms. Prints what the page then shows, announces and tells a script.
import { withPage } from './browser.mjs'
import { serve } from './serve.mjs'

const [dir, port, bridge, topic, missing, dead] = process.argv.slice(2)
const site = await serve({ '/': dir }, Number(port))
const address = new URL(site.url)
for (const [name, value] of Object.entries({ lang: 'en', source: 'live', bridge, topic })) address.searchParams.set(name, value)

/** A mistake in the options: refused before anything is sent. */
const options = name => ({ name, connect: { options: name } })
const cases = [
  options('lingerms=5'),
  options('timeout.ms=5'),
  options('enable.idempotence=true acks=1'),
  options('acks=2'),
  options('batch.size=-1'),
  { name: 'no pair', connect: { options: 'linger' } },
  { name: '2 MB', connect: {}, message: { value: 'x'.repeat(2_000_000) } },
  { name: 'space', connect: {}, message: { topic: 'two words' } },
  { name: 'unknown topic', connect: { options: 'max.block.ms=2000' }, message: { topic: missing } },
  { name: 'nobody', connect: { options: 'max.block.ms=2000', bridge: dead }, message: {} }
]

async function run (page, { connect, message }) {
  const disconnect = page.getByRole('button', { name: 'Disconnect', exact: true })
  if (await disconnect.isVisible()) await disconnect.click()
  await page.locator('input[name=bridge]').fill(connect.bridge ?? bridge)
  await page.locator('input[name=options]').fill(connect.options ?? '')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  if (message) {
    await page.locator('#message input[name=topic]').fill(message.topic ?? topic)
    await page.locator('#message input[name=value]').fill(message.value ?? 'v')
    await page.locator('#message button[type=submit]').click()
  }
  await page.waitForFunction(() => window.ottla.state().said?.code != null, null, { timeout: 20_000 })
  const { said, ledger } = await page.evaluate(() => window.ottla.state())
  await page.locator('output[name=result]').getByText(said.code).waitFor()
  const shown = await page.locator('output[name=result]').innerText()
  const announced = await page.getByRole('status').last().filter({ hasText: said.code }).innerText()
  const record = await page.evaluate(() => window.ottla.record(0))
  return { said, shown, announced, record, ledger }
}

const told = {}
await withPage(address.href, { viewport: { width: 1440, height: 900 }, expected: /WebSocket connection/ }, async page => {
  for (const each of cases) {
    await page.reload()
    await page.waitForFunction(() => window.ottla !== undefined)
    await page.getByRole('button', { name: 'More options', exact: true }).click()
    told[each.name] = await run(page, each)
  }
}).finally(() => site.close())
console.log(JSON.stringify(told))
