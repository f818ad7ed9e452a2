// Chromium for the scripts here: found, started, and never silent about errors on the page.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const APPS = ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** The path of Chromium: `CHROME`, or where systems put it. */
export function executable () {
  if (process.env.CHROME) return process.env.CHROME
  const inPath = NAMES.flatMap(name => (process.env.PATH ?? '').split(delimiter).map(dir => join(dir, name)))
  const found = [...inPath, ...APPS].find(isExecutable)
  if (!found) throw new Error('no Chromium in PATH: see `cargo xtask doctor`')
  return found
}

function isExecutable (path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Opens a page and calls `work(page)`. Throws when the page logged an error or threw, besides `work`'s own reasons.
 * `expected` matches errors that the browser itself logs for what a test does on purpose.
 */
export async function withPage (url, { expected, ...options }, work) {
  const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    const page = await browser.newPage(options)
    const errors = []
    page.on('console', message => message.type() === 'error' && !expected?.test(message.text()) && errors.push(message.text()))
    page.on('pageerror', error => errors.push(String(error)))
    await page.goto(url)
    const result = await work(page)
    if (errors.length > 0) throw new Error(`errors on the page:\n${errors.join('\n')}`)
    return result
  } finally {
    await browser.close()
  }
}
