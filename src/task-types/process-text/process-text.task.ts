import { IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { Field } from '../../task-api/field.decorator.js';
import { PermanentError } from '../../task-api/outcomes.js';
import { pause } from '../../task-api/pause.js';
import type { TaskContext, TaskHandler } from '../../task-api/task-handler.js';
import { Task } from '../../task-api/task.decorator.js';
import { applyOperation, countGraphemes, countWords, OPERATIONS } from './text-operations.js';
import type { Operation } from './text-operations.js';

const RESULT_LIMIT_BYTES = 1024 * 1024;
/** Size of the counts and member names around the text, bytes of JSON. */
const RESULT_FRAME_BYTES = 100;

export class ProcessTextInput {
  @Field({
    title: 'Text',
    help: 'In any language, emoji included; up to 100000 characters.',
    widget: 'textarea',
    example: 'Hello, wide world! Grüße aus Köln 👋🏽',
  })
  @IsString()
  @MaxLength(100_000)
  text!: string;

  @Field({
    title: 'Operation',
    help: 'What to make of the text. A slug is the text as part of a web address: words in lower case, joined by hyphens.',
    labels: {
      upper: 'UPPER CASE',
      lower: 'lower case',
      title: 'Title Case',
      reverse: 'Reversed',
      trim: 'Trimmed',
      slug: 'slug-for-addresses',
    },
    example: 'title',
  })
  @IsIn(OPERATIONS)
  operation!: Operation;

  @Field({
    title: 'Repeat',
    help: 'How many times the result holds the processed text, one below the other.',
    unit: 'times',
    example: 3,
    prefill: 10,
  })
  @IsInt()
  @Min(1)
  @Max(1000)
  repeat = 1;

  @Field({
    title: 'Pause per repeat',
    help: 'Slows the work down so that you can watch it.',
    unit: 'ms',
    example: 0,
    prefill: 200,
  })
  @IsInt()
  @Min(0)
  @Max(5000)
  stepDelayMs = 0;
}

export interface ProcessTextResult {
  text: string;
  /** Grapheme clusters, including the line ends between repeats. */
  characters: number;
  words: number;
}

@Task({
  name: 'process-text',
  title: 'Process text',
  summary: 'Changes a text and counts its characters and words, right in every script.',
  input: ProcessTextInput,
  resultLimitBytes: RESULT_LIMIT_BYTES,
})
export class ProcessTextTask implements TaskHandler<ProcessTextInput, ProcessTextResult> {
  async run(input: ProcessTextInput, ctx: TaskContext): Promise<ProcessTextResult> {
    const { operation, repeat, stepDelayMs } = input;
    ctx.signal.throwIfAborted();
    await ctx.progress(0, repeat, 'Reading the text');
    const processed = await applyOperation(input.text, operation, ctx.signal);
    // Checked before the repetition, which could exhaust the memory.
    refuseTooLarge(processed, repeat);
    const lines: string[] = [];
    while (lines.length < repeat) {
      await pause(stepDelayMs, ctx.signal);
      lines.push(processed);
      await ctx.progress(lines.length, repeat, `${lines.length} of ${repeat}`);
    }
    // A final carriage return and the following line feed are one grapheme.
    const lineEnds = processed.endsWith('\r') ? 0 : repeat - 1;
    return {
      text: lines.join('\n'),
      characters: (await countGraphemes(processed, ctx.signal)) * repeat + lineEnds,
      words: (await countWords(processed, ctx.signal)) * repeat,
    };
  }
}

function refuseTooLarge(processed: string, repeat: number): void {
  // Size as JSON with its escapes. The quotes account for the line end, which takes two bytes too.
  const bytes = Buffer.byteLength(JSON.stringify(processed));
  const most = Math.floor((RESULT_LIMIT_BYTES - RESULT_FRAME_BYTES) / bytes);
  if (repeat <= most) return;
  const cure = most > 0 ? `Repeat it ${most} times at most, or shorten it.` : 'Shorten it.';
  throw new PermanentError(
    `The result would take ${inKiB(bytes * repeat)}, more than the limit of ${inKiB(RESULT_LIMIT_BYTES)}. ${cure}`,
  );
}

function inKiB(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('en')} KiB`;
}
