import { BareBullmq } from './support/bullmq.mjs';
import { cpuOf } from './support/cpu.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow } from './support/rows.mjs';
import { median } from './support/stats.mjs';
import { drained } from './support/work-off.mjs';

const TEXT = 'lorem ipsum dolor sit amet '.repeat(760);
/** name: task type, how many there are, how many lists are asked for, their inputs. */
const SIZES = {
  small: ['no-op', 10_000, 300, (n) => ({ n })],
  large: ['carry', 500, 100, () => ({ text: TEXT })],
};
const OURS = '/api/v1/tasks?q=state:completed&limit=50';
const THEIRS = '/board/api/queues?activeQueue=bare&status=completed&page=1&jobsPerPage=50';

/** The newest 50 of the completed tasks, as a page asks for them. */
export const list = {
  id: 'P11',
  title: 'a list of 50 tasks',
  weight: 0.8,
  async run(context) {
    const loader = await Loader.start(context);
    const all = {};
    for (const [size, [type, count, asked, input]] of Object.entries(SIZES)) {
      context.progress(`${count.toLocaleString('en')} ${size} tasks on both sides`);
      const roost = await BenchRoost.start(context);
      await roost.submit(type, count, input);
      await drained(roost.queue);
      await roost.recorded();
      const bare = await BareBullmq.start(context);
      await bare.add(type, count, input);
      await drained(bare.queue);
      const board = await startPeer(context, 'bull-board', [bare.redis.url]);
      all[size] = await context.rounds({
        ours: () => ask(loader, { url: roost.url, path: OURS, count: asked }, roost.redis),
        'bull-board': () => ask(loader, { url: board.url, path: THEIRS, count: asked }, bare.redis),
      });
    }
    const small = { rounds: all.small, theirs: 'bull-board' };
    const large = { rounds: all.large, theirs: 'bull-board' };
    const time = { take: ({ ms }) => ms, unit: 'ms' };
    const redis = { take: ({ redisUs }) => redisUs, unit: 'us' };
    const bytes = { take: ({ bytes }) => bytes, unit: 'bytes' };
    return [
      ratioRow({ ...small, ...time, what: 'time', goal: ['<=', 0.6] }),
      ratioRow({ ...small, ...redis, what: 'CPU in Redis', goal: ['<=', 0.25] }),
      ratioRow({ ...large, ...time, what: 'time, 20 kB inputs', goal: ['<=', 0.25] }),
      ratioRow({ ...large, ...bytes, what: 'bytes sent, 20 kB inputs', goal: ['<=', 0.05] }),
    ];
  },
};

async function ask(loader, request, redis) {
  const before = cpuOf(redis.pid);
  const { took, bytes } = await loader.load({ ...request, method: 'GET', connections: 1, expect: 200 });
  return {
    ms: Math.round(median(took) * 100) / 100,
    redisUs: Math.round((cpuOf(redis.pid) - before) / request.count),
    bytes: Math.round(bytes),
  };
}
