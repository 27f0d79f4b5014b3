// `npm run check`: all that can be judged without a browser, in about a minute. The work is in checks.mjs.
import './node-version.mjs';

import('./checks.mjs').then(function (checks) {
  checks.check();
});
