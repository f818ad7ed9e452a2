// axe on everything that the page shows, in four looks: `page_axe.mjs URL`.
// The first frame; a run after a kill with a chosen record and every option open; the list of keys; the bar of the live
// source, connected and not; the bar of the trace source. Prints what axe found or could not decide, and how many rules
// each of them passed.
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
const WORDS = {
  en: { more: 'More options', live: 'Live', trace: 'Trace', connect: 'Connect', disconnect: 'Disconnect' },
  ko: { more: '옵션 더 보기', live: '라이브', trace: '트레이스', connect: '연결', disconnect: '연결 끊기' }
}

const found = []
const rules = {}

async function check (page, where) {
  const { violations, incomplete, passes } = await page.evaluate(() => window.axe.run(document))
  rules[where] = passes.length
  // What axe leaves to a human is settled here, too, but for contrast: where it cannot see the background, because a layout
  // is just moving or a canvas lies beneath, there is nothing to fix.
  const undecided = incomplete.filter(({ id }) => id !== 'color-contrast')
  for (const { id, nodes } of [...violations, ...undecided]) {
    found.push(...nodes.map(({ target, failureSummary }) => `${where}: ${id}: ${target}: ${failureSummary}`))
  }
}

for (const { name, ...options } of looks) {
  await withSandbox(process.argv[2], options, async page => {
    const words = WORDS[options.lang]
    const button = word => page.getByRole('button', { name: words[word], exact: true })
    await page.evaluate(axe)
    await check(page, `${name}, first frame`)

    await breakSomething(page)
    await page.evaluate(() => window.ottla.select(3))
    await page.getByRole('complementary').waitFor()
    await button('more').click()
    await page.locator('#more').waitFor()
    await check(page, `${name}, after a kill`)

    await page.evaluate(() => document.activeElement.blur())
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await check(page, `${name}, keys`)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })

    await button('live').click()
    await button('disconnect').waitFor()
    await check(page, `${name}, connected`)
    await button('disconnect').click()
    await button('connect').waitFor()
    await check(page, `${name}, not connected`)

    await button('trace').click()
    await page.locator('input[name=trace]').waitFor()
    await check(page, `${name}, trace`)
  })
}
console.log(JSON.stringify({ found, rules }))
