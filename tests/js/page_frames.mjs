// How long the page's own part of a frame takes while the sandbox plays: `page_frames.mjs URL SECONDS`.
// Four bursts of 24 records, a broker killed under way. Prints milliseconds: median, 99th percentile and longest.
import { withPage } from './browser.mjs'

const [url, seconds] = process.argv.slice(2)
const address = new URL(url)
address.searchParams.set('source', 'sandbox')

const frames = await withPage(address.href, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.addInitScript(() => {
    const ask = window.requestAnimationFrame.bind(window)
    window.frames = []
    window.requestAnimationFrame = frame => ask(now => {
      const begun = performance.now()
      frame(now)
      window.frames.push(performance.now() - begun)
    })
  })
  await page.reload()
  await page.waitForFunction(() => window.ottla !== undefined)
  await page.evaluate(seconds => {
    window.ottla.send({ topic: 'orders', key: 'kim', value: 'first' })
    window.ottla.play()
    const end = performance.now() + seconds * 1000
    return new Promise(resolve => {
      let turn = 0
      const act = () => {
        turn += 1
        if (turn <= 4) document.querySelector('#message button.quiet').click()
        if (turn === 5) window.ottla.kill(3)
        if (performance.now() > end) resolve()
        else setTimeout(act, 500)
      }
      setTimeout(act, 500)
    })
  }, Number(seconds))
  return page.evaluate(() => window.frames)
})
frames.sort((a, b) => a - b)
const at = part => frames[Math.min(frames.length - 1, Math.floor(frames.length * part))]
console.log(JSON.stringify({ frames: frames.length, median: at(0.5), p99: at(0.99), longestFrame: at(1) }))
