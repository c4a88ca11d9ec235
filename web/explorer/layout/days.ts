/** A range of whole days that ends with today, in the browser's time. */

export const RANGES = [7, 30, 90];

export interface Range {
  from: string;
  to: string;
}

export function lastDays(days: number): Range {
  const tomorrow = new Date();
  tomorrow.setHours(24, 0, 0, 0);
  return { from: new Date(tomorrow.getTime() - days * 86_400_000).toISOString(), to: tomorrow.toISOString() };
}
