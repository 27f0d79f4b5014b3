/** A browser without scripts and windows: keeps cookies, says where it comes from, follows nothing by itself. */
export class BrowserClient {
  readonly cookies = new Map<string, string>();

  constructor(readonly url: string) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<PageAnswer> {
    return this.send(path, { headers: { accept: 'text/html', ...headers } });
  }

  /** A form of a page of the same site. */
  async post(
    path: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<PageAnswer> {
    return this.send(path, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin', ...headers },
    });
  }

  /** A call of a script of the page. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<PageAnswer> {
    return this.send(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Through the login form. */
  async signIn(name: string, password: string, next?: string): Promise<PageAnswer> {
    const page = await this.get(next === undefined ? '/login' : `/login?next=${encodeURIComponent(next)}`);
    return this.post('/login', {
      name,
      password,
      _csrf: csrfIn(page.text),
      ...(next === undefined ? {} : { next }),
    });
  }

  /** Returns the token that forms of this login's pages carry. */
  async csrf(): Promise<string> {
    const me = await this.call('GET', '/api/v1/me');
    return (JSON.parse(me.text) as { csrfToken: string }).csrfToken;
  }

  /** Its cookies, for a window that is to be signed in as well. */
  storageState(): { cookies: BrowserCookie[]; origins: [] } {
    const { hostname: domain } = new URL(this.url);
    const cookies = [...this.cookies].map(([name, value]) => ({
      ...{ name, value, domain, path: '/', expires: -1, httpOnly: true, secure: false },
      sameSite: 'Lax' as const,
    }));
    return { cookies, origins: [] };
  }

  private async send(path: string, init: RequestInit): Promise<PageAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie ? { cookie } : {}), ...(init.headers as Record<string, string>) };
    const response = await fetch(path.startsWith('http') ? path : this.url + path, {
      ...init,
      headers,
      redirect: 'manual',
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0/i.test(line)) this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      setCookies,
      text: await response.text(),
    };
  }
}

interface BrowserCookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  expires: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Lax';
}

export interface PageAnswer {
  status: number;
  location: string | null;
  headers: Headers;
  setCookies: string[];
  text: string;
}

export function csrfIn(html: string): string {
  return /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
}

/** Returns the fields of a page's filled form by name, and its target. */
export function formIn(html: string, id: string): { action: string; fields: Record<string, string> } {
  const [, action, inner] =
    new RegExp(`<form[^>]*action="([^"]*)"[^>]*id="${id}"[^>]*>([^]*?)</form>`).exec(html) ?? [];
  if (action === undefined || inner === undefined) throw new Error(`The page has no form ${id}.`);
  const inputs = [...inner.matchAll(/<input[^>]* name="([^"]*)"[^>]*?(?: value="([^"]*)")?[^>]*>/g)];
  const texts = [...inner.matchAll(/<textarea[^>]* name="([^"]*)"[^>]*>\n?([^]*?)<\/textarea>/g)];
  const fields = [...inputs, ...texts].map(([, name, value = '']) => [name!, unescape(value)] as const);
  return { action: unescape(action), fields: Object.fromEntries(fields) };
}

function unescape(html: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return html.replace(/&(?:#x([0-9a-f]+)|(\w+));/gi, (_, code: string, name: string) =>
    code ? String.fromCodePoint(parseInt(code, 16)) : (names[name] ?? ''),
  );
}
