import type { Job, ReportRow } from '$lib/contract';
import { importsOf, KINDS } from './kinds';
import type { Unusable } from './file';

const HOW_TO_SAVE =
  'Open it in your spreadsheet and save it as “CSV UTF-8 (Comma delimited)”. Then choose the new file.';

/** Why a file can't be imported, and what to do. */
export const UNUSABLE: Readonly<Record<Unusable, string>> = {
  empty: 'This file is empty. Export it again, then choose the new file.',
  too_large:
    'This file is larger than 64 MB. Split it into smaller files, each with the line of column names.',
  spreadsheet: `This is a spreadsheet, not a CSV file. ${HOW_TO_SAVE}`,
  not_csv: `This isn’t a CSV file. ${HOW_TO_SAVE}`,
  encoding: `This file isn’t in UTF-8, so letters such as é would be lost. ${HOW_TO_SAVE}`,
  one_column: `This file has only one column. ${HOW_TO_SAVE}`,
  no_header:
    'The first line of this file looks like data. It has to hold the names of the columns. Add such a line, then choose the file again.',
  no_rows: 'There is nothing in this file: only the names of the columns. Choose another file.',
  unreadable: 'This file can’t be read any more: it was changed, moved or removed. Choose it again.',
};

/** Why a job stopped before its end, and what to do. */
export const FAILURES: Readonly<Record<NonNullable<Job['failure']>, string>> = {
  file_missing: 'The uploaded file is not there any more. Choose the file again and start a new dry run.',
  file_too_large: 'The file is larger than 64 MB. Split it into smaller files.',
  not_csv:
    'The file could not be read as CSV. The report below says where. Mend the file, then choose it again.',
  bad_header: 'The names of the columns could not be read. Choose the file again and check the columns.',
  gave_up:
    'It was tried several times and could not go on. What was done stays done. Start again with the same file: rows that are done are left unchanged.',
};

/** What becomes of a row: by a dry run nothing yet. */
export function outcomeOf(row: ReportRow, job: Job): string {
  const { will, is } = OUTCOMES[row.outcome as keyof typeof OUTCOMES] ?? {
    will: row.outcome,
    is: row.outcome,
  };
  return job.mode === 'dry_run' ? will : is;
}

const OUTCOMES = {
  created: { will: 'Would be added', is: 'Added' },
  updated: { will: 'Would be changed', is: 'Changed' },
  unchanged: { will: 'Unchanged', is: 'Unchanged' },
  refused: { will: 'Would be refused', is: 'Refused' },
} as const;

export const OUTCOME_TONES = {
  created: 'good',
  updated: 'good',
  unchanged: 'plain',
  refused: 'bad',
} as const;

export const WARNINGS: Readonly<Record<NonNullable<ReportRow['warnings']>[number], string>> = {
  withdrawal_stands:
    'Consent to email was withdrawn here, by a worker or the client. A file can’t give it again; a worker can.',
  email_not_in_use:
    'Staff took this email address out of use. It stays so, and consent can’t be given for it by a file.',
  test_mark_stays: 'Whether somebody is a test individual is settled when they are added. It stays as it is.',
  same_name_and_birth_date:
    'Somebody else has the same name and date of birth. Look whether it is the same person.',
  eligible_but_hidden:
    'Clients could ask for it, but it is hidden: they aren’t offered it until it is visible.',
};

/** What is wrong with a row, as a sentence. */
export function sentenceOf(error: NonNullable<ReportRow['errors']>[number]): string {
  // The numbers that the server names are those of the file as it was sent.
  const help =
    error.code === 'wrong_width'
      ? 'this row has more or fewer fields than the line of column names: look for a missing separator or quote'
      : error.help;
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
}

/** The name of a column of ours on the page. */
export function columnName(code: string, job: Job): string {
  return KINDS[importsOf(job)].columns.find((column) => column.code === code)?.label ?? code;
}
