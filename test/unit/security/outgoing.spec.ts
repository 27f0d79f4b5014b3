import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/processes.js';

/** Files that connect to other machines, and to which: all addresses are settings, none comes from a request. */
const MAY_CALL_OUT: Record<string, RegExp> = {
  'auth/oidc.ts': /^openid-client$/,
  // Redis, as is all of ioredis.
  'bullmq/connection/redis-preflight.ts': /^node:tls$/,
  // The target of AUDIT_EXPORT.
  'audit/export/syslog-stream-sink.ts': /^node:(net|tls)$/,
  'audit/export/syslog-udp-sink.ts': /^node:(dgram|dns\/promises)$/,
};
/** Library for other programs, which calls the Roost that its user names. Neither web app nor worker loads it. */
const CLIENT = 'client/http/http-connection.ts';
const OUT =
  /^(node:)?(https?|http2|net|tls|dgram|dns)(\/promises)?$|^(undici|axios|got|node-fetch|openid-client)$/;

it('S14: nothing that is submitted leads Roost to another machine, as nothing else in it calls out', () => {
  const src = join(projectRoot, 'src');
  const found: string[] = [];
  let looked = 0;
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )) {
    looked++;
    const text = readFileSync(join(src, file), 'utf8');
    for (const [, names, module] of text.matchAll(/^import (?!type )([^;]*?) from '([^']+)'/gm)) {
      // Looking at an address is no call.
      if (!OUT.test(module!) || /^\{ (isIP(v[46])?|type \w+)(, type \w+)* \}$/.test(names!)) continue;
      if (!MAY_CALL_OUT[file]?.test(module!)) found.push(`${file} imports ${module}`);
    }
    if (file !== CLIENT && /\bfetch\(|\bnew (WebSocket|EventSource)\(/.test(text))
      found.push(`${file} calls out`);
  }
  expect(looked).toBeGreaterThan(200);
  expect(found).toEqual([]);
});
