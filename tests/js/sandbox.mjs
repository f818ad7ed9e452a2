// The page's sandbox without motion: nothing plays by itself, so that every moment is the same in every run.
import { withPage } from './browser.mjs'

export const DESK = { viewport: { width: 1440, height: 900 } }
export const HAND = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** Opens the sandbox and calls `work(page)`. */
export function withSandbox (url, { lang = 'en', theme = 'light', ...options }, work) {
  const address = new URL(url)
  for (const [name, value] of Object.entries({ source: 'sandbox', lang, theme })) address.searchParams.set(name, value)
  return withPage(address.href, { ...DESK, reducedMotion: 'reduce', ...options }, async page => {
    await page.waitForFunction(() => window.ottla !== undefined)
    await page.getByRole('button', { name: lang === 'ko' ? /브로커 3/ : /broker 3/ }).waitFor()
    return work(page)
  })
}

export const state = page => page.evaluate(() => window.ottla.state())

/** Presses `.` until the state is as wanted. */
export async function stepUntil (page, what, wanted) {
  for (let steps = 0; steps < 200; steps += 1) {
    const now = await state(page)
    if (wanted(now)) return now
    await page.keyboard.press('.')
  }
  throw new Error(`200 steps did not lead to: ${what}`)
}

/** A run with a broken broker: 24 records, two of them told OK, broker 3 killed under way. */
export async function breakSomething (page) {
  await page.evaluate(() => {
    const keys = ['kim', 'han', 'lim', 'park', 'seo']
    for (let n = 1; n <= 24; n += 1) {
      window.ottla.send({ topic: 'orders', key: keys[(n * 7) % 5], value: `{"order":${n}}` })
      if (n % 3 === 0) window.ottla.step(2)
    }
    for (let n = 0; n < 400 && window.ottla.state().ledger.toldOk < 2; n += 1) window.ottla.step(1)
    window.ottla.kill(3)
    window.ottla.step(4)
  })
  await page.getByRole('button', { name: /Restart broker 3|브로커 3 다시/ }).waitFor()
}
