// Words that Roost does not use, with the plain ones, and the exceptions with their reasons.
// docs/glossary.md has the words that it does use.

/** Names of versions before 0.2 that were replaced. Not listed: names that are plain words elsewhere, such as `frame`. */
export const RETIRED_NAMES = new Map(
  Object.entries({
    isStillIn: 'isSessionValid',
    OnceATurn: 'TickCache',
    mannered: 'hardenClient',
    failFastConnection: 'commandConnection',
    TaskMover: 'TaskTransitions',
    BatchMover: 'BatchTransitions',
    LeftBehindError: 'StaleFenceError',
    toEnvelope: 'decodeEnvelope',
    goByRedisTime: 'useRedisClock',
    ForeignActs: 'ObservedTaskCommands',
    Submitter: 'SubmitTask',
    GatheredAdds: 'AddCoalescer',
    KeyHolders: 'IdempotencyIndex',
    QueueRoom: 'Backpressure',
    Canceller: 'CancelTask',
    TaskStory: 'TaskTimeline',
    KnownTask: 'LocatedTask',
    SelfPortrait: 'WorkerSnapshot',
    Tally: 'AttemptCounters',
    MovedElsewhere: 'LeftQueue',
    KeptResults: 'StepResults',
    FetchJudge: 'FetchStallDetector',
    SideWork: 'RecorderMaintenance',
    SilentLosses: 'MissingEventDetector',
    SettledAhead: 'EarlyFinishes',
    Words: 'Dictionary, or a name of its own',
    Flood: 'LogSampler',
    AuditFolds: 'AuditAggregation',
    KeptWatches: 'HistoryTaskStreams',
    TaskWatches: 'TaskStreams',
    Pace: 'AdaptiveBatchSize',
    FleetReplies: 'CommandResults',
    Visitor: 'Principal',
    Gate: 'AuthenticationMiddleware',
    Door: 'LoginState',
    NOBODY: 'ANONYMOUS',
    ANYONE: 'LOCAL_ADMIN',
    MOST: 'MAX_...',
    EACH: 'a name that states the bound',
    FIRST: 'a name that states the bound',
    SMALL: 'a name that states the bound',
    BEAT_MS: 'HEARTBEAT_MS',
    isSettled: 'isFinished',
    sayReady: 'notifyReady',
    guardian: 'supervisor',
  }),
);

/** Verbs with several meanings, as parts of names. The values are what they meant. */
export const RETIRED_PARTS = [
  { part: /^(tells?|told|telling)$/, plain: 'report, notify, emit' },
  { part: /^(hears?|heard|hearing)$/, plain: 'receive, on...' },
  { part: /^(says?|said|saying)$/, plain: 'print, report, a noun' },
  { part: /^(looks?|looked|looking)$/, plain: 'find, read, check' },
  { part: /^(takes?|took|taken|taking)$/, plain: 'acquire, remove, accept, duration' },
  { part: /^(keeps?|kept|keeping)$/, plain: 'store, retain' },
  { part: /^(knocks?|bears?|minds?)$/, plain: 'check, tolerate, handle' },
  { part: /^(hand|let|lets)(?= (in|go)$)/, plain: 'submit, authenticate, release' },
];

/** Names that stay. `in`: the files in which one stays; without it everywhere. */
export const ALLOWED_NAMES = [
  { name: 'keepAlive', why: 'an option of ioredis' },
  { name: 'keepAliveTimeout', why: 'a property of the HTTP server of Node' },
  {
    name: 'kept',
    in: /^src\/(model\/(task-view|deprecated-names)|tasks\/|history\/to-timeline|web\/(task|kit)\/|[\w-]+\/[\w-]+\.(openapi|schema)|openapi\/)/,
    why: 'a field of the API',
  },
  { name: 'keepNames', why: 'an option of esbuild' },
  { name: 'slotsTaken', why: 'a field of the API' },
  { name: 'heard', in: /^src\/history\//, why: 'a column of the history file' },
];

/** The same verbs in comments and texts, and phrases that hide what happens. */
export const RETIRED_PHRASES = [
  { phrase: /\b(tells?|told|telling)\b/i, plain: 'report, notify, distinguish' },
  { phrase: /\b(hears?|heard|hearing)\b/i, plain: 'receive' },
  { phrase: /\b(says?|said|saying)\b/i, plain: 'report, state, a noun' },
  { phrase: /\b(knock(s|ed|ing)?|minds?|bears?|borne)\b/i, plain: 'check, handle, tolerate' },
  { phrase: /\blets? (it|them|him|her) (go|in)\b/i, plain: 'release, admit' },
  { phrase: /\bhand(s|ed|ing)?( it| them)? (in|out|on)\b/i, plain: 'submit, pass' },
  { phrase: /\blook(s|ed|ing)? (at|after|through|closer)\b|\blook(s|ed) for\b/i, plain: 'find, read, check' },
  {
    phrase: /\b(takes?|took|taking) (away|back|out|along|it|them|nothing|no)\b/i,
    plain: 'remove, accept',
  },
  { phrase: /\b(is|are|was|were|be|been) taken\b/i, plain: 'in use, read, removed' },
  { phrase: /\bkept\b/i, plain: 'stored, preserved' },
  { phrase: /\bkeep(s|ing)? up\b/i, plain: 'sustain the rate' },
  { phrase: /\bwhoever\b/i, plain: 'the user who, anybody who' },
];

/** Parts of comments and texts that stay. `in`: the files in which one stays; without it everywhere. */
export const ALLOWED_PHRASES = [
  {
    phrase: /\bSays hello\b|\bsaid: string\[\]|\bsay it\b|\bsaid it\b/,
    in: /^README\.md$/,
    why: 'the example greets',
  },
  { phrase: /\bheard\b/, in: /^src\/history\//, why: 'a column of the history file, in SQL' },
  { phrase: /`kept`|\bkept\b(?=['"`:?])/, in: /^(src|docs|CHANGELOG|UPGRADING)/, why: 'a field of the API' },
];

/** Comments name their subject first; a clause such as "Those of which ..." hides it. */
export const HIDDEN_SUBJECT = /^[\s*]*(What|Who|Whoever|Whose|Whom|Of|Those|Told|One that)\b/;
