// Values that go wrong, and ids and times that are the same in every run.

import { createHash } from 'node:crypto'

const START = Date.UTC(2025, 0, 6, 9)
const MEGABYTE = 1_000_000

/** A time, in milliseconds from the start of the history. */
export function at (milliseconds) {
  return new Date(START + milliseconds)
}

let count = 0

/** An id in the form of a cuid: those made later sort later. */
export function cuid (name) {
  count += 1
  const counter = count.toString(36).padStart(4, '0')
  return `c${START.toString(36)}${counter}${BigInt('0x' + hash(name))
    .toString(36)
    .slice(-12)}`
}

/** An id in the form of a UUID, which does not tell when it was made. */
export function uuid (name) {
  const digits = hash(name)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `a${digits.slice(17, 20)}`,
    digits.slice(20, 32)
  ].join('-')
}

function hash (name) {
  return createHash('sha256').update(name).digest('hex')
}

/** Text of 1 MB, with characters of two to four bytes. */
export const LONG_TEXT = 'Ein langer Satz über 🐙 und 漢字.\n'.repeat(MEGABYTE / 40)

/** A document of 2 MB. */
export const HUGE_DOCUMENT = {
  parcels: Array.from({ length: 2_000 }, (_, number) => ({
    number,
    code: `JX-${number}`,
    note: 'handle with care, keep dry, do not stack '.repeat(25),
    grams: number / 8
  }))
}

/** Emoji of several code points, combining characters, both directions, quotes and separators. */
export const UNICODE =
  '👩‍👩‍👧‍👦🏳️‍🌈 \u00e9 vs e\u0301, Z̸͎̈́a̷lgo, שלום עולם مرحبا, \u2028\u2029\ufeff"\'\\\t\r\n%_;--'

/** JSON with what is often lost: key order, empty names, numbers, nested lists. */
export const ODD_DOCUMENT = {
  '': 'empty name',
  z: 1,
  a: { [UNICODE]: UNICODE },
  numbers: [0, 0.1, 1e-7, 1e15, 9007199254740991, -1],
  empty: [[], {}, '', null, [[[]]]],
  $ref: '#/nothing',
  time: '2025-01-06T09:00:00.000Z'
}

/** A document of that many levels. */
export function nested (levels) {
  let document = 'bottom'
  for (let level = 0; level < levels; level += 1) document = { level: document }
  return document
}
