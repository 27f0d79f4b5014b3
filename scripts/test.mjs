// `npm test`: the whole suite from an empty clone; `npm test -- unit` a part of it. The work is in test-suite.mjs.
import './node-version.mjs';

import('./test-suite.mjs').then(function (suite) {
  suite.test(process.argv.slice(2));
});
