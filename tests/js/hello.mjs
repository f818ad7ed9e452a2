// The harness's own check that Node finds the checkout's packages and a Chromium.
import { strict as assert } from 'node:assert'
import { withPage } from './browser.mjs'

const text = await withPage('data:text/html,<p id="who">ottla</p>', {}, page => page.textContent('#who'))
assert.equal(text, 'ottla')
await assert.rejects(
  withPage('data:text/html,<script>console.error("oh")</script>', {}, page => page.textContent('html')),
  /errors on the page:\noh/)
console.log(JSON.stringify({ browser: 'ok' }))
