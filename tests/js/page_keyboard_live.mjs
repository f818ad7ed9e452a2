// Connects and sends live with the keyboard alone: `page_keyboard_live.mjs URL KEY VALUE`.
// The page starts in its sandbox. Prints the record, the options that the client runs with, and what a screen reader finds
// in the bar before and after connecting.
import { withSandbox } from './sandbox.mjs'
import { tabTo } from './keyboard.mjs'

const [url, key, value] = process.argv.slice(2)

const result = await withSandbox(url, {}, async page => {
  /** Writes over what is in the focused field. */
  const write = async text => {
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(text)
  }
  const bar = async () => (await page.locator('#bridge').ariaSnapshot()).replace(/127\.0\.0\.1:\d+/, '127.0.0.1:PORT')
  await tabTo(page, 'nav.kinds button:nth-of-type(2)')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Disconnect', exact: true }).waitFor()
  await tabTo(page, '#bridge button')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor()
  const off = await bar()
  const bridge = await page.locator('input[name=bridge]').inputValue()
  await tabTo(page, 'input[name=bridge]')
  await write(bridge)
  await page.keyboard.press('Tab')
  await page.keyboard.press('1')
  await page.keyboard.press('Tab')
  await write('linger.ms=7')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Disconnect', exact: true }).waitFor()
  const on = await bar()
  await tabTo(page, 'input[name=key]')
  await write(key)
  await page.keyboard.press('Tab')
  await write(value)
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => window.ottla.record(0)?.told === 'ok', null, { timeout: 20_000 })
  return { off, on, record: await page.evaluate(() => window.ottla.record(0)) }
})
console.log(JSON.stringify(result))
