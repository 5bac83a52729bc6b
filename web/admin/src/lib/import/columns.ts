/** The columns that an import knows, in the order in which people expect them. */
export const COLUMNS = [
  'external_id',
  'first_name',
  'middle_name',
  'last_name',
  'preferred_name',
  'birth_date',
  'gender',
  'language',
  'email',
  'email_consent',
  'phone',
  'address',
  'site',
  'worker_email',
  'test',
] as const;

export type Column = (typeof COLUMNS)[number];

/** Columns that every file must have. */
export const REQUIRED: readonly Column[] = ['external_id', 'first_name', 'last_name'];

/** What a column is called on the page, and what its fields have to look like. */
export const ABOUT: Readonly<Record<Column, { label: string; form?: string }>> = {
  external_id: { label: 'ID in the other system' },
  first_name: { label: 'First name' },
  middle_name: { label: 'Middle name' },
  last_name: { label: 'Last name' },
  preferred_name: { label: 'Preferred name' },
  birth_date: { label: 'Date of birth', form: 'Year, month, day: 1990-12-31.' },
  gender: { label: 'Gender' },
  language: { label: 'Language', form: 'en, fr or es.' },
  email: { label: 'Email', form: 'One address.' },
  email_consent: {
    label: 'Consent to email',
    form: 'yes or no. An empty field leaves consent as it is.',
  },
  phone: { label: 'Phone', form: 'One number.' },
  address: { label: 'Postal address', form: 'In one field.' },
  site: { label: 'Site', form: 'The name of one of the agency’s sites.' },
  worker_email: { label: 'Worker', form: 'The sign-in email of the worker to assign.' },
  test: { label: 'Test individual', form: 'yes or no. Only counts when somebody is added.' },
};

/** What other systems call them, in English, French and Spanish; written as {@link plain} makes names. */
const SYNONYMS: Readonly<Record<Column, string>> = {
  external_id:
    'id client_id clientid individual_id person_id record_id case_id case_number file_number client_number ' +
    'mrn chart_number identifier number numero numero_client no_client no_dossier identifiant numero_de_expediente expediente',
  first_name: 'firstname first given_name givenname forename prenom nombre primer_nombre',
  middle_name: 'middlename middle second_name deuxieme_prenom segundo_nombre',
  last_name: 'lastname last surname family_name familyname nom nom_de_famille apellido apellidos',
  preferred_name:
    'preferredname preferred nickname known_as goes_by nom_usuel prenom_usuel apodo nombre_preferido',
  birth_date:
    'birthdate date_of_birth dateofbirth dob birthday born date_de_naissance ddn fecha_de_nacimiento nacimiento',
  gender: 'sex gender_identity genre sexe genero sexo',
  language: 'lang preferred_language language_code langue idioma',
  email:
    'e_mail email_address emailaddress e_mail_address mail courriel adresse_courriel correo correo_electronico',
  email_consent:
    'consent email_ok ok_to_email consent_to_email email_opt_in opt_in allow_email consentement consentimiento',
  phone:
    'phone_number phonenumber telephone telephone_number tel mobile mobile_phone cell cell_phone cellphone home_phone telefono',
  address:
    'street_address postal_address mailing_address home_address adresse adresse_postale direccion domicilio',
  site: 'location office program_site home_site branch lieu bureau sede centro',
  worker_email:
    'worker primary_worker assigned_worker case_worker caseworker case_manager clinician intervenant trabajador',
  test: 'is_test test_client test_individual test_record',
};

const BY_NAME = new Map<string, Column>(
  COLUMNS.flatMap((column) =>
    [column, ...SYNONYMS[column].split(' ')].map((name) => [name, column] as const),
  ),
);

/** A name without marks, capitals and punctuation. */
function plain(name: string): string {
  const letters = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return letters.replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '');
}

/** Guesses by their names what the columns of a file are; each of ours at most once, and the rest left out. */
export function guess(names: readonly string[]): Array<Column | undefined> {
  const plainNames = names.map(plain);
  const guessed = plainNames.map((name) => COLUMNS.find((column) => column === name));
  plainNames.forEach((name, place) => {
    const column = BY_NAME.get(name);
    if (column && !guessed.includes(column)) guessed[place] = column;
  });
  return guessed;
}

/** Required columns that nothing is chosen for. */
export function missing(chosen: ReadonlyArray<Column | undefined>): Column[] {
  return REQUIRED.filter((column) => !chosen.includes(column));
}

/** Columns that are chosen more than once. */
export function repeated(chosen: ReadonlyArray<Column | undefined>): Column[] {
  return COLUMNS.filter((column) => chosen.filter((one) => one === column).length > 1);
}
