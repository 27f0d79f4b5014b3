// `npm run words`: prints the words that Roost does not use, with file and line. The work is in words-command.mjs.
import './node-version.mjs';

import('./words-command.mjs').then(function (words) {
  words.main();
});
