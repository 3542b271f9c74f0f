// Copy aids for the national tool. What was copied leaves the clipboard again by itself.

export const CLEAR_AFTER_SECONDS = 30
let timer: ReturnType<typeof setTimeout> | null = null

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

/** Puts a text on the clipboard and clears it after half a minute. False when the engine refused. */
export async function copyForAWhile(text: string, cleared: () => void = () => undefined): Promise<boolean> {
  if (timer) clearTimeout(timer)
  const done = await write(text)
  if (done) {
    timer = setTimeout(() => {
      void write(' ').then(cleared)
    }, CLEAR_AFTER_SECONDS * 1000)
  }
  return done
}
