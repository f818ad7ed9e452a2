// The keyboard alone.

/** Presses Tab until the element is focused. */
export async function tabTo (page, selector) {
  for (let tabs = 0; tabs < 40; tabs += 1) {
    if (await page.evaluate(selector => document.activeElement.matches(selector), selector)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`40 times Tab did not reach ${selector}`)
}
