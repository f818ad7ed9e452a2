// The ledger strip as it is shown.

/**
 * Numbers by name, as text; what is hatched is `null`, and what is not to be seen is not there. Waits until the number `name` reads `text`: words follow the state
 * by up to a tenth of a second.
 */
export async function shownLedger (page, name, text) {
  await page.locator(`.ledger [data-name=${name}] b`, { hasText: new RegExp(`^${text}$`) }).waitFor()
  return page.locator('.ledger .num:visible').evaluateAll(all => Object.fromEntries(all.map(it => {
    const hatch = it.querySelector('.hatch')
    const visible = hatch?.checkVisibility() && hatch.offsetWidth > 0 && getComputedStyle(hatch).backgroundImage.includes('gradient')
    return [it.dataset.name, visible ? null : it.querySelector('b').textContent]
  })))
}
