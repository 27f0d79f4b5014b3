// `npm run sbom`: the bill of materials of what runs in production, CycloneDX as JSON. The work is in sbom-command.mjs.
import './node-version.mjs';

import('./sbom-command.mjs').then(function (sbom) {
  sbom.main(process.argv.slice(2));
});
