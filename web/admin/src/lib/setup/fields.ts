import { directory } from '../directory.svelte';
import { date } from '../when';
import { LANGUAGES } from '../words';
import type { Hours, Sender, Translated, Weekday } from './contract';

/** What a form holds of one field: nothing entered is an empty text. */
export type Value = boolean | string | string[] | Sender | Texts | Hours[];
export type Texts = Record<keyof typeof LANGUAGES, string>;
/** What a form holds, by the fields' paths. */
export type Values = Record<string, Value>;

interface Common {
  /** Where it is in the settings, e.g. `general.idle_minutes`. */
  path: string;
  label: string;
  /** When it is so, what does the client see? */
  help: string;
}

/** A field of the settings: how it is shown, filled in and saved. */
export type Field = Common &
  (
    | { kind: 'switch'; initially: boolean }
    | { kind: 'number'; least: number; most: number; unit: string; initially: number }
    | { kind: 'line'; longest: number; required?: boolean; autocomplete?: 'url' | 'email' | 'tel' }
    | { kind: 'lines'; longest: number }
    | { kind: 'date' }
    | { kind: 'choice'; options: () => ReadonlyArray<{ value: string; name: string }> }
    /** Without one, what is said instead is used; where nothing is said, it must be there. */
    | { kind: 'sender'; otherwise?: string }
    | { kind: 'workers'; most: number }
    | { kind: 'texts'; longest: number; otherwise: string }
    | { kind: 'hours' }
  );

/** Fields that belong together. */
export interface Section {
  name: string;
  about?: string;
  fields: readonly Field[];
}

export const DAYS = {
  monday: 'Monday',
  tuesday: 'Tuesday',
  wednesday: 'Wednesday',
  thursday: 'Thursday',
  friday: 'Friday',
  saturday: 'Saturday',
  sunday: 'Sunday',
} as const satisfies Record<Weekday, string>;

/** What is at a path in some settings. */
function at(settings: object, path: string): unknown {
  return path.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)?.[name], settings);
}

function held({ kind }: Field, value: unknown): Value {
  if (kind === 'switch') return value === true;
  if (kind === 'sender') return { name: '', address: '', ...(value as Sender | null) };
  if (kind === 'workers') return [...((value ?? []) as string[])];
  if (kind === 'hours') return ((value ?? []) as Hours[]).map((hours) => ({ ...hours }));
  if (kind === 'texts') {
    const texts = (value ?? {}) as Translated;
    return { en: texts.en ?? '', fr: texts.fr ?? '', es: texts.es ?? '' };
  }
  return value === null || value === undefined ? '' : String(value);
}

function released({ kind }: Field, value: Value): unknown {
  if (kind === 'number') return Number(value);
  if (kind === 'sender') {
    const { name, address } = value as Sender;
    return name || address ? { name, address } : null;
  }
  if (kind === 'texts') {
    return Object.fromEntries(
      Object.entries(value as Texts).map(([language, text]) => [language, text.trim() ? text : null]),
    );
  }
  return value;
}

/** What can be left empty in the API is `null` there. */
const OPTIONAL: ReadonlyArray<Field['kind']> = ['line', 'date'];

/** The fields' values, for a form. */
export function hold(settings: object, sections: readonly Section[]): Values {
  return Object.fromEntries(
    fieldsOf(sections).map((field) => [field.path, held(field, at(settings, field.path))]),
  );
}

/** The values as the API takes them, nested by their paths. */
export function release(values: Values, sections: readonly Section[]): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const field of fieldsOf(sections)) {
    const names = field.path.split('.');
    const last = names.pop() as string;
    let part = whole;
    for (const name of names) part = (part[name] ??= {}) as Record<string, unknown>;
    const value = released(field, values[field.path] as Value);
    const none = value === '' && OPTIONAL.includes(field.kind) && !('required' in field);
    part[last] = none ? null : value;
  }
  return whole;
}

export const fieldsOf = (sections: readonly Section[]): Field[] => sections.flatMap(({ fields }) => fields);

/** What a form can tell is wrong before anything is sent. */
export function wrongIn(field: Field, value: Value): string | undefined {
  if (field.kind === 'number') {
    const number = Number(value);
    const fits = /^\s*\d+\s*$/.test(String(value)) && number >= field.least && number <= field.most;
    return fits ? undefined : `Choose a number from ${field.least} to ${field.most}.`;
  }
  if (field.kind === 'sender') {
    const { name, address } = value as Sender;
    const whole = Boolean(name && address) || (field.otherwise !== undefined && !name && !address);
    return whole ? undefined : 'Write both, a name and an address.';
  }
  return undefined;
}

/** A value as the settings have it, in words. */
export function inWords(field: Field, value: unknown): string {
  if (value === null || value === undefined || value === '') {
    return 'otherwise' in field && field.otherwise ? field.otherwise : 'None';
  }
  switch (field.kind) {
    case 'switch':
      return value === true ? 'On' : 'Off';
    case 'number':
      return `${value} ${field.unit}`;
    case 'date':
      return date(String(value));
    case 'choice':
      return field.options().find((option) => option.value === value)?.name ?? String(value);
    case 'sender': {
      const { name, address } = value as Sender;
      return address ? `${name} <${address}>` : (field.otherwise ?? 'None');
    }
    case 'workers': {
      const names = (value as string[]).map((id) => directory.workerName(id) || 'a worker');
      return names.join(', ') || 'Nobody';
    }
    case 'texts': {
      const texts = Object.entries(value as Translated).filter(([, text]) => text);
      const told = texts.map(
        ([language, text]) => `${LANGUAGES[language as keyof typeof LANGUAGES]}: ${text}`,
      );
      return told.join('\n') || field.otherwise;
    }
    case 'hours':
      return hoursInWords(value as Hours[]);
    default:
      return String(value);
  }
}

function hoursInWords(all: Hours[]): string {
  const days = Object.entries(DAYS).flatMap(([day, name]) => {
    const spans = all.filter((hours) => hours.day === day).map(({ from, to }) => `${from}–${to}`);
    return spans.length > 0 ? [`${name} ${spans.join(', ')}`] : [];
  });
  return days.join('\n') || 'None';
}

/** What is at a field's path, in words. */
export function shown(field: Field, settings: object): string {
  return inWords(field, at(settings, field.path));
}

/** The bounds and the default, for those who fill it in. */
export function boundsOf(field: Field): string {
  if (field.kind === 'switch') return `Default: ${field.initially ? 'on' : 'off'}.`;
  if (field.kind === 'number') {
    return `${field.least} to ${field.most} ${field.unit}; default: ${field.initially}.`;
  }
  return '';
}
