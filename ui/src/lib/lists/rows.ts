// Moving in lists: the arrow keys (and J and K) go from row to row, each row's own button opens it.

export function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
  if (!step || event.ctrlKey || event.altKey) return
  const list = event.currentTarget
  if (!(list instanceof HTMLElement)) return
  const rows = [...list.querySelectorAll<HTMLElement>('[data-row]')]
  const now = rows.indexOf(document.activeElement as HTMLElement)
  const next = rows[Math.max(0, Math.min(rows.length - 1, now + step))]
  if (next && next !== document.activeElement) {
    event.preventDefault()
    next.focus()
    next.scrollIntoView?.({ block: 'nearest' })
  }
}
