import { isSecret, type Settings } from './settings.js';

/** The settings as people may see them: passwords in addresses are masked. */
export function shownSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      isSecret(name) && !name.endsWith('URL')
        ? hidden(String(value))
        : masked(Array.isArray(value) ? value.join(',') : String(value)),
    ]),
  );
}

function hidden(value: string): string {
  return value === '' ? '' : '***';
}

function masked(value: string): string {
  if (!/^[a-z]+:\/\//.test(value) || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password) url.password = '***';
  return url.toString();
}
