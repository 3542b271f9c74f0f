// The bundled pdf.js: loaded when the first paper is shown, its worker from our own files, nothing evaluated.
import type { PDFDocumentProxy } from 'pdfjs-dist'
import workerUrl from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'

let library: Promise<typeof import('pdfjs-dist')> | null = null

function load(): Promise<typeof import('pdfjs-dist')> {
  library ??= import('pdfjs-dist/legacy/build/pdf.mjs').then((pdfjs) => {
    pdfjs.GlobalWorkerOptions.workerSrc = workerUrl
    return pdfjs as typeof import('pdfjs-dist')
  })
  return library
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

async function open(base64: string): Promise<PDFDocumentProxy> {
  const pdfjs = await load()
  return pdfjs.getDocument({
    data: bytesOf(base64), isEvalSupported: false, enableXfa: false, useWasm: false, stopAtErrors: false
  }).promise
}

let turn: Promise<unknown> = Promise.resolve()

/**
 * Opens a PDF for as long as it is used. Scripts and outside addresses in it are never followed.
 * One at a time: the library keeps the number of pages once for all its documents, and a second would change it.
 */
export function withPdf<T>(base64: string, use: (file: PDFDocumentProxy) => Promise<T>): Promise<T> {
  const used = turn.then(async () => {
    const file = await open(base64)
    try {
      return await use(file)
    } finally {
      await file.destroy()
    }
  })
  turn = used.catch(() => undefined)
  return used
}

/** Draws one page onto a canvas so wide, and gives its words for those who do not see it. */
export async function drawPage(file: PDFDocumentProxy, number: number, canvas: HTMLCanvasElement, width: number): Promise<string> {
  const page = await file.getPage(number)
  // Text set larger in the window does not count as pixels of the screen, and would blur.
  const sharpness = Math.min(3, Math.max(window.devicePixelRatio || 1, Math.round(window.outerWidth / window.innerWidth) || 1))
  const scale = (width / page.getViewport({ scale: 1 }).width) * sharpness
  const viewport = page.getViewport({ scale })
  canvas.width = Math.floor(viewport.width)
  canvas.height = Math.floor(viewport.height)
  await page.render({ canvas, viewport }).promise
  const content = await page.getTextContent()
  return content.items.map((item) => ('str' in item ? item.str : '')).join(' ')
}
