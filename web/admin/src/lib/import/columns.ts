/** A column that an import knows. */
export interface Column {
  code: string;
  /** What it is called on the page. */
  label: string;
  /** What its fields have to look like. */
  form?: string;
  /** Every file must have it. */
  required?: true;
  /** What other systems call it, in English, French and Spanish; written as {@link plain} makes names. */
  names: string;
}

/** A name without marks, capitals and punctuation. */
function plain(name: string): string {
  const letters = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return letters.replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '');
}

/** Guesses by their names what the columns of a file are: each of the known ones at most once, the rest left out. */
export function guess(columns: readonly Column[], names: readonly string[]): Array<string | undefined> {
  const plainNames = names.map(plain);
  const guessed = plainNames.map((name) => columns.find(({ code }) => code === name)?.code);
  plainNames.forEach((name, place) => {
    const code = columns.find((column) => column.names.split(' ').includes(name))?.code;
    if (code && !guessed.includes(code)) guessed[place] ??= code;
  });
  return guessed;
}

/** Required columns that nothing is chosen for. */
export function missing(columns: readonly Column[], chosen: ReadonlyArray<string | undefined>): Column[] {
  return columns.filter(({ required, code }) => required && !chosen.includes(code));
}

/** Columns that are chosen more than once. */
export function repeated(columns: readonly Column[], chosen: ReadonlyArray<string | undefined>): Column[] {
  return columns.filter(({ code }) => chosen.filter((one) => one === code).length > 1);
}
