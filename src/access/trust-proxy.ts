/** Express's `trust proxy` of the setting: how many proxies in a row, or which. Never all of them. */
export function toTrustProxy(setting: string): number | string[] {
  return /^\d+$/.test(setting) ? Number(setting) : setting.split(',').map((part) => part.trim());
}
