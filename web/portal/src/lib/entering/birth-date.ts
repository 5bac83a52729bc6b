/** A birth date as it is typed: three fields, so that nobody has to know an order. */
export interface TypedDate {
  day: string;
  month: string;
  year: string;
}

/** Why something typed is no birth date, and in which fields. */
export type NotADate = {
  why: 'incomplete' | 'year_digits' | 'not_a_date' | 'future';
  fields: ReadonlyArray<keyof TypedDate>;
};

/** Reads what was typed as `YYYY-MM-DD`. A slip that shows must not cost one of three attempts. */
export function readDate(typed: TypedDate, today: Date): string | NotADate {
  const { day, month, year } = { day: typed.day.trim(), month: typed.month, year: typed.year.trim() };
  const empty = (['day', 'month', 'year'] as const).filter((field) => !typed[field].trim());
  if (empty.length > 0) return { why: 'incomplete', fields: empty };
  if (!/^(18|19|20)\d\d$/.test(year)) return { why: 'year_digits', fields: ['year'] };
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const instant = Date.parse(`${date}T00:00:00Z`);
  const exists = /^\d{4}-\d\d-\d\d$/.test(date) && new Date(instant || 0).toISOString().startsWith(date);
  if (!exists) return { why: 'not_a_date', fields: ['day'] };
  // Somewhere it is tomorrow already.
  if (instant > today.getTime() + 24 * 3600 * 1000) return { why: 'future', fields: ['year'] };
  return date;
}
