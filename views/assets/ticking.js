/** Lists whose rows can be ticked: one box ticks all, and the bar below says how many are. */
export function startTicking() {
  const all = document.querySelector('[data-tick-all]');
  const bar = document.querySelector('[data-ticked]');
  if (!bar) return;
  const boxes = () => [...document.querySelectorAll('td input[type=checkbox][name=id]')];
  const rest = bar.textContent;
  const say = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    const word = `${bar.dataset.ticked}${ticked === 1 ? '' : 's'}`;
    bar.textContent = ticked === 0 ? rest : `${ticked} ${word} ticked`;
    bar.closest('[role=group]').classList.toggle('ready', ticked > 0);
    const box = document.querySelector('[data-tick-all]');
    if (!box) return;
    box.checked = ticked > 0 && ticked === boxes().length;
    box.indeterminate = ticked > 0 && ticked < boxes().length;
  };
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-tick-all]')) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.matches('[data-tick-all], td input[type=checkbox]')) say();
  });
  // A browser that brings a page back brings its ticks back too.
  addEventListener('pageshow', say);
  if (all) say();
}
