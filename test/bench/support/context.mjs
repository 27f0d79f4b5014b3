import { cpus } from 'node:os';
import { BenchRedis } from './redis.mjs';

/** Rounds that count, when there is time. */
const ROUNDS = 5;
/** Fewer than these say little about the spread; so few only where a bench is late by half of its time. */
const FEWEST = 3;
const FEWEST_LATE = 2;
const LONG_MINUTES = 20;

/** Input of a bench: the programs it may start, its share of the time, and the way it compares two sides. */
export class Context {
  #since;
  #deadline;
  #late;
  #bench;

  constructor({ scratch, redis, python, postgres, build, profiles, progress, since, minutes }) {
    Object.assign(this, { scratch, redis, python, postgres, build });
    this.cores = cpus().length;
    this.tell = progress;
    /** Options of Node for our own processes. A profile slows its process: the figures are no result. */
    this.nodeArgs = profiles ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [];
    /** Time for the sizes that the goals are about, where a run of ten minutes takes smaller ones. */
    this.isLong = minutes >= LONG_MINUTES;
    this.minutes = minutes;
    /** Charts that `--draw` writes. */
    this.charts = [];
    this.#since = since;
  }

  /** `toCome`: this bench and those after it, which share what is left of the time by their weight. */
  begin(bench, toCome) {
    this.#bench = bench;
    const left = this.#since + this.minutes * 60_000 - Date.now();
    const weights = toCome.reduce((sum, { weight }) => sum + weight, 0);
    const share = (left * bench.weight) / weights;
    this.#deadline = Date.now() + share;
    this.#late = this.#deadline + share / 2;
    this.progress(bench.title);
  }

  progress(text) {
    const seconds = Math.round((Date.now() - this.#since) / 1000);
    this.tell(`${String(seconds).padStart(4)} s  ${this.#bench.id}  ${text}`);
  }

  /** `file`: its name without ending; the rest as `drawChart` wants it. */
  chart(chart) {
    this.charts.push(chart);
  }

  startRedis(args) {
    return BenchRedis.start(this.redis, this.scratch, args);
  }

  /**
   * Runs all sides once to warm them up, then round by round, every other round in reverse: what slows the machine for
   * a while slows them all. `sides`: name -> function that gives figures. Gives one record of figures by side a round.
   */
  async rounds(sides, { count = ROUNDS, warmUp = true } = {}) {
    const rounds = [];
    const names = Object.keys(sides);
    for (let round = warmUp ? 0 : 1; round <= count; round++) {
      const startedAt = Date.now();
      const figures = {};
      for (const name of round % 2 ? names : [...names].reverse()) figures[name] = await sides[name](round);
      if (round > 0) rounds.push(figures);
      this.progress(`${round === 0 ? 'warm-up' : `round ${round} of ${count}`}: ${JSON.stringify(figures)}`);
      const next = Date.now() + (Date.now() - startedAt);
      const fewest = next > this.#late ? FEWEST_LATE : FEWEST;
      if (rounds.length >= fewest && next > this.#deadline) break;
    }
    return rounds;
  }
}
