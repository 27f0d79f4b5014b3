import { median, spread } from './stats.mjs';

/**
 * One line of the table that compares two sides: `take` gives the figure of one side's record, the ratio is taken round
 * by round. `goal` is `['>=', 0.85]` or `['<=', 1.15]`; without one the line is for information.
 */
export function ratioRow({
  what,
  rounds,
  ours = 'ours',
  theirs,
  than,
  take,
  takeTheirs = take,
  unit,
  goal,
  note,
}) {
  const left = rounds.map((round) => take(round[ours]));
  const right = rounds.map((round) => takeTheirs(round[theirs]));
  const ratios = left.map((value, i) => value / right[i]);
  return {
    what: `${what} / ${than ?? theirs}`,
    ours: median(left),
    theirs: median(right),
    unit,
    ratio: spread(ratios),
    rounds: rounds.length,
    ...judged(median(ratios), goal),
    ...(note ? { note } : {}),
  };
}

/** One line that tells how much larger our side's figure is than theirs, in the figures' own unit. */
export function differenceRow({ what, rounds, ours = 'ours', theirs, take, unit, goal, note }) {
  const left = rounds.map((round) => take(round[ours]));
  const right = rounds.map((round) => take(round[theirs]));
  const differences = left.map((value, i) => value - right[i]);
  return {
    ...valueRow({ what: `${what} - ${theirs}`, values: differences, unit, goal, note }),
    ours: median(left),
    theirs: median(right),
  };
}

/** One line about our side alone. `at`: the smaller size it was measured at, where the goal is about a greater one. */
export function valueRow({ what, values, unit, goal, note, at }) {
  return {
    what,
    value: spread(values),
    unit,
    rounds: values.length,
    ...judged(median(values), goal),
    ...(at ? { at } : {}),
    ...(note ? { note } : {}),
  };
}

/** Rows that were not measured, with the reason: never guessed. */
export function notRunRow(what, why, goal) {
  return { what, notRun: why, ...(goal ? { goal } : {}) };
}

/** Beside a side that is not installed everywhere: compared, or `lacks`, what is missing of it here. */
export function peerRow({ lacks, ...row }) {
  return lacks ? notRunRow(`${row.what} / ${row.theirs}`, lacks, row.goal) : ratioRow(row);
}

/**
 * Beside the best of several peers, which the goal is about, and beside each of them for information. `lacks`: for each peer
 * what is missing of it here, undefined where it has run.
 */
export function bestPeerRows({ lacks, goal, note, ...row }) {
  const middle = (name) => median(row.rounds.map((round) => row.take(round[name])));
  const sign = goal[0] === '>=' ? 1 : -1;
  const [best] = Object.keys(lacks)
    .filter((name) => !lacks[name])
    .sort((a, b) => sign * (middle(b) - middle(a)));
  return [
    best
      ? ratioRow({
          ...{ ...row, theirs: best, than: 'the best of them', goal },
          note: `the best is ${best}${note ? `; ${note}` : '.'}`,
        })
      : notRunRow(`${row.what} / the best of them`, 'none of them is here', goal),
    ...Object.entries(lacks).map(([theirs, missing]) => peerRow({ ...row, theirs, lacks: missing })),
  ];
}

function judged(value, goal) {
  if (!goal) return {};
  const [sign, limit] = goal;
  const met = sign === '>=' ? value >= limit : value <= limit;
  return { goal, met, ...(met ? {} : { missedBy: limit === 0 ? 1 : Math.abs(value / limit - 1) }) };
}
