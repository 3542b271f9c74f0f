// One paper on its way out: made, looked at, printed or saved. The core makes it; a paper the printer
// did not take is not issued.
import type { PaperDone, PaperRequest, PaperView, PrinterView } from '../api'
import type { Desk } from '../desk.svelte'
import { say } from '../texts'
import { Work } from '../work.svelte'

export class Paper {
  readonly #desk: Desk
  request: PaperRequest | null = $state.raw(null)
  large = $state(false)
  printer = $state('')
  printers: PrinterView[] = $state.raw([])
  readonly making = new Work<PaperView>()
  readonly printing = new Work<PaperDone>()
  readonly keeping = new Work<PaperDone>()
  /** What became of the last print or save, in words. */
  outcome = $state('')

  constructor(desk: Desk) {
    this.#desk = desk
    void desk.call('printers', null).then(
      (printers) => {
        this.printers = printers
        this.printer = (printers.find((printer) => printer.default) ?? printers[0])?.name ?? ''
      },
      () => undefined
    )
  }

  get view(): PaperView | null {
    return this.making.value
  }

  get title(): string {
    return this.request ? say(`paper.${this.request.kind}`) : ''
  }

  /** What keeps the paper from being printed: letters no font has. */
  get uncovered(): string[] {
    return this.view?.uncovered ?? []
  }

  show(request: Omit<PaperRequest, 'large_print'>): Promise<unknown> {
    this.request = { ...request, large_print: this.large }
    this.outcome = ''
    this.printing.clear()
    this.keeping.clear()
    return this.#make()
  }

  setLarge(large: boolean): void {
    this.large = large
    if (!this.request) return
    this.request = { ...this.request, large_print: large }
    void this.#make()
  }

  #make(): Promise<unknown> {
    const request = this.request
    if (!request) return Promise.resolve()
    return this.making.run(() => this.#desk.call('paper_preview', request))
  }

  async print(): Promise<boolean> {
    const paper = this.request
    if (!paper || this.printing.working) return false
    this.outcome = ''
    const printer = this.printer
    const done = await this.printing.run(() => this.#desk.call('paper_print', { paper, printer: printer || null }))
    if (!done?.done) return false
    this.outcome = say('preview.printed', { printer: printer || '–' })
    this.#desk.saved()
    return true
  }

  async keep(): Promise<boolean> {
    const paper = this.request
    if (!paper || this.keeping.working) return false
    this.outcome = ''
    const done = await this.keeping.run(() => this.#desk.call('paper_save', { paper, path: null }))
    if (!done?.done) return false
    this.outcome = say('preview.saved', { file: this.view?.file_name ?? '' })
    this.#desk.saved()
    return true
  }
}
