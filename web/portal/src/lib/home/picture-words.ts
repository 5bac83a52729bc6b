import * as m from '@clientconnect/messages';

type Words = () => string;

/** What each of our pictures shows, by tile and in the order of their numbers: for whoever chooses without seeing. */
export const PICTURE_WORDS = {
  about_me: [
    m.picture_about_me_1,
    m.picture_about_me_2,
    m.picture_about_me_3,
    m.picture_about_me_4,
    m.picture_about_me_5,
    m.picture_about_me_6,
  ],
  calendar: [
    m.picture_calendar_1,
    m.picture_calendar_2,
    m.picture_calendar_3,
    m.picture_calendar_4,
    m.picture_calendar_5,
    m.picture_calendar_6,
  ],
  inbox: [
    m.picture_inbox_1,
    m.picture_inbox_2,
    m.picture_inbox_3,
    m.picture_inbox_4,
    m.picture_inbox_5,
    m.picture_inbox_6,
  ],
  my_account: [
    m.picture_my_account_1,
    m.picture_my_account_2,
    m.picture_my_account_3,
    m.picture_my_account_4,
    m.picture_my_account_5,
    m.picture_my_account_6,
  ],
  my_client_connect: [
    m.picture_my_client_connect_1,
    m.picture_my_client_connect_2,
    m.picture_my_client_connect_3,
    m.picture_my_client_connect_4,
    m.picture_my_client_connect_5,
    m.picture_my_client_connect_6,
  ],
  my_services: [
    m.picture_my_services_1,
    m.picture_my_services_2,
    m.picture_my_services_3,
    m.picture_my_services_4,
    m.picture_my_services_5,
    m.picture_my_services_6,
  ],
  things_i_need_to_do: [
    m.picture_things_i_need_to_do_1,
    m.picture_things_i_need_to_do_2,
    m.picture_things_i_need_to_do_3,
    m.picture_things_i_need_to_do_4,
    m.picture_things_i_need_to_do_5,
    m.picture_things_i_need_to_do_6,
  ],
} as const satisfies Record<string, readonly [Words, Words, Words, Words, Words, Words]>;
