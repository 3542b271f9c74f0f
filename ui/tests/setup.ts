// What jsdom lacks and the window's engine has.
if (!HTMLDialogElement.prototype.showModal) {
  HTMLDialogElement.prototype.showModal = function showModal(this: HTMLDialogElement) {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
    this.open = false
  }
}
// axe measures ligatures on a canvas where there is one; without it jsdom complains at every rule.
HTMLCanvasElement.prototype.getContext = () => null
