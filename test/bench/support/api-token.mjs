import { pathToFileURL } from 'node:url';
import { inRoot } from '../../../scripts/project.mjs';

const NAME = 'ada';
const PASSWORD = 'for the length of a bench';
const PERMISSIONS = ['tasks.read', 'tasks.submit', 'tasks.act', 'queues.control'];

/** Settings of a web app that admits nobody without a login or a token. */
export async function closedDoor() {
  const { hashPassword } = await import(pathToFileURL(inRoot('dist/auth/password.js')).href);
  return { ACCESS_USERS: `${NAME}:admin:${await hashPassword(PASSWORD)}` };
}

/** Signs in as a browser does and makes an API token: the header that programs send. */
export async function makeToken(url) {
  const cookies = new Map();
  const send = async (path, options = {}) => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { ...options.headers, cookie };
    const answer = await fetch(url + path, { redirect: 'manual', ...options, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    if (answer.status >= 400) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.text();
  };
  const page = await send('/login');
  const [, csrf] = /name="_csrf" value="([^"]*)"/.exec(page);
  const form = new URLSearchParams({ _csrf: csrf, name: NAME, password: PASSWORD });
  await send('/login', { method: 'POST', body: form });
  const { csrfToken } = JSON.parse(await send('/api/v1/me'));
  const { token } = JSON.parse(
    await send('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken },
      body: JSON.stringify({ name: 'bench', permissions: PERMISSIONS }),
    }),
  );
  return { authorization: `Bearer ${token}` };
}
