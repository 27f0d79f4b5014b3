const DONE = { retry: 'retried', move: 'moved', cancel: 'cancelled', delete: 'deleted' };

/** Lists with tickable rows: one box ticks all, and the bar below shows the number. */
export function startTicking() {
  const all = document.querySelector('[data-tick-all]');
  const bar = document.querySelector('[data-ticked]');
  if (!bar) return;
  const boxes = () => [...document.querySelectorAll('td input[type=checkbox][name=id]')];
  const first = bar.textContent;
  const search = document.querySelector('form.query #search');
  const update = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    const word = `${bar.dataset.ticked}${ticked === 1 ? '' : 's'}`;
    // The bar acts on the loaded list, never on a query typed but not sent.
    const isAhead = ticked === 0 && search && search.value !== search.defaultValue;
    const words = isAhead
      ? 'Search first: the list does not match the query above yet'
      : (bar.dataset.rest ?? first);
    const text = ticked === 0 ? words : `${ticked} ${word} ticked`;
    if (bar.textContent !== text) bar.textContent = text;
    for (const button of bar.parentElement.querySelectorAll('.bulk-bar [name=action]')) {
      const isVain = isOfferedToNone(button.value);
      button.disabled = Boolean(isAhead) || isVain;
      button.title = isVain ? `None of these tasks can be ${DONE[button.value]}` : '';
    }
    bar.closest('[role=group]').classList.toggle('ready', ticked > 0);
    const box = document.querySelector('[data-tick-all]');
    if (!box) return;
    box.checked = ticked > 0 && ticked === boxes().length;
    box.indeterminate = ticked > 0 && ticked < boxes().length;
  };
  /** Returns true if the action applies to none of the bar's tasks. Tasks on other pages are unknown. */
  const isOfferedToNone = (action) => {
    const ticked = boxes().filter((box) => box.checked);
    const all = document.querySelector('[data-all]');
    if (all && (ticked.length === 0 || all.checked)) return false;
    const meant = ticked.length > 0 ? ticked : boxes();
    return meant.length > 0 && !meant.some((box) => box.dataset.acts?.split(' ').includes(action));
  };
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-tick-all]')) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.matches('[data-tick-all], [data-all], td input[type=checkbox]')) update();
  });
  search?.addEventListener('input', update);
  // A redraw may remove a ticked row. A restored page has its ticks restored, too.
  document.addEventListener('roost:drawn', update);
  addEventListener('pageshow', update);
  if (all) update();
}
