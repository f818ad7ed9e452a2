// Pictures of the page to look at: `look.mjs URL DIRECTORY [part of a name]`.
//
// Each moment in both widths, themes and languages, `desk-light-en-first.png` and so on; and the widths between.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { breakSomething, DESK, HAND, withSandbox } from './sandbox.mjs'

const KEYS = ['kim', 'han', 'lim', 'park', 'seo']
const SIZES = {
  desk: DESK,
  phone: { ...HAND, deviceScaleFactor: 2 },
  between: { viewport: { width: 1040, height: 800 } },
  small: { ...HAND, viewport: { width: 320, height: 640 } }
}

const MOMENTS = {
  first: async () => {},
  typing: page => page.locator('input[name=key]').fill('choi'),
  flight: page => page.evaluate(keys => {
    for (let n = 1; n <= 24; n += 1) {
      window.ottla.send({ topic: 'orders', key: keys[(n * 7) % 5], value: `{"order":${n}}` })
      if (n % 3 === 0) window.ottla.step(2)
    }
    for (let n = 0; n < 400 && window.ottla.state().ledger.toldOk < 2; n += 1) window.ottla.step(1)
  }, KEYS),
  killed: breakSomething,
  chosen: async page => {
    await breakSomething(page)
    await page.evaluate(() => window.ottla.select(3))
    await page.getByRole('complementary').waitFor()
  },
  trace: async page => {
    await MOMENTS.chosen(page)
    await page.evaluate(() => {
      window.ottla.open('run.jsonl', window.ottla.trace())
    })
    await page.waitForFunction(() => window.ottla.state().source === 'trace' && window.ottla.state().records > 3)
    await page.evaluate(() => window.ottla.select(3))
    await page.getByRole('complementary').waitFor()
  }
}

/** A picture after which nothing changes: words follow the canvas by up to a tenth of a second. */
async function still (page) {
  for (let before = Buffer.alloc(0), tries = 0; tries < 20; tries += 1) {
    const frames = () => new Promise(resolve => {
      let left = 12
      const frame = () => (left -= 1) > 0 ? requestAnimationFrame(frame) : resolve()
      frame()
    })
    await page.evaluate(frames)
    const now = await page.screenshot()
    if (now.equals(before)) return now
    before = now
  }
  throw new Error('the page does not come to rest')
}

const [url, directory, part = ''] = process.argv.slice(2)
mkdirSync(directory, { recursive: true })
for (const [size, options] of Object.entries(SIZES)) {
  for (const theme of ['light', 'dark']) {
    for (const lang of ['en', 'ko']) {
      for (const [moment, bring] of Object.entries(MOMENTS)) {
        const name = `${size}-${theme}-${lang}-${moment}.png`
        if (!name.includes(part)) continue
        await withSandbox(url, { ...options, lang, theme }, async page => {
          await bring(page)
          writeFileSync(join(directory, name), await still(page))
        })
        console.log(join(directory, name))
      }
    }
  }
}
