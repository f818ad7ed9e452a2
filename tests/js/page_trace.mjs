// Opens trace files on the page: `page_trace.mjs URL FILE BROKEN SAVED`.
// FILE is dropped on it and then chosen in the form; each time the page tells every record and batch that it shows.
// BROKEN is dropped after that, and must change nothing but what is said. What "Save trace" gives is left at SAVED.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { withPage } from './browser.mjs'

const [url, file, broken, saved] = process.argv.slice(2)
const address = new URL(url)
address.searchParams.set('lang', 'en')

/** Drops a file as a hand does: one event with a DataTransfer that holds it. */
async function drop (page, path) {
  await page.evaluate(({ name, text }) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([text], name))
    const event = type => new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer })
    const target = document.querySelector('#stage canvas')
    target.dispatchEvent(event('dragover'))
    target.dispatchEvent(event('drop'))
  }, { name: basename(path), text: readFileSync(path, 'utf8') })
}

const opened = page => page.waitForFunction(() => window.ottla.state().source === 'trace' && window.ottla.state().records > 0)

const everything = page => page.evaluate(() => {
  const { records, batches, ledger, said } = window.ottla.state()
  return {
    ledger,
    said,
    records: Array.from({ length: records }, (_, id) => window.ottla.record(id)),
    batches: Array.from({ length: batches }, (_, id) => window.ottla.batch(id))
  }
})

/** The events without the header, which says who wrote the file. */
const events = path => readFileSync(path, 'utf8').split('\n').slice(1).join('\n')

const result = await withPage(address.href, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.waitForFunction(() => window.ottla !== undefined)
  await drop(page, file)
  await opened(page)
  const dropped = await everything(page)

  await drop(page, broken)
  await page.waitForFunction(() => window.ottla.state().said?.code === 'BROKEN_TRACE')
  const refused = await everything(page)
  const shown = await page.locator('output[name=result]').innerText()
  const announced = await page.getByRole('status').last().filter({ hasText: 'BROKEN_TRACE' }).innerText()

  const downloads = page.waitForEvent('download')
  await page.evaluate(() => document.activeElement.blur())
  await page.keyboard.press('s')
  await (await downloads).saveAs(saved)

  await page.evaluate(() => window.ottla.source('sandbox'))
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  await page.locator('input[name=trace]').setInputFiles(saved)
  await opened(page)
  const chosen = await everything(page)
  return { dropped, refused, shown, announced, chosen, same: events(saved) === events(file) }
})
console.log(JSON.stringify(result))
