/** What is counted, of a month or of all of them. */
export interface Figures {
  invited: number;
  activated: number;
  returned: number;
  mails_sent: number;
  mails_bounced: number;
  mails_complained: number;
}

const NONE: Figures = {
  invited: 0,
  activated: 0,
  returned: 0,
  mails_sent: 0,
  mails_bounced: 0,
  mails_complained: 0,
};

/** The months (`YYYY-MM`) that end with this one, oldest first. */
export function monthsUpTo(last: string, number: number): string[] {
  const [year = 0, month = 1] = last.split('-').map(Number);
  return Array.from({ length: number }, (_, place) =>
    new Date(Date.UTC(year, month - number + place)).toISOString().slice(0, 7),
  );
}

/** The months from one to another, both among them. */
export function monthsBetween(from: string, to: string): string[] {
  const [[year = 0, month = 0] = [], [lastYear = 0, lastMonth = 0] = []] = [from, to].map((one) =>
    one.split('-').map(Number),
  );
  return monthsUpTo(to, Math.max(0, (lastYear - year) * 12 + lastMonth - month + 1));
}

/** The figures of each month, all sites together; zeros where nothing happened. */
export function byMonth(
  rows: ReadonlyArray<Figures & { month: string }>,
  months: readonly string[],
): Array<Figures & { month: string }> {
  return months.map((month) => {
    const sum = { ...NONE };
    for (const row of rows.filter((row) => row.month === month)) {
      for (const name of Object.keys(NONE) as Array<keyof Figures>) sum[name] += row[name];
    }
    return { month, ...sum };
  });
}

/** A round number that nothing is above, and the lines to draw below it, from 0 on. */
export function scale(most: number): { top: number; lines: number[] } {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? 1);
  const top = Math.ceil(Math.max(most, 1) / step) * step;
  return { top, lines: Array.from({ length: Math.round(top / step) + 1 }, (_, place) => place * step) };
}

/** A part of a whole, between 0 and 1; 0 of nothing. */
export const shareOf = (part: number, whole: number): number => (whole > 0 ? Math.min(part / whole, 1) : 0);

/** A part of a whole in per cent. */
export function percent(part: number, whole: number): string {
  return whole > 0
    ? (part / whole).toLocaleString('en-CA', { style: 'percent', maximumFractionDigits: 1 })
    : 'none';
}

/** A month in words, e.g. *March 2026*, or briefly *Mar*. */
export function monthName(month: string, style: 'long' | 'short' = 'long'): string {
  const at = new Date(`${month}-01T00:00:00Z`);
  return at.toLocaleDateString('en-CA', {
    timeZone: 'UTC',
    month: style,
    ...(style === 'long' && { year: 'numeric' }),
  });
}

/** A time in words of its two largest units, e.g. *2 days 3 hours*. */
export function duration(minutes: number): string {
  const parts = [
    [Math.floor(minutes / 1440), 'day'],
    [Math.floor((minutes % 1440) / 60), 'hour'],
    [Math.round(minutes % 60), 'minute'],
  ] as const;
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return 'less than a minute';
  return parts
    .slice(first, first + 2)
    .filter(([number]) => number > 0)
    .map(([number, unit]) => `${number} ${unit}${number === 1 ? '' : 's'}`)
    .join(' ');
}
