import { LANGUAGES } from '../words';
import type { Field, Section } from './fields';

/** Of what clients' site has no pages for yet. */
const LATER = 'ClientConnect has no pages for this yet: until it has, the client sees no difference.';

const languages = Object.entries(LANGUAGES).map(([value, name]) => ({ value, name }));
const zones = () => Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, name: zone }));

/** *External Communications* */
export const COMMUNICATIONS: readonly Section[] = [
  {
    name: 'General',
    fields: [
      {
        path: 'communications.email',
        kind: 'switch',
        initially: false,
        label: 'Send email',
        help: 'When off, no email goes out at all, neither to clients nor to workers: clients see ClientConnect as switched off.',
      },
      {
        path: 'communications.sender',
        kind: 'sender',
        label: 'Default sender',
        help: 'The name and address that clients see their emails come from.',
      },
      {
        path: 'communications.reply_to',
        kind: 'line',
        longest: 254,
        autocomplete: 'email',
        label: 'Reply-to address',
        help: 'When a client answers an email, the answer goes here. When empty, it goes to the sender.',
      },
      {
        path: 'communications.told_of_failures',
        kind: 'workers',
        most: 20,
        label: 'Told of delivery failures',
        help: 'When an email to a client can’t be delivered, these workers get an email with a link to the individual: choose those who see individuals. The client sees nothing of it.',
      },
      {
        path: 'communications.hide_worker_last_name',
        kind: 'switch',
        initially: false,
        label: 'Hide worker’s last name',
        help: 'When on, clients see their workers by first name or client facing name, never by last name.',
      },
      {
        path: 'communications.hide_site',
        kind: 'switch',
        initially: false,
        label: 'Hide site',
        help: 'When on, clients don’t see at which site they get a service.',
      },
    ],
  },
  {
    name: 'Authentication Email',
    about: 'The emails that let people in: activation, password reset, codes.',
    fields: [
      {
        path: 'communications.authentication.sender',
        kind: 'sender',
        otherwise: 'Use the general settings',
        label: 'Sender of the authentication email',
        help: 'When there is one, clients see activation and security emails come from it. When it changes, it has to be tested again before anybody can be invited.',
      },
    ],
  },
  {
    name: 'Client Message Settings',
    fields: [
      {
        path: 'communications.client_delivery',
        kind: 'switch',
        initially: false,
        label: 'Enable Client Delivery',
        help: 'When off, no client gets any email and nobody can be invited. What would have gone out is recorded as not sent, and never sent later.',
      },
      {
        path: 'communications.client_messages.event_confirmations',
        kind: 'switch',
        initially: false,
        label: 'Event Confirmations',
        help: `When this and event updates are on, clients find both in My ClientConnect and choose whether to get them. When on, they are reminded of events. Reminders themselves are not sent yet.`,
      },
      {
        path: 'communications.client_messages.hours_before',
        kind: 'number',
        least: 1,
        most: 168,
        unit: 'hours',
        initially: 48,
        label: 'Event confirmations go out before the event',
        help: `How long before an event the client is reminded. ${LATER}`,
      },
      {
        path: 'communications.client_messages.event_updates',
        kind: 'switch',
        initially: false,
        label: 'Event Updates',
        help: 'When this and event confirmations are on, clients find both in My ClientConnect and choose whether to get them. When on, they hear when an event moves or is off. Updates themselves are not sent yet.',
      },
      {
        path: 'communications.client_messages.sender',
        kind: 'sender',
        otherwise: 'Use the general settings',
        label: 'Sender of client messages',
        help: 'When there is one, clients see notices about their services come from it.',
      },
      {
        path: 'communications.client_messages.footer',
        kind: 'texts',
        longest: 500,
        otherwise: 'None',
        label: 'Footer of client messages',
        help: 'When written, clients read it below each notice, in their language; else in the agency’s.',
      },
    ],
  },
];

