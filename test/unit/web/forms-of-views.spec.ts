import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const VIEWS = 'views';
/** Have the token of the visit: nobody is signed in there. */
const OWN_TOKEN = ['access/login.hbs', 'access/second-step.hbs', 'access/break-glass.hbs'];

const views = readdirSync(VIEWS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.hbs'))
  .map((name) => ({ name, text: readFileSync(join(VIEWS, name), 'utf8') }));

const forms = views.flatMap(({ name, text }) =>
  [...text.matchAll(/<form\b[^>]*>/gi)].map(({ 0: tag, index }) => ({ name, tag, text, index })),
);
const posting = forms.filter(({ tag }) => /\bmethod\s*=\s*["']?post/i.test(tag));

describe('the views', () => {
  it('are all looked through', () => {
    expect(views.length).toBeGreaterThan(60);
    expect(posting.length).toBeGreaterThan(35);
  });

  it('have the token against other sites in every form that posts', () => {
    const without = posting
      .filter(({ name }) => !OWN_TOKEN.includes(name))
      .filter(({ tag, text, index }) => !/^\s*\{\{csrf\}\}/.test(text.slice(index + tag.length)))
      .map(({ name, tag }) => `${name}: ${tag}`);
    expect(without).toEqual([]);
    const itsOwn =
      /^\s*(\{\{#if access\.csrf\}\})?<input type="hidden" name="_csrf" value="\{\{access\.csrf\}\}">/;
    const withoutOwn = posting
      .filter(({ name }) => OWN_TOKEN.includes(name))
      .filter(({ tag, text, index }) => !itsOwn.test(text.slice(index + tag.length)))
      .map(({ name, tag }) => `${name}: ${tag}`);
    expect(withoutOwn).toEqual([]);
  });

  it('have it in no form that asks: it would stand in the address', () => {
    const asking = forms.filter((form) => !posting.includes(form));
    const inside = ({ text, index }: (typeof forms)[number]) =>
      text.slice(index, text.indexOf('</form>', index));
    expect(asking.filter((form) => inside(form).includes('{{csrf}}'))).toEqual([]);
  });

  it('have no button that makes a form that posts one that asks', () => {
    const asks = views.filter(({ text }) => /formmethod\s*=/i.test(text)).map(({ name }) => name);
    expect(asks).toEqual([]);
  });
});
