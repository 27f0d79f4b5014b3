/** Delay after the last letter, so that a word typed quickly is one request, ms. */
const DEBOUNCE_MS = 60;

/** Adds suggestions for the cursor's position to query boxes. */
export function startSuggesting() {
  for (const input of document.querySelectorAll('input[data-suggest]')) new Suggestions(input);
}

/** ARIA combobox: the focus stays in the box, the arrow keys move through the list. */
class Suggestions {
  constructor(input) {
    this.input = input;
    this.at = -1;
    this.timer = 0;
    this.list = Object.assign(document.createElement('ul'), {
      id: `${input.id}-suggestions`,
      className: 'suggestions',
      hidden: true,
    });
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', 'Suggestions');
    this.announcement = Object.assign(document.createElement('p'), { className: 'hidden' });
    this.announcement.setAttribute('role', 'status');
    input.after(this.list, this.announcement);
    for (const [name, value] of [
      ['role', 'combobox'],
      ['aria-autocomplete', 'list'],
      ['aria-expanded', 'false'],
      ['aria-controls', this.list.id],
    ])
      input.setAttribute(name, value);
    input.addEventListener('input', () => this.askSoon());
    input.addEventListener('keydown', (event) => this.key(event));
    input.addEventListener('blur', () => this.close());
    // Keeps the focus in the box on a click.
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => {
      const option = event.target.closest('[role=option]');
      if (option) this.accept([...this.list.children].indexOf(option));
    });
  }

  key(event) {
    if (event.isComposing) return;
    const isOpen = !this.list.hidden;
    const { length } = this.list.children;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!isOpen) return void this.ask();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      // One more position than suggestions: there none is chosen, and Enter searches.
      this.mark(((this.at + 1 + step + length + 1) % (length + 1)) - 1);
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      this.close();
    } else if (event.key === 'Enter' && isOpen && this.at >= 0) {
      event.preventDefault();
      this.accept(this.at);
    } else if (event.key === 'Enter') {
      this.close();
    }
  }

  askSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), DEBOUNCE_MS);
  }

  async ask() {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const { value, selectionStart } = this.input;
    const params = new URLSearchParams({ q: value, at: String(selectionStart ?? value.length) });
    try {
      const response = await fetch(`${this.input.dataset.suggest}?${params}`, { signal: asking.signal });
      if (!response.ok) return this.close();
      const answer = await response.json();
      if (this.asking === asking && this.input.value === value) this.show(answer);
    } catch {
      // Closes without an answer: suggestions are optional for a search.
      if (this.asking === asking) this.close();
    }
  }

  show({ from, to, items }) {
    if (items.length === 0 || document.activeElement !== this.input) return this.close();
    this.answer = { from, to, items };
    this.list.replaceChildren(...items.map((item, n) => this.option(item, n)));
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
    this.mark(-1);
    this.announcement.textContent = items.length === 1 ? '1 suggestion' : `${items.length} suggestions`;
  }

  option({ text, help }, n) {
    const option = document.createElement('li');
    option.id = `${this.list.id}-${n}`;
    option.setAttribute('role', 'option');
    const what = Object.assign(document.createElement('span'), { className: 'what', textContent: text });
    const means = Object.assign(document.createElement('span'), { className: 'means', textContent: help });
    option.append(what, means);
    return option;
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((option, n) => {
      option.setAttribute('aria-selected', String(n === at));
      if (n === at) option.scrollIntoView({ block: 'nearest' });
    });
    if (at < 0) this.input.removeAttribute('aria-activedescendant');
    else this.input.setAttribute('aria-activedescendant', this.list.children[at].id);
  }

  /** Inserts a suggestion. After a field comes its value, after a value the next term. */
  accept(at) {
    const { from, to, items } = this.answer;
    const { text } = items[at];
    const goesOn = text.endsWith(':');
    const { value } = this.input;
    const rest = value.slice(to);
    const head = value.slice(0, from) + text + (goesOn || rest.startsWith(' ') ? '' : ' ');
    this.input.value = head + rest;
    const caret = head.length + (!goesOn && rest.startsWith(' ') ? 1 : 0);
    this.input.setSelectionRange(caret, caret);
    this.close();
    if (goesOn) void this.ask();
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = undefined;
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.mark(-1);
    this.announcement.textContent = '';
  }
}
