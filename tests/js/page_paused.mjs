// Sends while nothing plays, in the sandbox and live: `page_paused.mjs URL TOPIC`; TOPIC is one that the bridge refuses.
// Prints what the page says of each message, and the ledger as a phone shows it after a live one was refused.
import { shownLedger } from './ledger.mjs'
import { withLive } from './live.mjs'
import { HAND, withSandbox } from './sandbox.mjs'

const [url, topic] = process.argv.slice(2)

/** Sends what the form offers and gives what is said of it, near the form and to a screen reader. */
async function send (page, words) {
  await page.locator('#message button[type=submit]').click()
  const announced = page.getByRole('status').last().filter({ hasText: words })
  await announced.waitFor()
  return [await page.locator('output[name=result]').innerText(), await announced.innerText()]
}

const sandbox = await withSandbox(url, {}, async page => {
  const said = []
  for (let id = 0; id < 4; id += 1) said.push(await send(page, `Record ${id} `))
  return { said, ledger: await shownLedger(page, 'sent', '4') }
})

const live = await withLive(url, HAND, async page => {
  const said = [await send(page, 'offset 0')]
  await page.evaluate(() => window.ottla.pause())
  said.push(await send(page, 'offset 1'))
  await page.getByRole('button', { name: 'More options', exact: true }).click()
  await page.locator('#message input[name=topic]').fill(topic)
  said.push(await send(page, topic))
  await page.getByRole('button', { name: 'Back to now', exact: true }).click()
  return { said, ledger: await shownLedger(page, 'failed', '1') }
})
console.log(JSON.stringify({ sandbox, live }))