/** *ClientConnect*, tab *Setup* */
export const CLIENT_CONNECT: readonly Section[] = [
  {
    name: 'General Settings',
    fields: [
      {
        path: 'general.enabled',
        kind: 'switch',
        initially: false,
        label: 'Enable ClientConnect',
        help: 'When off, clients see only how to contact the agency: nobody can sign in, links don’t work, notices stop.',
      },
      {
        path: 'general.activation_expiry_days',
        kind: 'number',
        least: 1,
        most: 30,
        unit: 'days',
        initially: 7,
        label: 'Activation expiry',
        help: 'When it has passed, the link in the activation email no longer works. The client reads the date in the email. A change counts from the next email on.',
      },
      {
        path: 'general.reminder_days',
        kind: 'number',
        least: 0,
        most: 29,
        unit: 'days',
        initially: 2,
        label: 'Reminder before activation expires',
        help: 'When a client has not activated so many days before the end, they get one reminder. 0, or as long as the activation expiry or longer: none.',
      },
      {
        path: 'general.default_birth_date',
        kind: 'date',
        label: 'Default birth date',
        help: 'The date your agency records for birth dates it doesn’t know. While an individual has it, no account can be opened for them.',
      },
      {
        path: 'general.minimum_age',
        kind: 'number',
        least: 0,
        most: 21,
        unit: 'years',
        initially: 13,
        label: 'Minimum age',
        help: 'When an individual is younger, they get an account only if Intake-Mgmt or Admin-Exec give a reason.',
      },
      {
        path: 'general.failed_sign_ins',
        kind: 'number',
        least: 3,
        most: 100,
        unit: 'wrong passwords',
        initially: 10,
        label: 'Failed sign-ins that lock',
        help: 'When so many wrong passwords were tried in a row, the account is locked and its client is told by email.',
      },
      {
        path: 'general.client_may_unlock',
        kind: 'switch',
        initially: true,
        label: 'Clients may unlock by reset link',
        help: 'When on, a client locked by wrong passwords gets back in with the emailed link. When off, only a worker unlocks them.',
      },
      {
        path: 'general.password_minimum',
        kind: 'number',
        least: 12,
        most: 64,
        unit: 'characters',
        initially: 15,
        label: 'Shortest password',
        help: 'When a client chooses a password, it needs at least so many characters. Passwords that are in use stay as they are.',
      },
      {
        path: 'general.idle_minutes',
        kind: 'number',
        least: 5,
        most: 15,
        unit: 'minutes',
        initially: 15,
        label: 'Signed out after',
        help: 'When a client does nothing for so long, they are signed out. They are warned 2 minutes before.',
      },
      {
        path: 'general.total_hours',
        kind: 'number',
        least: 1,
        most: 12,
        unit: 'hours',
        initially: 12,
        label: 'Signed in at most',
        help: 'When a client has been signed in for so long, they have to sign in again, whatever they are doing.',
      },
      {
        path: 'general.discreet_mail',
        kind: 'switch',
        initially: false,
        label: 'Discreet mail',
        help: 'When on, subject and sender’s name of a client’s emails don’t name the agency. The sender’s address stays: choose one that doesn’t, either.',
      },
      {
        path: 'general.ask_again',
        kind: 'switch',
        initially: true,
        label: 'Ask again for new terms',
        help: 'When on, a client whose accepted privacy policy or terms of use have a newer version reads and accepts it at the next sign-in.',
      },
    ],
  },
  {
    name: 'About Me',
    fields: [
      {
        path: 'about_me.edit_profile',
        kind: 'switch',
        initially: false,
        label: 'Enable Edit Your Profile on About Me',
        help: 'When on, clients change their name, gender, language and contacts themselves. When off, they see them. Birth dates are never edited there.',
      },
    ],
  },
  {
    name: 'Agency',
    about: 'What clients see in the footer of every page and email.',
    fields: [
      {
        path: 'agency.name',
        kind: 'line',
        longest: 100,
        required: true,
        label: 'Name',
        help: 'Clients see it at the top of every page and in every email.',
      },
      {
        path: 'agency.address',
        kind: 'lines',
        longest: 300,
        label: 'Address',
        help: 'Clients see it as you write it, line by line.',
      },
      {
        path: 'agency.phone',
        kind: 'line',
        longest: 50,
        required: true,
        autocomplete: 'tel',
        label: 'Phone',
        help: 'Clients see it wherever they are told to contact the agency; on a phone they tap it to call.',
      },
      {
        path: 'agency.time_zone',
        kind: 'choice',
        options: zones,
        label: 'Time zone',
        help: 'Clients see times in it, and ages are counted by its calendar.',
      },
      {
        path: 'agency.language',
        kind: 'choice',
        options: () => languages,
        label: 'Language',
        help: 'Clients whose language isn’t known get emails in it, and texts that aren’t written in theirs.',
      },
      {
        path: 'agency.help_url',
        kind: 'line',
        longest: 500,
        autocomplete: 'url',
        label: 'Help URL',
        help: 'When there is one, Help leads clients there. When empty, to ClientConnect’s own help in their language.',
      },
      {
        path: 'agency.privacy_url',
        kind: 'line',
        longest: 500,
        autocomplete: 'url',
        label: 'Privacy Policy URL',
        help: 'When there is one, the footer’s link leads there. What clients accept is always the policy published here.',
      },
      {
        path: 'agency.technical_url',
        kind: 'line',
        longest: 500,
        autocomplete: 'url',
        label: 'Technical Problems URL',
        help: 'When there is one, clients see a link to report technical problems. A web page, or mailto: and an address.',
      },
      {
        path: 'agency.contact_url',
        kind: 'line',
        longest: 500,
        autocomplete: 'url',
        label: 'Organization Contact URL',
        help: 'When there is one, clients see a link to it beside phone and address. A web page, or mailto: and an address.',
      },
    ],
  },
  {
    name: 'Advanced',
    fields: [
      {
        path: 'advanced.availability',
        kind: 'hours',
        label: 'Client-facing availability',
        help: 'Clients see these hours wherever they are told how to contact the agency.',
      },
      {
        path: 'advanced.default_event_minutes',
        kind: 'number',
        least: 5,
        most: 480,
        unit: 'minutes',
        initially: 50,
        label: 'Default event duration',
        help: 'How long an event of a service takes that says nothing else: clients see it when they request that service.',
      },
      {
        path: 'advanced.clients_may_start_discussions',
        kind: 'switch',
        initially: true,
        label: 'Clients may start discussions',
        help: `When on, clients write to their worker first; when off, they only answer. ${LATER}`,
      },
      {
        path: 'advanced.messages_before_reply',
        kind: 'number',
        least: 1,
        most: 20,
        unit: 'messages',
        initially: 3,
        label: 'Messages before a worker replies',
        help: `How many messages a client may write in a discussion before a worker answers. ${LATER}`,
      },
    ],
  },
  {
    name: 'Request a Service Settings',
    fields: [
      {
        path: 'request_service.enabled',
        kind: 'switch',
        initially: false,
        label: 'Enable Request a Service',
        help: 'When on, clients see the services that are eligible for pre-enrollment in My Services, and can ask for one.',
      },
      {
        path: 'request_service.text',
        kind: 'texts',
        longest: 1000,
        otherwise: 'None',
        label: 'Text above the services',
        help: 'When written, clients read it before they choose a service, in their language; else in the agency’s.',
      },
      {
        path: 'request_service.receivers',
        kind: 'workers',
        most: 20,
        label: 'Workers who receive requests',
        help: 'When a client requests a service, these workers get an email. The client gets an answer either way.',
      },
    ],
  },
  {
    name: 'Billing',
    fields: (
      [
        ['my_account', 'Enable My Account', 'When on, clients have the tile My Account with their balance.'],
        ['pay_event', 'Pay one event', 'When on, clients pay for a single event.'],
        ['pay_invoice', 'Pay one invoice', 'When on, clients pay a single invoice.'],
        ['pay_balance', 'Pay the whole balance', 'When on, clients pay all they owe at once.'],
        [
          'accounting_discussion',
          'Discussion with accounting',
          'When on, clients write to the accounting department.',
        ],
      ] as const
    ).map(([name, label, help]): Field => ({
      path: `billing.${name}`,
      kind: 'switch',
      initially: false,
      label,
      help: `${help} ${LATER}`,
    })),
  },
];

/** *File Attachment* */
export const FILE_ATTACHMENT: readonly Section[] = [
  {
    name: 'Worker photos',
    fields: [
      {
        path: 'file_attachment.worker_photos',
        kind: 'switch',
        initially: false,
        label: 'Enable Worker Photo',
        help: 'When on, clients see a worker’s photo wherever they see the worker. When off, photos are gone at once; names and descriptions stay.',
      },
    ],
  },
];

/** *ClientConnect*, tab *Theme*: what its history calls them. */
const THEME: readonly Field[] = [
  { path: 'theme.brand', kind: 'line', longest: 7, label: 'Brand colour, light', help: '' },
  { path: 'theme.brand_dark', kind: 'line', longest: 7, label: 'Brand colour, dark', help: '' },
  { path: 'theme.corners', kind: 'line', longest: 7, label: 'Corners', help: '' },
];

/** Every field by its path, for the history of the settings. */
export const BY_PATH: ReadonlyMap<string, Field> = new Map(
  [...COMMUNICATIONS, ...CLIENT_CONNECT, ...FILE_ATTACHMENT, { name: 'Theme', fields: THEME }].flatMap(
    ({ fields }) => fields.map((field) => [field.path, field] as const),
  ),
);
