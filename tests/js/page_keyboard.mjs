// Sends, kills and restarts with the keyboard alone: `page_keyboard.mjs URL`.
// Prints what the page says of it, and what a screen reader finds in the first frame and after the kill.
import { tabTo } from './keyboard.mjs'
import { state, stepUntil, withSandbox } from './sandbox.mjs'

const broker = (state, node) => state.brokers.find(({ id }) => id === node)

const result = await withSandbox(process.argv[2], {}, async page => {
  const first = await page.locator('body').ariaSnapshot()
  await tabTo(page, 'input[name=key]')
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('lim')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  const sent = await state(page)
  // A field keeps its own keys: those of the page work anywhere else.
  await tabTo(page, '#message button[type=submit]')
  await stepUntil(page, 'a record in a log', ({ ledger }) => ledger.inLog === 1)
  const { partition } = await page.evaluate(() => window.ottla.record(0))
  await page.keyboard.press('3')
  await stepUntil(page, 'a dead broker', state => broker(state, 3).dead)
  await page.getByRole('button', { name: 'Restart broker 3' }).waitFor()
  const killed = await state(page)
  const after = await page.locator('body').ariaSnapshot()
  await page.keyboard.press('j')
  await page.getByRole('complementary').waitFor()
  const selected = (await state(page)).selected
  await page.keyboard.press('Escape')
  await tabTo(page, 'button.broker[aria-label="Restart broker 3"]')
  await page.keyboard.press('Enter')
  const restarted = await stepUntil(page, 'a broker that is up again', state => broker(state, 3).state === 'up')
  await tabTo(page, 'button.play')
  await page.keyboard.press('Enter')
  await page.waitForFunction(t => window.ottla.state().t > t, restarted.t)
  const played = await state(page)
  return { first, after, sent, partition, killed, selected, restarted, played }
})
console.log(JSON.stringify(result))
