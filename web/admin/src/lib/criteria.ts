/** What individuals are searched by; the first four fit what was typed, `other` says why nothing does. */
export type Criteria =
  | { name: string }
  | { email: string }
  | { birth_date: string }
  | { external_id: { source: string; id: string } }
  | { other: 'empty' | 'short' | 'date' };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Reads what was typed as what it looks like: an address, a date, `system:id`, else the beginnings of names. */
export function criteriaOf(typed: string): Criteria {
  const text = typed.trim();
  if (!text) return { other: 'empty' };
  if (text.includes('@')) return { email: text };
  const [, source, id] = /^([a-z0-9_-]{1,40}):\s*(\S.*)$/i.exec(text) ?? [];
  if (source && id) return { external_id: { source: source.toLowerCase(), id } };
  if (/^\d|\d{4}$/.test(text)) {
    const birth_date = dateOf(text);
    return birth_date ? { birth_date } : { other: 'date' };
  }
  return [...text].filter((letter) => /\p{L}/u.test(letter)).length < 2 ? { other: 'short' } : { name: text };
}

/** `YYYY-MM-DD` of a date typed in figures or with the month's name; nothing where it could be two dates, or none. */
function dateOf(text: string): string | undefined {
  const parts = text.toLowerCase().match(/\p{L}+|\d+/gu) ?? [];
  if (parts.length !== 3) return undefined;
  const month = parts.findIndex((part) => /^\p{L}/u.test(part));
  const year = parts.findIndex((part) => /^\d{4}$/.test(part));
  if (year < 0) return undefined;
  if (month >= 0) {
    const day = [0, 1, 2].find((place) => place !== month && place !== year);
    const number = MONTHS.findIndex((name) => parts[month]?.startsWith(name)) + 1;
    return number && day !== undefined ? dayOf(parts[year], number, parts[day]) : undefined;
  }
  if (year === 0) return dayOf(parts[0], Number(parts[1]), parts[2]);
  const [first, second] = [Number(parts[0]), Number(parts[1])];
  if (first > 12 || first === second) return dayOf(parts[2], second, parts[0]);
  return second > 12 ? dayOf(parts[2], first, parts[1]) : undefined;
}

function dayOf(year: string | undefined, month: number, day: string | undefined): string | undefined {
  const text = `${year}-${String(month).padStart(2, '0')}-${(day ?? '').padStart(2, '0')}`;
  const there = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(there.getTime()) && there.toISOString().startsWith(text) ? text : undefined;
}
