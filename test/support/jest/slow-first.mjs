import Sequencer from '@jest/test-sequencer';

/** Folders of test/ in the order they run in: slow specs first, so that both processes end at about the same time. */
const SLOW_FIRST = ['chaos', 'browser', 'e2e', 'integration', 'conformance', 'unit'];

/** Without the times of an earlier run Jest goes by the size of a file, which says little about a spec's time. */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path, context }) => {
      const [, folder] = path.slice(context.config.rootDir.length + 1).split(/[\\/]/);
      return SLOW_FIRST.indexOf(folder);
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}
