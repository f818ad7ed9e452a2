// Sends many records from one tab, live, with the stage visible: `page_load.mjs URL TOPIC RECORDS SIZE KEYS`.
// Prints what the page was told of them, records per second, how often the stage was painted meanwhile and whether it was
// in sight, and the longest task of the main thread: by the clock, and without the time in which the system ran something
// else.
import { withPage } from './browser.mjs'

const [url, topic, records, size, keys] = process.argv.slice(2)
const load = { topic, records: Number(records), size: Number(size), keys: Number(keys) }

/** Records the tasks of all main threads of pages while `work` runs, each with its milliseconds. */
async function tasksOf (page, work) {
  const session = await page.context().newCDPSession(page)
  const events = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value))
  const complete = new Promise(resolve => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel'] } })
  const result = await work()
  await session.send('Tracing.end')
  await complete
  const main = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = events.filter(({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && main.has(`${pid} ${tid}`))
  const longest = of => tasks.reduce((most, task) => Math.max(most, task[of] ?? 0), 0) / 1000
  return { ...result, tasks: tasks.length, longest: longest('dur'), longestCpu: longest('tdur') }
}

/** Counts how often the stage is painted, and notes whether it, or the page, is out of sight at any time. */
async function watch () {
  const watched = window.watched = { painted: 0, visible: document.visibilityState === 'visible' }
  document.addEventListener('visibilitychange', () => { watched.visible = false })
  await new Promise(resolve => {
    const look = entries => {
      watched.visible &&= entries.every(({ intersectionRatio }) => intersectionRatio > 0.9)
      resolve()
    }
    new IntersectionObserver(look, { threshold: [0, 0.9] }).observe(document.querySelector('#stage'))
  })
  const clear = CanvasRenderingContext2D.prototype.clearRect
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    if (this.canvas.closest('#stage')) watched.painted += 1
    return clear.apply(this, area)
  }
}

const result = await withPage(url, { viewport: { width: 1440, height: 900 } }, async page => {
  await page.waitForFunction(() => window.ottla !== undefined)
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  const connect = page.getByRole('button', { name: 'Connect', exact: true })
  if (await connect.isVisible()) await connect.click()
  return tasksOf(page, async () => {
    await page.evaluate(watch)
    // Both in one task: what is painted later, while the picture catches up, does not count.
    const counts = await page.evaluate(async load => {
      const counts = await window.ottla.load(load)
      return { ...counts, ...window.watched }
    }, load)
    // The picture may be a little behind what was told: it catches up, a few milliseconds of each frame.
    await page.waitForFunction(sent => window.ottla.state().ledger.sent === sent, counts.sent, { timeout: 60_000 })
    const ledger = await page.evaluate(() => window.ottla.state().ledger)
    return { ...counts, ledger }
  })
})
console.log(JSON.stringify({ ...result, perSecond: Math.round(load.records / (result.ms / 1000)) }))
