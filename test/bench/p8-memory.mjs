import { BareBullmq } from './support/bullmq.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow } from './support/rows.mjs';
import { drained } from './support/work-off.mjs';

const TASKS = 10_000;
const ROUNDS = 3;
/** Redis's own defaults, but for what would write a file in the middle of it. */
const DEFAULTS = ['--bind', '127.0.0.1', '--save', ''];
/** Over 64 bytes, from where on Redis by its defaults no longer keeps a record compact; most inputs are. */
const TEXT = 'Dear Ada, your order is on its way and will be with you on Thursday morning. Yours, us.';
const INPUTS = {
  'small task': ['carry', () => ({ text: TEXT }), { finished: 0.55, waiting: 0.6 }],
  'task of one number': ['no-op', (n) => ({ n }), { finished: 1.1, waiting: 1.2 }],
};
const BYTES = JSON.stringify({ text: TEXT }).length;

/** Memory of a small task in Redis, in the Redis that `npm start` brings and in one with its defaults. */
export const redisMemory = {
  id: 'P8',
  title: 'memory of Redis a task',
  weight: 0.8,
  async run(context) {
    const roost = await BenchRoost.start(context);
    const bare = await BareBullmq.start(context, { redisArgs: DEFAULTS });
    // The first round makes Redis's own tables as large as they get.
    const rounds = await context.rounds(
      { ours: () => ofOurs(roost), 'bare BullMQ': () => ofBare(bare) },
      { count: ROUNDS },
    );
    return Object.entries(INPUTS).flatMap(([name, [, , goals]], i) =>
      Object.entries(goals).map(([state, goal]) =>
        ratioRow({
          ...{ rounds, what: `${state} ${name}`, theirs: 'bare BullMQ', unit: 'bytes' },
          take: (figures) => figures[name][state],
          goal: ['<=', goal],
          ...(i === 0 ? { note: NOTE } : {}),
        }),
      ),
    );
  },
};

const NOTE = `"small" is an input of ${BYTES} bytes; without the stream of events, which has a length of its own.`;

async function ofOurs(roost) {
  const figures = {};
  for (const [name, [type, input]] of Object.entries(INPUTS)) {
    await roost.recorded();
    figures[name] = await bytesOf(roost, async () => {
      await roost.pause();
      await roost.submit(type, TASKS, input);
      await roost.recorded();
      return () => roost.resume();
    });
    await roost.settle();
  }
  return figures;
}

async function ofBare(bare) {
  const figures = {};
  for (const [name, [type, input]] of Object.entries(INPUTS)) {
    figures[name] = await bytesOf(bare, async () => {
      await bare.queue.pause();
      await bare.add(type, TASKS, input);
      return () => bare.queue.resume();
    });
    await bare.queue.clean(0, 0, 'completed');
  }
  return figures;
}

/** `hold` puts tasks into the paused queue and gives the function that lets them run. */
async function bytesOf({ redis, queue }, hold) {
  const bytes = () => redis.keptBytes(queue.toKey('events'));
  const empty = await bytes();
  const letRun = await hold();
  const waiting = (await bytes()) - empty;
  await letRun();
  await drained(queue);
  const finished = (await bytes()) - empty;
  const completed = await queue.getJobCountByTypes('completed');
  if (completed !== TASKS) throw new Error(`${completed} of ${TASKS} completed`);
  return { waiting: Math.round(waiting / TASKS), finished: Math.round(finished / TASKS) };
}
