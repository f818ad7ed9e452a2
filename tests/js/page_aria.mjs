// What a screen reader finds, in both languages and both widths: `page_aria.mjs URL`.
// Prints snapshots by name: the first frame with every option open, and the bars of the two other sources.
import { DESK, HAND, withSandbox } from './sandbox.mjs'

const looks = {
  'desk-ko': { lang: 'ko', ...DESK },
  'phone-en': { lang: 'en', ...HAND },
  'phone-ko': { lang: 'ko', ...HAND }
}
const MORE = { en: 'More options', ko: '옵션 더 보기' }

const snapshots = {}
for (const [look, options] of Object.entries(looks)) {
  await withSandbox(process.argv[2], options, async page => {
    const source = async (n, there) => {
      await page.locator(`nav.kinds button:nth-of-type(${n})`).click()
      await page.locator(there).waitFor()
    }
    await page.getByRole('button', { name: MORE[options.lang], exact: true }).click()
    await page.locator('#more').waitFor()
    snapshots[`${look}-first`] = await page.locator('body').ariaSnapshot()
    await source(2, '#bridge button')
    await page.locator('#bridge button').click()
    await page.locator('input[name=bridge]').waitFor()
    const bar = await page.locator('#bridge').ariaSnapshot()
    snapshots[`${look}-live`] = bar.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    await source(3, 'input[name=trace]')
    snapshots[`${look}-trace`] = await page.locator('main').ariaSnapshot()
  })
}
console.log(JSON.stringify(snapshots))
