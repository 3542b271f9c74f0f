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
  /** What goes with a paper follows it, unless the person at the counter leaves it out. */
  enclosed = $state(true)
  printer = $state('')
  printers: PrinterView[] = $state.raw([])
  readonly making = new Work<PaperView>()
  readonly printing = new Work<PaperDone>()
  readonly keeping = new Work<PaperDone>()
  /** What became of the last print or save, in words. */
  outcome = $state('')

  readonly reading = new Work<PrinterView[]>()
  readonly answering = new Work<unknown>()
  /** The printer took the paper: did it come out? Until that is answered nothing is issued. */
  asking = $state(false)
  /** It did not come out. */
  lost = $state(false)
  /** Nobody chose a printer and the computer names none. */
  lacksPrinter = $state(false)

  constructor(desk: Desk) {
    this.#desk = desk
    void this.readPrinters()
  }

  /** Reads the list anew. The computer's default is chosen; without one nobody's printer is. */
  async readPrinters(): Promise<void> {
    const printers = await this.reading.run(() => this.#desk.call('printers', null))
    if (!printers) return
    this.printers = printers
    if (!printers.some((printer) => printer.name === this.printer)) {
      this.printer = printers.find((printer) => printer.default)?.name ?? ''
    }
  }

  choose(printer: string): void {
    this.printer = printer
    this.lacksPrinter = false
    this.printing.clear()
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

  show(request: Omit<PaperRequest, 'large_print' | 'enclosure'>): Promise<unknown> {
    this.request = { ...request, large_print: this.large, enclosure: this.enclosed }
    this.outcome = ''
    this.lost = false
    this.printing.clear()
    this.keeping.clear()
    return this.#make()
  }

  setLarge(large: boolean): void {
    this.large = large
    this.#again()
  }

  setEnclosed(enclosed: boolean): void {
    this.enclosed = enclosed
    this.#again()
  }

  #again(): void {
    if (!this.request) return
    this.request = { ...this.request, large_print: this.large, enclosure: this.enclosed }
    void this.#make()
  }

  #make(): Promise<unknown> {
    const request = this.request
    if (!request) return Promise.resolve()
    // The core counts an unanswered paper as handed out when the next one is made.
    this.asking = false
    return this.making.run(() => this.#desk.call('paper_preview', request))
  }

  async print(): Promise<boolean> {
    const paper = this.request
    if (!paper || this.printing.working || this.asking) return false
    this.outcome = ''
    this.lost = false
    this.lacksPrinter = this.printers.length > 0 && !this.printer
    if (this.lacksPrinter) return false
    const printer = this.printer
    const done = await this.printing.run(() => this.#desk.call('paper_print', { paper, printer: printer || null }))
    if (!done?.done) return false
    this.outcome = say('preview.printed', { printer: printer || '–' })
    this.asking = paper.case_id !== null
    if (!this.asking) this.#desk.saved()
    return !this.asking
  }

  /** Whether the paper came out. A no leaves number and original as they were, for another printer. */
  async answer(cameOut: boolean): Promise<boolean> {
    const heard = await this.answering.run(async () => {
      await this.#desk.call('paper_came_out', { came_out: cameOut })
      return true
    })
    if (!heard) return false
    this.asking = false
    this.lost = !cameOut
    this.outcome = ''
    if (cameOut) this.#desk.saved()
    else void this.readPrinters()
    return cameOut
  }

  async keep(): Promise<boolean> {
    const paper = this.request
    if (!paper || this.keeping.working) return false
    this.outcome = ''
    const done = await this.keeping.run(() => this.#desk.call('paper_save', { paper, path: null }))
    if (!done?.done) return false
    // The name one chose, which may be another than the one proposed.
    this.outcome = say('preview.saved', { file: done.file ?? this.view?.file_name ?? '' })
    this.#desk.saved()
    return true
  }
}
