import { expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../support/processes.js';

it('the client loads no package, and no part of the apps', async () => {
  const { metafile } = await build({
    entryPoints: [join(projectRoot, 'src/client.ts')],
    absWorkingDir: projectRoot,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
  });
  const packages = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external && !builtinModules.includes(path.replace(/^node:/, '')));
  expect(packages).toEqual([]);
  const files = Object.keys(metafile.inputs).filter(
    (file) => !/^src\/(client\.ts$|client\/|model\/|task-api\/|bullmq\/(codec\/|task-ids))/.test(file),
  );
  expect(files).toEqual([]);
});
