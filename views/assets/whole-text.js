/** Elements whose title was set here instead of by the server. */
const titled = new WeakSet();

/** Shows the full text of cut elements on hover, as a title. */
export function startWholeText() {
  document.addEventListener('pointerover', ({ target }) => {
    const cut = target.closest?.('main *, .topbar *, dialog *');
    if (!cut || (cut.closest('[title]') && !titled.has(cut))) return;
    if (!isCut(cut)) return;
    titled.add(cut);
    cut.title = cut.textContent.trim();
  });
}

/** Returns true if a redraw must preserve the title, which the server does not know. */
export function hasOwnTitle(element) {
  return titled.has(element);
}

function isCut(element) {
  const { textOverflow, webkitLineClamp } = getComputedStyle(element);
  return (
    (textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth) ||
    (webkitLineClamp !== 'none' && element.scrollHeight > element.clientHeight)
  );
}
