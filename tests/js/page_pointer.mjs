// Chooses records and kills a broker with a real pointer, in the sandbox: `page_pointer.mjs URL`.
// Prints what was chosen and what the page then shows of it, and the brokers after each press.
import { state, stepUntil, withSandbox } from './sandbox.mjs'

/** Waits until words and stage have followed the state. */
const rest = page => page.evaluate(async () => {
  for (let frames = 0; frames < 20; frames += 1) await new Promise(resolve => requestAnimationFrame(resolve))
})

/** Finds a point at which the stage paints the record, by what the page says of each, and presses the mouse there. */
async function pressRecord (page, id) {
  await page.evaluate(() => window.ottla.select(null))
  await rest(page)
  const at = await page.evaluate(id => {
    const canvas = document.querySelector('#stage canvas')
    const { left, top, right, bottom } = canvas.getBoundingClientRect()
    for (let clientY = top + 2; clientY < bottom; clientY += 4) {
      for (let clientX = left + 2; clientX < right; clientX += 4) {
        canvas.dispatchEvent(new PointerEvent('pointerup', { clientX, clientY, bubbles: true }))
        if (window.ottla.state().selected === id) {
          window.ottla.select(null)
          return [clientX, clientY]
        }
      }
    }
    throw new Error(`the stage does not paint record ${id}`)
  }, id)
  await rest(page)
  if ((await state(page)).selected !== null) throw new Error('a record is chosen before the mouse is pressed')
  await page.mouse.click(...at)
}

const broker = (state, node) => state.brokers.find(({ id }) => id === node)
const heading = page => page.getByRole('complementary').getByRole('heading', { level: 2 }).innerText()

const result = await withSandbox(process.argv[2], {}, async page => {
  await page.evaluate(() => {
    for (const key of ['kim', 'han', 'lim']) window.ottla.send({ topic: 'orders', key, value: key })
    // Less motion: nothing goes on by itself.
    for (let steps = 0; steps < 60 && window.ottla.record(2)?.batch == null; steps += 1) window.ottla.step(1)
  })
  await page.locator('footer').waitFor()
  const before = (await state(page)).selected
  const chosen = []
  for (const id of [1, 2]) {
    await pressRecord(page, id)
    await page.waitForFunction(id => window.ottla.state().selected === id, id)
    await page.getByRole('complementary').getByRole('heading', { level: 2, name: new RegExp(`Record ${id}`) }).waitFor()
    chosen.push({ selected: (await state(page)).selected, heading: await heading(page) })
  }
  // The empty stage chooses nothing.
  const box = await page.locator('#stage canvas').boundingBox()
  await page.mouse.click(box.x + 2, box.y + 2)
  await page.getByRole('complementary').waitFor({ state: 'detached' })
  const empty = (await state(page)).selected

  const press = async name => {
    const button = await page.getByRole('button', { name, exact: true }).boundingBox()
    await page.mouse.click(button.x + button.width / 2, button.y + button.height / 2)
  }
  await press('Kill broker 2')
  await page.getByRole('button', { name: 'Restart broker 2', exact: true }).waitFor()
  const killed = (await state(page)).brokers
  await press('Restart broker 2')
  await page.evaluate(() => document.activeElement.blur())
  const restarted = (await stepUntil(page, 'a broker that is up again', state => broker(state, 2).state === 'up')).brokers
  return { before, chosen, empty, killed, restarted }
})
console.log(JSON.stringify(result))
