import type { Job } from '$lib/contract';
import type { Column } from './columns';

/** What a file lists. */
export type Imports = 'individuals' | 'services' | 'service_files' | 'rosters';

/** A kind of file. */
interface Kind {
  /** What it lists, one and many, in sentences. */
  one: string;
  many: string;
  /** What its rows are matched by, and not. */
  matching: string;
  /** In the order in which people expect them. */
  columns: readonly Column[];
}

const INDIVIDUALS: readonly Column[] = [
  {
    code: 'external_id',
    label: 'ID in the other system',
    required: true,
    names:
      'id client_id clientid individual_id person_id record_id case_id case_number file_number client_number mrn chart_number identifier number numero numero_client no_client no_dossier identifiant numero_de_expediente expediente',
  },
  {
    code: 'first_name',
    label: 'First name',
    required: true,
    names: 'firstname first given_name givenname forename prenom nombre primer_nombre',
  },
  {
    code: 'middle_name',
    label: 'Middle name',
    names: 'middlename middle second_name deuxieme_prenom segundo_nombre',
  },
  {
    code: 'last_name',
    label: 'Last name',
    required: true,
    names: 'lastname last surname family_name familyname nom nom_de_famille apellido apellidos',
  },
  {
    code: 'preferred_name',
    label: 'Preferred name',
    names: 'preferredname preferred nickname known_as goes_by nom_usuel prenom_usuel apodo nombre_preferido',
  },
  {
    code: 'birth_date',
    label: 'Date of birth',
    form: 'Year, month, day: 1990-12-31.',
    names:
      'birthdate date_of_birth dateofbirth dob birthday born date_de_naissance ddn fecha_de_nacimiento nacimiento',
  },
  { code: 'gender', label: 'Gender', names: 'sex gender_identity genre sexe genero sexo' },
  {
    code: 'language',
    label: 'Language',
    form: 'en, fr or es.',
    names: 'lang preferred_language language_code langue idioma',
  },
  {
    code: 'email',
    label: 'Email',
    form: 'One address.',
    names:
      'e_mail email_address emailaddress e_mail_address mail courriel adresse_courriel correo correo_electronico',
  },
  {
    code: 'email_consent',
    label: 'Consent to email',
    form: 'yes or no. An empty field leaves consent as it is.',
    names:
      'consent email_ok ok_to_email consent_to_email email_opt_in opt_in allow_email consentement consentimiento',
  },
  {
    code: 'phone',
    label: 'Phone',
    form: 'One number.',
    names:
      'phone_number phonenumber telephone telephone_number tel mobile mobile_phone cell cell_phone cellphone home_phone telefono',
  },
  {
    code: 'address',
    label: 'Postal address',
    form: 'In one field.',
    names:
      'street_address postal_address mailing_address home_address adresse adresse_postale direccion domicilio',
  },
  {
    code: 'site',
    label: 'Site',
    form: 'The name of one of the agency’s sites.',
    names: 'location office program_site home_site branch lieu bureau sede centro',
  },
  {
    code: 'worker_email',
    label: 'Worker',
    form: 'The sign-in email of the worker to assign.',
    names:
      'worker primary_worker assigned_worker case_worker caseworker case_manager clinician intervenant trabajador',
  },
  {
    code: 'test',
    label: 'Test individual',
    form: 'yes or no. Only counts when somebody is added.',
    names: 'is_test test_client test_individual test_record',
  },
];

const SERVICES: readonly Column[] = [
  {
    code: 'external_id',
    label: 'ID in the other system',
    required: true,
    names: 'id service_id serviceid program_id record_id code identifier numero identifiant identificador',
  },
  {
    code: 'kind',
    label: 'Kind',
    form: 'case_service, group, informal_service or informal_series.',
    required: true,
    names: 'type service_type genre tipo',
  },
  {
    code: 'name',
    label: 'Name',
    required: true,
    names:
      'service service_name servicename program program_name group_name title nom nom_du_service nombre nombre_del_servicio',
  },
  {
    code: 'parent_external_id',
    label: 'ID of the service it is a run of',
    form: 'Of groups and series: in the same system, in this file before it or in an earlier one.',
    names:
      'parent parent_id parent_service service_id_parent belongs_to parent_service_id service_parent servicio_padre',
  },
  {
    code: 'client_facing_name',
    label: 'Client Facing Name',
    names: 'client_name public_name display_name nom_public nombre_publico',
  },
  {
    code: 'visible',
    label: 'Visible in ClientConnect',
    form: 'yes, no or, of groups and series, as_service. New services are hidden without it.',
    names: 'visible_in_clientconnect visibility shown visibilite visibilidad',
  },
  {
    code: 'eligible',
    label: 'Eligible for Pre-Enrollment',
    form: 'yes or no.',
    names: 'eligible_for_pre_enrollment pre_enrollment admissible elegible',
  },
  {
    code: 'event_minutes',
    label: 'Minutes of an event',
    form: 'A number from 5 to 480.',
    names: 'minutes duration event_length length duree duracion minutos',
  },
  {
    code: 'site',
    label: 'Site',
    form: 'The name of one of the agency’s sites.',
    names: 'location office branch lieu bureau sede',
  },
  {
    code: 'starts_on',
    label: 'First day',
    form: 'Year, month, day: 2026-12-31. Of groups and series.',
    names: 'start start_date starts begins first_day date_de_debut debut fecha_de_inicio inicio',
  },
  {
    code: 'ends_on',
    label: 'Last day',
    form: 'Year, month, day: 2026-12-31. Of groups and series.',
    names: 'end end_date ends last_day date_de_fin fin fecha_de_fin',
  },
  { code: 'active', label: 'Active', form: 'yes or no.', names: 'is_active enabled actif activo' },
];

