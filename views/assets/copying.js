const CONFIRMATION_MS = 1_500;

/** Makes buttons with `data-copy` copy the text of the element with that id. */
export function startCopying() {
  document.addEventListener('click', async (event) => {
    const button = event.target.closest?.('[data-copy]');
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    const word = button.querySelector('span');
    const copied = await write(source.textContent);
    word.textContent = copied ? 'Copied' : 'Press Ctrl C';
    if (!copied) getSelection().selectAllChildren(source);
    setTimeout(() => (word.textContent = 'Copy'), CONFIRMATION_MS);
  });
}

/**
 * Copies a text. The clipboard API exists only on HTTPS and localhost; elsewhere the text is selected for
 * Ctrl+C.
 */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
