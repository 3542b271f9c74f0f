// Where focus goes: to the first field of a step, and from an error to its field.

const focusable = 'input:not([type=hidden]):not([disabled]):not([readonly]), select:not([disabled]), textarea:not([disabled]), button:not([disabled]), a[href], [tabindex="0"]'

/** The control inside or named `id`: a radio group yields its chosen or first answer. */
export function controlOf(id: string): HTMLElement | null {
  const found = document.getElementById(id)
  if (!found) return null
  if (found.matches(focusable)) return found
  return (
    found.querySelector<HTMLElement>('input:checked') ?? found.querySelector<HTMLElement>(focusable) ?? found
  )
}

export function focusField(id: string): void {
  const control = controlOf(id)
  control?.focus()
  control?.scrollIntoView?.({ block: 'center' })
}

/** The first control inside a region, but for what is only looked up; radio groups by their chosen answer. */
export function focusFirst(region: ParentNode): void {
  const marked = region.querySelector<HTMLElement>('[data-first-focus]')
  const controls = [...region.querySelectorAll<HTMLElement>(focusable)]
  const first = marked ?? controls.find((control) => !control.closest('[data-not-first]'))
  if (!first) return
  if (first instanceof HTMLInputElement && first.type === 'radio') {
    const chosen = region.querySelector<HTMLElement>(`input[name="${first.name}"]:checked`)
    ;(chosen ?? first).focus()
  } else {
    first.focus()
  }
}
