// Copy aids for the national tool. What was copied leaves the clipboard again by itself.

export const CLEAR_AFTER_SECONDS = 30

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return byCommand(text)
  }
}

/** For engines that refuse the clipboard interface outside a press. */
function byCommand(text: string): boolean {
  const put = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
  }
  document.addEventListener('copy', put)
  try {
    return document.execCommand('copy')
  } finally {
    document.removeEventListener('copy', put)
  }
}

interface Held {
  timer: ReturnType<typeof setTimeout>
  /** Its half minute is over. */
  due: boolean
  cleared: () => void
}

/** What was copied last, until it is cleared. */
let held: Held | null = null

/** Puts a text on the clipboard and clears it after half a minute. False when the engine refused: what was copied before
    is there still, and keeps its own half minute. */
export async function copyForAWhile(text: string, cleared: () => void = () => undefined): Promise<boolean> {
  const done = await write(text)
  if (done) hold(cleared)
  return done
}

function hold(cleared: () => void): void {
  letGo()
  const copied: Held = { timer: setTimeout(() => over(copied), CLEAR_AFTER_SECONDS * 1000), due: false, cleared }
  held = copied
  window.addEventListener('focus', again)
  window.addEventListener('pagehide', atOnce)
}

function letGo(): void {
  if (held) clearTimeout(held.timer)
  held = null
  window.removeEventListener('focus', again)
  window.removeEventListener('pagehide', atOnce)
}

function over(copied: Held): void {
  copied.due = true
  void clear(copied)
}

/** Engines refuse a window without focus: then it is cleared as soon as the window has it again. */
async function clear(copied: Held): Promise<void> {
  if (!(await write(' ')) || copied !== held) return
  letGo()
  copied.cleared()
}

function again(): void {
  if (held?.due) void clear(held)
}

/** The page goes: nothing that waits for an answer would be done. */
function atOnce(): void {
  if (!byCommand(' ')) void write(' ')
}
