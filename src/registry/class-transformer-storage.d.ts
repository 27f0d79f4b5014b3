/** class-transformer keeps what `@Type` and `@Transform` declared only in this inner module, which carries no types. */
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage';
}
