// axe on the first frame, on a run with a chosen record after a kill, and on the list of keys: `page_axe.mjs URL`.
// Prints what it found, and how many rules were applied.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { breakSomething, DESK, HAND, withSandbox } from './sandbox.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const looks = [
  { name: 'desktop, light', lang: 'en', theme: 'light', ...DESK },
  { name: 'desktop, dark', lang: 'ko', theme: 'dark', ...DESK },
  { name: 'phone, light', lang: 'ko', theme: 'light', ...HAND },
  { name: 'phone, dark', lang: 'en', theme: 'dark', ...HAND }
]

const found = []
let rules = 0

async function check (page, where) {
  const { violations, passes } = await page.evaluate(() => window.axe.run(document))
  rules += passes.length
  for (const { id, nodes } of violations) {
    found.push(...nodes.map(({ target, failureSummary }) => `${where}: ${id}: ${target}: ${failureSummary}`))
  }
}

for (const { name, ...options } of looks) {
  await withSandbox(process.argv[2], options, async page => {
    await page.evaluate(axe)
    await check(page, `${name}, first frame`)
    await breakSomething(page)
    await page.evaluate(() => window.ottla.select(3))
    await page.getByRole('complementary').waitFor()
    await check(page, `${name}, after a kill`)
    await page.evaluate(() => document.activeElement.blur())
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await check(page, `${name}, keys`)
  })
}
console.log(JSON.stringify({ found, rules }))
