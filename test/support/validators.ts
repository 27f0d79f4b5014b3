import { Transform, Type } from 'class-transformer';
import * as cv from 'class-validator';
import type { InputClass } from '../../src/registry/input-metadata.js';
import { Field } from '../../src/task-api/field.decorator.js';

enum Level {
  Low,
  High,
}

class Item {
  @cv.IsInt() @cv.Min(0) n!: number;
  @cv.IsOptional() @cv.IsString() note?: string;
}

interface Case {
  decorators: PropertyDecorator[];
  /** The type that TypeScript would record for the property. */
  type?: unknown;
  /** A value that is accepted; most are found among `VALUES`. */
  right?: unknown;
  /** A value that the schema accepts and the door refuses, as no keyword of JSON Schema says what the validator asks for. */
  beyond?: unknown;
}

const text = (decorator: PropertyDecorator, right: unknown): Case => ({
  decorators: [decorator],
  right,
  beyond: ' no such text ',
});

/** Every decorator of class-validator, alone and in both orders with others. */
export const VALIDATORS: Record<string, Case> = {
  'whole number in bounds': { decorators: [cv.IsInt(), cv.Min(1), cv.Max(10)] },
  'bounds before whole number': { decorators: [cv.Max(10), cv.Min(1), cv.IsInt()] },
  'two bounds of a kind': { decorators: [cv.IsNumber(), cv.Min(0), cv.Min(3), cv.Max(99), cv.Max(10)] },
  'bounds of a recorded number': { decorators: [cv.Min(1)], type: Number },
  number: { decorators: [cv.IsNumber()] },
  'number with decimals': { decorators: [cv.IsNumber({ maxDecimalPlaces: 1 })], beyond: 0.25 },
  positive: { decorators: [cv.IsPositive()], type: Number },
  negative: { decorators: [cv.IsNegative()], type: Number },
  // Beyond 2^53 not every double is a whole multiple of what it looks like.
  divisible: { decorators: [cv.IsInt(), cv.IsDivisibleBy(3)], beyond: 1e21 },
  boolean: { decorators: [cv.IsBoolean()] },
  // A variation selector is no character to the validator.
  text: { decorators: [cv.IsString(), cv.Length(2, 10)], beyond: '\u2764\ufe0f' },
  'text, at least': { decorators: [cv.IsString(), cv.MinLength(2)], beyond: '\u2764\ufe0f' },
  'text, at most': { decorators: [cv.IsString(), cv.MaxLength(2)] },
  'text in bytes': { decorators: [cv.IsByteLength(1, 3)], beyond: '\u{1f44b}' },
  'not empty': { decorators: [cv.IsNotEmpty()] },
  'not empty text': { decorators: [cv.IsNotEmpty(), cv.IsString()], type: String },
  'not empty number': { decorators: [cv.IsNotEmpty(), cv.IsNumber()] },
  'not empty or left out': { decorators: [cv.IsOptional(), cv.IsNotEmpty()] },
  empty: { decorators: [cv.IsEmpty()] },
  defined: { decorators: [cv.IsDefined()] },
  anything: { decorators: [cv.Allow()] },
  contains: { decorators: [cv.Contains('[x]')] },
  'does not contain': { decorators: [cv.NotContains('.')] },
  'does not contain, or left out': { decorators: [cv.IsOptional(), cv.NotContains('.')] },
  pattern: { decorators: [cv.Matches(/^[a-z]{2}\d{2}$/)] },
  'two patterns': { decorators: [cv.Matches(/^a/), cv.Matches(/c$/)] },
  'pattern with flags': { decorators: [cv.Matches(/^[a-z]{2}\d{2}$/i)], beyond: 'x' },
  'pattern that Unicode refuses': { decorators: [cv.Matches(/^[\w\-]+\-?$/)], beyond: '[x]' },
  'not two things': { decorators: [cv.IsString(), cv.NotContains('.'), cv.IsNotIn(['a'])] },
  equals: { decorators: [cv.Equals(3)] },
  'does not equal': { decorators: [cv.NotEquals('a')] },
  choice: { decorators: [cv.IsIn(['a', 'abc'])] },
  'choice of mixed types': { decorators: [cv.IsIn(['a', 1, true])] },
  'optional choice of mixed types': { decorators: [cv.IsOptional(), cv.IsIn(['a', 1, true])] },
  'not a choice': { decorators: [cv.IsNotIn(['a', 'abc'])] },
  'numeric enumeration': { decorators: [cv.IsEnum(Level)] },
  'text enumeration': { decorators: [cv.IsEnum({ A: 'a', ABC: 'abc' })] },
  'number as text': { decorators: [cv.IsNumberString()] },
  'boolean as text': { decorators: [cv.IsBooleanString()], right: 'true' },
  list: { decorators: [cv.IsArray()] },
  'list of texts': { decorators: [cv.IsArray(), cv.IsString({ each: true })] },
  'texts, not said to be a list': { decorators: [cv.IsString({ each: true })] },
  'list of numbers, sized': {
    decorators: [cv.ArrayMinSize(1), cv.IsInt({ each: true }), cv.ArrayMaxSize(5), cv.IsArray()],
  },
  'list of choices': { decorators: [cv.IsArray(), cv.IsIn(['a', 'b'], { each: true })] },
  'list with something': { decorators: [cv.ArrayNotEmpty()] },
  'list that contains': { decorators: [cv.ArrayContains(['a'])] },
  'optional list that contains': { decorators: [cv.IsOptional(), cv.ArrayContains(['a', 'b'])] },
  'list that does not contain': { decorators: [cv.ArrayNotContains(['a'])] },
  'list without repetition': { decorators: [cv.ArrayUnique()] },
  'list without repetition of a member': {
    decorators: [cv.ArrayUnique((item: { n?: number } | null) => item?.n)],
    beyond: [
      { n: 1, a: 1 },
      { n: 1, a: 2 },
    ],
  },
  object: { decorators: [cv.IsObject()] },
  'object with something': { decorators: [cv.IsNotEmptyObject()] },
  'nested object': { decorators: [cv.ValidateNested(), Type(() => Item)], right: { n: 1 } },
  'optional nested object': { decorators: [cv.IsOptional(), cv.ValidateNested(), Type(() => Item)] },
  'nested list': {
    decorators: [cv.IsArray(), cv.ValidateNested({ each: true }), Type(() => Item), cv.ArrayUnique()],
  },
  optional: { decorators: [cv.IsOptional(), cv.IsInt()] },
  'optional choice': { decorators: [cv.IsOptional(), cv.IsIn(['a', 'b'])] },
  conditional: { decorators: [cv.ValidateIf((_, value) => value !== 'a'), cv.IsInt()], beyond: 'abc' },
  custom: {
    decorators: [
      cv.ValidateBy({ name: 'isShort', validator: { validate: (value) => String(value).length < 3 } }),
    ],
    beyond: 'abc',
  },
  'custom, of nothing too': {
    decorators: [cv.ValidateBy({ name: 'isAnything', validator: { validate: () => true } })],
  },
  transformed: {
    decorators: [Transform(({ value }) => Number(value)), cv.IsInt(), cv.Max(5)],
    beyond: 'abc',
  },
  'number by @Type': { decorators: [Type(() => Number), cv.IsNumber(), cv.Max(5)], beyond: '8080' },
  'list of numbers by @Type': {
    decorators: [Type(() => Number), cv.IsArray(), cv.IsInt({ each: true })],
    beyond: ['-1.5'],
  },
  'text by @Type': { decorators: [Type(() => String), cv.IsString(), cv.MaxLength(3)], beyond: 1e21 },
  'boolean by @Type': { decorators: [Type(() => Boolean), cv.IsBoolean()] },
  'date by @Type': { decorators: [Type(() => Date), cv.IsDate()], beyond: '2026-02-30' },
  'date in bounds': {
    decorators: [Type(() => Date), cv.MinDate(new Date('2026-01-31T09:00:00Z'))],
    beyond: '2026-01-31',
  },
  'date at most': {
    decorators: [Type(() => Date), cv.MaxDate(new Date('2026-01-31T09:00:00Z'))],
    beyond: '2026-01-31T10:00:00Z',
  },
  instance: { decorators: [cv.IsInstance(Item), cv.ValidateNested(), Type(() => Item)], right: { n: 1 } },
  'schema of its own': {
    decorators: [Field({ schema: { type: 'string', pattern: '^a', maxLength: 3 } }), cv.IsString()],
  },
  'schema with a format': { decorators: [Field({ schema: { format: 'ipv4' } }), cv.IsString()] },
  'schema of a transformed field': {
    decorators: [
      Field({ schema: { enum: ['a', 'B'] } }),
      Transform(({ value }) => String(value).toLowerCase()),
      cv.IsString(),
    ],
  },
  'schema with a choice': {
    decorators: [Field({ schema: { anyOf: [{ const: 'a' }, { type: 'integer' }] } }), cv.IsDefined()],
  },
  address: { decorators: [cv.IsIP()] },
  'address, version 4': { decorators: [cv.IsIP(4)] },
  'address, version 6': { decorators: [cv.IsIP('6')] },
  email: { decorators: [cv.IsEmail()] },
  'email with a name': text(cv.IsEmail({ allow_display_name: true }), 'Ada <ada@example.org>'),
  url: { decorators: [cv.IsUrl()] },
  'url of this machine': text(cv.IsUrl({ require_tld: false }), 'http://localhost:3000'),
  host: { decorators: [cv.IsFQDN()], right: 'example.org', beyond: 'localhost' },
  'host of this machine': text(cv.IsFQDN({ require_tld: false }), 'localhost'),
  uuid: { decorators: [cv.IsUUID()] },
  'uuid, version 4': {
    decorators: [cv.IsUUID('4')],
    right: '9c858901-8a57-4791-81fe-4c455b099bc9',
    beyond: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  },
  letters: { decorators: [cv.IsAlpha()] },
  'letters of a language': text(cv.IsAlpha('de-DE'), 'Größe'),
  'letters and digits': { decorators: [cv.IsAlphanumeric()] },
  'letters and digits of a language': text(cv.IsAlphanumeric('de-DE'), 'Größe2'),
  ascii: { decorators: [cv.IsAscii()] },
  colour: { decorators: [cv.IsHexColor()], right: '#ff0000' },
  hexadecimal: { decorators: [cv.IsHexadecimal()], right: '0xff' },
  'military time': { decorators: [cv.IsMilitaryTime()], right: '23:59' },
  'mongo id': { decorators: [cv.IsMongoId()], right: '507f1f77bcf86cd799439011' },
  multibyte: { decorators: [cv.IsMultibyte()] },
  'wide letters': { decorators: [cv.IsFullWidth()], right: 'Größe' },
  'narrow letters': { decorators: [cv.IsHalfWidth()] },
  'wide and narrow letters': text(cv.IsVariableWidth(), 'ひらがなカタカナ漢字ABCDE'),
  'surrogate pair': text(cv.IsSurrogatePair(), '\u{1f44b}'),
  'date as text': text(cv.IsDateString(), '2026-01-31'),
  'ISO 8601': text(cv.IsISO8601(), '2026-01-31'),
  'RFC 3339': text(cv.IsRFC3339(), '2026-01-31T10:00:00Z'),
  json: text(cv.IsJSON(), '{"a":1}'),
  lowercase: { decorators: [cv.IsLowercase()], beyond: 'AB' },
  uppercase: { decorators: [cv.IsUppercase()], beyond: 'abc' },
  base32: text(cv.IsBase32(), 'MFRGG==='),
  base58: text(cv.IsBase58(), 'BukQL'),
  base64: text(cv.IsBase64(), 'YWJj'),
  bic: text(cv.IsBIC(), 'DEUTDEFF'),
  bitcoin: text(cv.IsBtcAddress(), '1MUz4VMYui5qY1mxUiG8BQ1Luv6tqkvaiL'),
  card: text(cv.IsCreditCard(), '4111111111111111'),
  currency: text(cv.IsCurrency(), '$10.50'),
  'data address': text(cv.IsDataURI(), 'data:text/plain;base64,YWJj'),
  decimal: text(cv.IsDecimal(), '1.5'),
  ean: text(cv.IsEAN(), '9783161484100'),
  ethereum: text(cv.IsEthereumAddress(), '0x0000000000000000000000000000000000000001'),
  firebase: text(cv.IsFirebasePushId(), '-M-Jh_1KAH5rYJF_7-kY'),
  hsl: text(cv.IsHSL(), 'hsl(360,100%,50%)'),
  hash: text(cv.IsHash('md5'), 'd41d8cd98f00b204e9800998ecf8427e'),
  iban: text(cv.IsIBAN(), 'DE89370400440532013000'),
  isbn: text(cv.IsISBN(), '9783161484100'),
  isin: text(cv.IsISIN(), 'US0378331005'),
  'country code': text(cv.IsISO31661Alpha2(), 'DE'),
  'country code of three letters': text(cv.IsISO31661Alpha3(), 'DEU'),
  'country number': text(cv.IsISO31661Numeric(), '276'),
  'currency code': text(cv.IsISO4217CurrencyCode(), 'EUR'),
  'language code': text(cv.IsISO6391(), 'de'),
  isrc: text(cv.IsISRC(), 'USAT29900609'),
  issn: text(cv.IsISSN(), '0378-5955'),
  'identity card': text(cv.IsIdentityCard('ES'), '99999999R'),
  jwt: text(cv.IsJWT(), 'eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln'),
  'latitude and longitude': text(cv.IsLatLong(), '52.5,13.4'),
  latitude: { decorators: [cv.IsLatitude()], beyond: 'abc' },
  longitude: { decorators: [cv.IsLongitude()], beyond: 'abc' },
  locale: text(cv.IsLocale(), 'de-DE'),
  'hardware address': text(cv.IsMACAddress(), '01:02:03:04:05:ab'),
  magnet: text(cv.IsMagnetURI(), 'magnet:?xt=urn:btih:06E2A9683BF4DA92C73A661AC56F0ECC9C63C5B4'),
  mime: text(cv.IsMimeType(), 'text/plain'),
  'mobile phone': text(cv.IsMobilePhone('de-DE'), '+4915123456789'),
  octal: text(cv.IsOctal(), '0o17'),
  passport: text(cv.IsPassportNumber('DE'), 'C01X00T47'),
  'phone number': text(cv.IsPhoneNumber('DE'), '+49 30 901820'),
  port: text(cv.IsPort(), '8080'),
  'postal code': text(cv.IsPostalCode('DE'), '10115'),
  'rgb colour': text(cv.IsRgbColor(), 'rgb(1,2,3)'),
  version: text(cv.IsSemVer(), '1.2.3'),
  password: text(cv.IsStrongPassword(), 'aA1!aA1!'),
  'tax number': text(cv.IsTaxId('de-DE'), '12345678911'),
  'time zone': text(cv.IsTimeZone(), 'Europe/Berlin'),
};

