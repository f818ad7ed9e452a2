// Fills every field of the page's form, live: `page_form.mjs URL TOPIC`.
// Three messages to TOPIC, which is not the one that the page offers: with headers and a partition, without a key, without
// a value. acks are chosen before. Prints the records as the page tells them, and what the client's own run says of acks.
import { connectWith, DESK, withLive } from './live.mjs'

const [url, topic] = process.argv.slice(2)

const messages = [
  { key: 'han', value: 'vàl=ue', headers: 'trace=1\ntrace=2=3\n출처=페이지', partition: '2' },
  { key: null, value: 'no key here', headers: '', partition: '1' },
  { key: 'park', value: null, headers: 'why=', partition: '' }
]

/** Ticks or unticks; a field that says nothing is closed. */
async function field (page, name, text, tick) {
  await page.getByLabel(tick, { exact: true }).setChecked(text === null)
  const input = page.locator(`#message input[name=${name}]`)
  if (text !== null) return input.fill(text)
  if (!await input.isDisabled()) throw new Error(`${tick} is ticked, and ${name} can be typed nevertheless`)
}

const result = await withLive(url, DESK, async page => {
  await connectWith(page, { acks: '1' })
  await page.getByRole('button', { name: 'More options', exact: true }).click()
  const told = []
  for (const [id, { key, value, headers, partition }] of messages.entries()) {
    await page.locator('#message input[name=topic]').fill(topic)
    await page.locator('#message input[name=partition]').fill(partition)
    await page.locator('#message textarea[name=headers]').fill(headers)
    await field(page, 'key', key, 'no key')
    await field(page, 'value', value, 'no value (tombstone)')
    await page.locator('#message button[type=submit]').click()
    await page.waitForFunction(id => window.ottla.record(id)?.told === 'ok', id, { timeout: 20_000 })
    told.push(await page.evaluate(id => window.ottla.record(id), id))
  }
  const linked = await page.locator('#bridge').innerText()
  const batches = await page.evaluate(() => Array.from({ length: window.ottla.state().batches }, (_, id) => window.ottla.batch(id)))
  return { told, linked, batches }
})
console.log(JSON.stringify(result))
