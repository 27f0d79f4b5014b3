// `npm run test:scale`: a million tasks through the real path, measured; `-- --tasks 50000` fewer, `-- history` a part of it.
import './node-version.mjs';

import('./test-suite.mjs').then(function (suite) {
  const given = process.argv.slice(2);
  const at = given.indexOf('--tasks');
  const args = at < 0 ? given : [...given.slice(0, at), ...given.slice(at + 2)];
  if (at >= 0) process.env.SCALE_TASKS = given[at + 1] ?? '';
  suite.test(args, { kind: 'scale' });
});
