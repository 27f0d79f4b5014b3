/** Compiler of one TypeScript file, without a type check. */
declare const compiler: {
  process(source: string, path: string): { code: string; map: string };
};
export default compiler;
