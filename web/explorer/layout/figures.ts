/** Figures as people read them. */

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 29313 is 29,313. */
export function whole(figure: number): string {
  return WHOLE.format(figure);
}

/** 29313 is 29.3K: for the axis of a chart. */
export function short(figure: number): string {
  return SHORT.format(figure);
}

/** Of one: 0.138 is 13.8 %. */
export function percent(share: number | null | undefined): string {
  return share == null ? "–" : `${(share * 100).toFixed(1)} %`;
}

/** To a hundredth of a cent below one dollar, to a cent above. */
export function dollars(amount: string | number): string {
  const digits = Math.abs(Number(amount)) < 1 ? 4 : 2;
  const text = Number(amount).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `$${text}`;
}

/** Milliseconds with the two units that matter: 3 min 36 s, 4.1 s, 240 ms. */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds == null) return "–";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 3_600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
