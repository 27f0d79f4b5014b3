/** Maximum length for comparison, characters. Longer words are never typos, and comparing them is expensive. */
const MAX_LENGTH = 64;

/**
 * Returns the candidate for "Did you mean ...?": equal except for case and `-`, `_` or space, or with at most one
 * edit per three characters. Very short words get no suggestion, since they are close to any other.
 */
export function nearName(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const offered = plain(candidate);
    const allowed = Math.floor(Math.max(wanted.length, offered.length) / 3);
    if (Math.abs(wanted.length - offered.length) > allowed) continue;
    const distance = editDistance(wanted, offered);
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '');
}

/**
 * Returns the number of insertions, deletions, replacements and transpositions that turn `a` into `b` (optimal string
 * alignment: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance).
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replace, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
