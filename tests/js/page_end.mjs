// What the visitor is told when the wasm traps: `page_end.mjs URL`. Prints the sentence in both languages, and how many
// notes two traps leave.
import { withSandbox } from './sandbox.mjs'

const told = {}
for (const lang of ['en', 'ko']) {
  await withSandbox(process.argv[2], { lang }, async page => {
    told[lang] = await page.evaluate(() => {
      const trap = () => window.dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }))
      window.dispatchEvent(new ErrorEvent('error', { error: new TypeError('of somebody else') }))
      const before = document.querySelectorAll('[role=alert]').length
      trap()
      trap()
      const notes = [...document.querySelectorAll('[role=alert]')].map(it => it.textContent)
      return { before, notes, title: document.title }
    })
  })
}
console.log(JSON.stringify(told))
