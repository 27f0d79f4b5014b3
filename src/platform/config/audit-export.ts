import { isIPv6 } from 'node:net';

/** Target of the audit export. */
export type AuditExportTarget =
  { kind: 'file'; path: string } | { kind: 'udp' | 'tcp' | 'tls'; host: string; port: number };

const FORM =
  'must be file: and a path, or syslog://host:port (UDP), syslog+tcp://host:port or syslog+tls://host:port';
const KINDS = { syslog: 'udp', 'syslog+udp': 'udp', 'syslog+tcp': 'tcp', 'syslog+tls': 'tls' } as const;
/** Default ports: RFC 5426, RFC 6587, RFC 5425. */
const PORTS = { udp: 514, tcp: 601, tls: 6514 } as const;

/**
 * Returns undefined for an empty setting.
 * @throws Error whose message follows the name of the setting.
 */
export function parseAuditExport(text: string): AuditExportTarget | undefined {
  if (text === '') return undefined;
  const [, path] = /^file:(?!\/\/)(.+)$/s.exec(text) ?? [];
  if (path !== undefined) return { kind: 'file', path };
  const [, scheme = '', inBrackets, name, port] =
    /^(syslog(?:\+\w+)?):\/\/(?:\[([^\]]*)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = inBrackets ?? name;
  if (!Object.hasOwn(KINDS, scheme) || !host || (inBrackets !== undefined && !isIPv6(inBrackets)))
    throw new Error(FORM);
  const kind = KINDS[scheme as keyof typeof KINDS];
  const number = port === undefined ? PORTS[kind] : Number(port);
  if (number < 1 || number > 65_535) throw new Error('must have a port from 1 to 65535');
  return { kind, host, port: number };
}
