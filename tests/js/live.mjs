// The page's live mode, in English and without motion.
import { withPage } from './browser.mjs'

export { DESK } from './sandbox.mjs'

/** Opens the page with the live source, connected to the bridge that its server names, and calls `work(page)`. */
export function withLive (url, options, work) {
  const address = new URL(url)
  for (const [name, value] of Object.entries({ source: 'live', lang: 'en' })) address.searchParams.set(name, value)
  return withPage(address.href, { reducedMotion: 'reduce', ...options }, async page => {
    await page.waitForFunction(() => window.ottla !== undefined)
    await page.getByRole('button', { name: 'Disconnect', exact: true }).waitFor()
    return work(page)
  })
}

/** Disconnects, fills the bar and connects again. */
export async function connectWith (page, { acks = 'all', options = '' }) {
  await page.getByRole('button', { name: 'Disconnect', exact: true }).click()
  await page.locator('select[name=live-acks]').selectOption(acks)
  await page.locator('input[name=options]').fill(options)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('button', { name: 'Disconnect', exact: true }).waitFor()
}
