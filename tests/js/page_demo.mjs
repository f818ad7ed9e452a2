// Opens what a demo serves, once: `page_demo.mjs URL`. Prints how its wasm came, how many colours the first frame has, and
// to which bridge and brokers the page connects by itself, and to which topic a message goes that is sent right after leaving.
import { withPage } from './browser.mjs'

const address = new URL(process.argv[2])
address.searchParams.set('lang', 'en')

const result = await withPage('about:blank', { viewport: { width: 1440, height: 900 } }, async page => {
  const loaded = page.waitForResponse(response => new URL(response.url()).pathname.endsWith('.wasm'))
  await page.goto(address.href)
  const wasm = await loaded
  await page.waitForFunction(() => window.ottla !== undefined)
  const inks = await (await page.waitForFunction(() => {
    const canvas = document.querySelector('#stage canvas')
    if (!canvas?.width) return 0
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const inks = new Set(new Uint32Array(data.buffer)).size
    return inks > 1 && inks
  })).jsonValue()
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  const bridge = await page.locator('#bridge code').first().innerText()
  await page.waitForFunction(() => window.ottla.state().brokers.length === 3)
  const brokers = await page.evaluate(() => window.ottla.state().brokers.map(({ id }) => id).sort())
  // Whoever goes back and sends at once sends to the topic of the sandbox. In one task, so that no frame is between.
  await page.evaluate(() => {
    document.querySelectorAll('header button').forEach(button => button.textContent === 'Sandbox' && button.click())
    document.querySelector('#message').requestSubmit()
  })
  const sent = await page.waitForFunction(() => window.ottla.record(0), null, { timeout: 10_000 })
  const { topic } = await sent.jsonValue()
  return { topic, wasm: { status: wasm.status(), type: await wasm.headerValue('content-type') }, inks, bridge, brokers }
})
console.log(JSON.stringify(result))