const SERVICE_FILES: readonly Column[] = [
  {
    code: 'external_id',
    label: 'ID in the other system',
    required: true,
    names: 'id service_file_id file_id enrolment_id enrollment_id case_id episode_id identifier numero',
  },
  {
    code: 'individual_external_id',
    label: 'ID of the individual',
    form: 'In the same system.',
    required: true,
    names: 'individual_id client_id person_id individual client numero_client no_client',
  },
  {
    code: 'service_external_id',
    label: 'ID of the case service',
    form: 'In the same system. Without it, the name of the case service is needed.',
    names: 'service_id program_id',
  },
  {
    code: 'service',
    label: 'Name of the case service',
    form: 'As staff call it. Only where its ID isn’t there.',
    names: 'service_name program program_name programme servicio',
  },
  {
    code: 'opened_on',
    label: 'Open since',
    form: 'Year, month, day: 2026-12-31.',
    required: true,
    names: 'opened open_date opened_date start_date start date_d_ouverture fecha_de_apertura',
  },
  {
    code: 'closed_on',
    label: 'Closed on',
    form: 'Year, month, day: 2026-12-31. Empty while it is open.',
    names: 'closed close_date closed_date end_date end date_de_fermeture fecha_de_cierre',
  },
  {
    code: 'primary_worker_email',
    label: 'Primary worker',
    form: 'Their sign-in email.',
    required: true,
    names: 'primary_worker worker worker_email case_worker caseworker clinician intervenant trabajador',
  },
  {
    code: 'worker_emails',
    label: 'Other workers',
    form: 'Their sign-in emails, with semicolons between them.',
    names: 'workers other_workers team co_workers equipe equipo',
  },
];

const ROSTERS: readonly Column[] = [
  {
    code: 'individual_external_id',
    label: 'ID of the individual',
    form: 'In the same system.',
    required: true,
    names: 'individual_id client_id person_id individual client id numero_client no_client',
  },
  {
    code: 'service_external_id',
    label: 'ID of the group or informal series',
    form: 'In the same system. Without it, its name is needed.',
    names: 'group_id series_id service_id',
  },
  {
    code: 'service',
    label: 'Name of the group or informal series',
    form: 'As staff call it. Only where its ID isn’t there.',
    names: 'group series group_name series_name service_name groupe grupo',
  },
  {
    code: 'since',
    label: 'Since',
    form: 'Year, month, day: 2026-12-31. Today, where it is empty.',
    names: 'joined joined_on start_date start from depuis desde',
  },
];

export const KINDS: Readonly<Record<Imports, Kind>> = {
  individuals: {
    one: 'individual',
    many: 'individuals',
    matching: 'People are matched by their ID in the other system, never by their name.',
    columns: INDIVIDUALS,
  },
  services: {
    one: 'service',
    many: 'services',
    matching: 'Services, groups and series are matched by their ID in the other system, never by their name.',
    columns: SERVICES,
  },
  service_files: {
    one: 'service file',
    many: 'service files',
    matching: 'Import individuals and services first: they are found by their IDs in the same system.',
    columns: SERVICE_FILES,
  },
  rosters: {
    one: 'place on a roster',
    many: 'places on rosters',
    matching:
      'Import individuals, services and service files first: they are found by their IDs in the same system.',
    columns: ROSTERS,
  },
};

/** What a job's file lists. */
export const importsOf = ({ kind }: Job): Imports => kind.replace('import_', '') as Imports;
