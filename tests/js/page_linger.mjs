// Types messages into the page's form, live: `page_linger.mjs URL KEY VALUE [OPTIONS]`. The first only warms up: whoever is
// cold also waits for connections and an identity. Of the second it prints what the page shows, announces and tells: where
// the record is, how its batch was closed, and what stood at its broker while it was under way.
import { withPage } from './browser.mjs'

const [url, key, value, options = ''] = process.argv.slice(2)
const address = new URL(url)
address.searchParams.set('lang', 'en')

async function send (page, id, value) {
  await page.locator('input[name=key]').fill(key)
  await page.locator('input[name=value]').fill(value)
  await page.locator('#message button[type=submit]').click()
  await page.waitForFunction(id => window.ottla.record(id)?.told === 'ok', id, { timeout: 20_000 })
}

/** What of the trace concerns a record's batch, and what the page tells of the record. */
const tellOf = id => {
  const record = window.ottla.record(id)
  const events = window.ottla.trace().trim().split('\n').slice(1).map(line => JSON.parse(line))
  const find = name => {
    const found = events.find(({ event }) => event[name]?.batch === record.batch)
    return { t: found.t, ...found.event[name] }
  }
  const [opened, closed, drained, acked] = ['batch_opened', 'batch_closed', 'drained', 'acked'].map(find)
  const { ledger, brokers, queues, logs } = window.ottla.state()
  return { record, lingered: closed.t - opened.t, because: closed.because, node: drained.node, ledger, brokers, queues, logs, sent: drained.t, acked: acked.t }
}

/** The lines of the stage in words below a broker's, in a station. */
const atBroker = (page, station, node) => {
  const stationLine = page.locator('#outline > ul > li').filter({ hasText: new RegExp(`^${station}`) })
  const line = stationLine.locator('> ul > li').filter({ hasText: new RegExp(`^Broker ${node}(?!\\d)`) })
  return line.ariaSnapshot()
}

const result = await withPage(address.href, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.waitForFunction(() => window.ottla !== undefined)
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  // The page connects to the demo's bridge by itself.
  const disconnect = page.getByRole('button', { name: 'Disconnect', exact: true })
  await disconnect.waitFor()
  if (options !== '') {
    await disconnect.click()
    await page.locator('input[name=options]').fill(options)
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await disconnect.waitFor()
  }
  await send(page, 0, `${value} (first)`)
  await send(page, 1, value)
  const told = await page.evaluate(tellOf, 1)
  const { partition, offset } = told.record
  const closed = page.locator('output[name=result]').filter({ hasText: `offset ${offset},` })
  await closed.waitFor()
  const shown = await closed.innerText()
  const announced = await page.getByRole('status').filter({ hasText: `offset ${offset},` }).last().innerText()
  const toldOk = await page.locator('[data-name=told-ok] b').innerText()
  // Words follow the numbers within a few frames.
  await page.locator('#outline').getByText(new RegExp(`-${partition}, leader.*Offset ${offset + 1}$`)).waitFor({ state: 'attached' })
  const inCluster = await atBroker(page, 'Cluster', told.node)
  // Back to the middle of its way.
  await page.evaluate(t => { window.ottla.pause(); window.ottla.seek(t) }, (told.sent + told.acked) / 2)
  await page.locator('#outline').getByText(/: [1-9]\d* of \d+ in flight/).first().waitFor({ state: 'attached' })
  const onWire = await atBroker(page, 'Wire', told.node)
  return { ...told, partition, shown, announced, toldOk, inCluster, onWire }
})
console.log(JSON.stringify(result))
