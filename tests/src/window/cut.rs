//! Nothing is cut off: what a person with weak sight meets when the text is twice the size.

use anyhow::{Result, bail};

use super::Window;

/// Every element that shows less than it holds: it would have to be scrolled sideways, or its text ends before it is
/// read. What stands in a field scrolls in it by nature, and what is only read aloud has no size.
const CUT: &str = "
    const found = [];
    const typed = ['INPUT', 'TEXTAREA', 'SELECT'];
    for (const e of document.querySelectorAll('*')) {
      if (!(e instanceof HTMLElement) || typed.includes(e.tagName) || e.closest('.visually-hidden')) continue;
      if (!e.checkVisibility() || e.clientWidth <= 1 || e.clientHeight <= 1) continue;
      const style = getComputedStyle(e);
      const aside = e.scrollWidth - e.clientWidth;
      const below = e.scrollHeight - e.clientHeight;
      const isCut = (overflow) => overflow === 'hidden' || overflow === 'clip';
      const name = e.tagName.toLowerCase() + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('');
      const words = e.innerText.replace(/\\s+/g, ' ').slice(0, 60);
      if (style.overflowX !== 'visible' && aside > 1) found.push(`${name} lacks ${aside} px in width: ${words}`);
      else if (isCut(style.overflowY) && below > 1) found.push(`${name} lacks ${below} px in height: ${words}`);
    }
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push(`the page lacks ${page.scrollWidth - page.clientWidth} px in width`);
    return found.join('\\n');";

impl Window {
    /// Fails with every element of the page that shows less than it holds.
    pub async fn nothing_is_cut(&self, place: &str) -> Result<()> {
        let cut = self.eval(CUT, vec![]).await?;
        match cut.as_str() {
            Some("") => Ok(()),
            _ => bail!("{place}: cut off: {cut}"),
        }
    }
}
