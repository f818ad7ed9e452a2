// A broker that stands still while it has a message, live: `page_unanswered.mjs URL PID`, PID being the broker's process.
// Prints the ledger as it is shown while nobody can know whether the message is in a log, and after the broker went on.
import { shownLedger } from './ledger.mjs'
import { connectWith, DESK, withLive } from './live.mjs'

const [url, pid] = process.argv.slice(2)

const send = page => page.locator('#message button[type=submit]').click()
const told = (page, id) => page.waitForFunction(id => window.ottla.record(id)?.told === 'ok', id, { timeout: 20_000 })

const result = await withLive(url, { ...DESK, expected: /WebSocket connection/ }, async page => {
  // What was written counts as unknown from the moment at which its connection is given up.
  await connectWith(page, { options: 'request.timeout.ms=1000' })
  await send(page)
  await told(page, 0)
  process.kill(Number(pid), 'SIGSTOP')
  try {
    await send(page)
    await page.waitForFunction(() => window.ottla.state().ledger.unknown === 1, null, { timeout: 20_000 })
    const still = await shownLedger(page, 'unknown', '1')
    process.kill(Number(pid), 'SIGCONT')
    await told(page, 1)
    return { still, after: await shownLedger(page, 'told-ok', '2') }
  } finally {
    process.kill(Number(pid), 'SIGCONT')
  }
})
console.log(JSON.stringify(result))
