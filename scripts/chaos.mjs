// `npm run test:chaos`: the battery that breaks things for real; `-- outage` a part of it, `-- --nightly` at its full length.
import './node-version.mjs';

import('./test-suite.mjs').then(function (suite) {
  const given = process.argv.slice(2);
  const args = given.filter((arg) => arg !== '--nightly');
  if (args.length < given.length) process.env.CHAOS_NIGHTLY = '1';
  suite.test(args, { kind: 'chaos' });
});
