const MB = 2 ** 20;
const inMinutes = (points, per = 1) => points.map(([atS, value]) => [atS / 60, value / per]);
const MINUTES = { label: 'minutes' };

/** Draws the growth under a steady load as curves over time. */
export function drawGrowth(context, samples, perSecond) {
  const { roost } = samples;
  const load = `${perSecond.toLocaleString('en')} tasks a second`;
  const points = (name, per) => inMinutes(samples.points(name), per);
  context.chart({
    file: 'growth-memory',
    title: `Memory under ${load}`,
    x: MINUTES,
    y: { label: 'MB' },
    series: [
      { name: 'web app, RSS', points: points('webRss', MB) },
      { name: 'worker, RSS', points: points('workerRss', MB) },
      { name: 'web app, heap', points: inMinutes(samples.held(roost.web.pid), MB), dots: true },
      { name: 'worker, heap', points: inMinutes(samples.held(roost.workers[0].pid), MB), dots: true },
    ],
  });
  context.chart({
    file: 'growth-bytes',
    title: `What a task takes, under ${load}`,
    x: MINUTES,
    y: { label: 'bytes a task' },
    series: [
      { name: 'history file', points: points('historyBytesPerTask') },
      { name: 'Redis, of those kept', points: points('redisBytesPerTask') },
    ],
  });
  context.chart({
    file: 'growth-lag',
    title: `How far the recorder of the history is behind, under ${load}`,
    x: MINUTES,
    y: { label: 'ms' },
    series: [{ name: 'behind', points: points('lagMs') }],
  });
}
