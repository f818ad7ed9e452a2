// The ten-line example page with its Content-Security-Policy, in Chromium: `example_page.mjs PACKAGE PORT BRIDGE CLICKS`.
// Only the bridge's address is not as it is written there. Prints what the page showed after each click.
import { withPage } from './browser.mjs'
import { serve } from './serve.mjs'

const [dir, port, bridge, clicks] = process.argv.slice(2)
const edit = text => text.replaceAll('ws://localhost:8080', bridge.slice(0, bridge.indexOf('/k/')))
const site = await serve({ '/ottla/': dir, '/': 'examples/page' }, Number(port), edit)

const shown = await withPage(site.url, { expected: /Content Security Policy/ }, async page => {
  const policy = await page.locator('meta[http-equiv]').getAttribute('content')
  if (!policy.includes(`connect-src 'self' ${bridge.slice(0, bridge.indexOf('/k/'))}`)) throw new Error(`another policy: ${policy}`)
  const violations = []
  await page.exposeFunction('violated', what => violations.push(what))
  await page.evaluate(() => document.addEventListener('securitypolicyviolation', event => window.violated(event.blockedURI)))
  const output = page.locator('output')
  const places = []
  for (let n = 0; n < Number(clicks); n += 1) {
    const before = await output.innerText()
    await page.getByRole('button', { name: 'Click' }).click()
    await page.waitForFunction(before => document.querySelector('output').value !== before, before)
    places.push(await output.innerText())
  }
  // Nothing else may be reached from here: the policy is one that is enforced.
  await page.evaluate(() => fetch('http://127.0.0.2:1/').catch(() => {}))
  return { places, violations }
}).finally(() => site.close())
console.log(JSON.stringify(shown))