/** Values tried on every validator. */
export const VALUES: unknown[] = [
  ...[
    '',
    'a',
    'B',
    'AB',
    'abc',
    'abcdefghijk',
    '12',
    '-1.5',
    '.5',
    '+7',
    'a.b',
    'axb',
    '[x]',
    'ab12',
    'AB12',
  ],
  ...['true', 'false', 'x@example.org', 'ü@example.org', '2026-01-31', '2026-02-30', '2026-01-31T10:00:00Z'],
  ...['2026-01-31T10:00Z', '2026-01-31T10:00:00.123+02:00', '12/24/2026', 'https://example.org/a?b=c'],
  ...['example.org', 'localhost', '\u{1f44b}', '\u2764\ufe0f', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ...['192.168.0.1', '999.1.1.1', '::1', 'fe80::1', 'Größe', '23:59', '8080', ' no such text ', 'Low'],
  ...[0, 1, -1, 2.5, 0.25, 3, 10, 11, 1e21, true, false, null],
  ...[[], [1], ['a'], ['a', 'b'], ['a', 'a'], ['a', 'b', 'c'], [1, 2, 3, 4, 5, 6], [null], [[]], [{}, {}]],
  ...[{}, { a: 1 }, { n: 1 }, { n: 1, note: 'x' }, { n: 1, note: null }, { n: -1 }, { n: 1, x: 1 }],
  ...[[{ n: 1 }], [{ n: 1 }, { n: 1 }], [{ n: 1 }, { n: 2 }], [{ n: '1' }], ['-1.5'], ['1', 2]],
];

export function inputOf({ decorators, type }: Case): InputClass {
  class Input {
    value: unknown;
  }
  if (type) Reflect.defineMetadata('design:type', type, Input.prototype, 'value');
  // The first of two counts less: a case may bring a @Field of its own.
  for (const decorate of [Field(), ...decorators]) decorate(Input.prototype, 'value');
  return Input;
}
