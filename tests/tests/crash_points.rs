//! Every operation that changes something, struck at every call it makes: before the call is carried out, and after,
//! so that only its answer is lost. Whoever called repeats it; then nothing is lost, nothing is there twice, and what
//! was answered was an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Duration;
use functions::operation::{Api, OPERATIONS};
use local::aws::{Call, Fault, Kind, Service, When};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Store, TableNames, ask, tables::Table};

use crate::support::{
    Authenticator, CLINICAL, INTAKE, NEW_PASSWORD, OTHER_CLINICAL, PASSWORD, SYSTEM, Session, World,
    activation, demo_password, png,
};
use crate::sweep::variables;

const ANA: &str = "ana.delgado@example.org";
const ANA_BORN: &str = "1985-04-12";
/// Longer than any call fails, in a row, for one fault.
const PATIENCE: usize = 6;

/// What is done, and done again in the same way until it is settled.
pub enum Deed {
    Request {
        api: Api,
        method: Method,
        path: String,
        session: Option<Session>,
        key: Option<&'static str>,
        body: Value,
        /// What shows the body's `code`, another one by and by.
        code: Option<Authenticator>,
    },
    /// A function invoked by whoever deploys, or by its schedule.
    Invoked(Value),
    /// A message delivered to a function, again when it could be seen again.
    Delivered(Value),
    /// Whatever waits in streams and queues, with all that follows from it.
    Waiting,
}

/// What one attempt came to.
#[derive(Debug)]
pub enum Attempt {
    Settled(Value),
    /// To be repeated: nothing that could be mistaken for success was said.
    Failed,
}

/// Whether repeating it adds to its effect: a second wrong password is a second one.
#[derive(Clone, Copy, PartialEq)]
pub enum Repeated {
    HasTheEffectOfOne,
    CountsAgain,
}
use Repeated::{CountsAgain, HasTheEffectOfOne};

/// Something that changes what there is.
pub struct Row {
    /// What is being done.
    pub name: &'static str,
    /// By which operation.
    pub operation: &'static str,
    /// Makes everything ready for it.
    pub prepare: for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = Deed> + 'w>>,
    /// The statuses that settle it, if it is a request.
    pub settled: &'static [u16],
    /// What repeating it does.
    pub repeated: Repeated,
}

macro_rules! crash_points {
    ($($test:ident: $operation:literal, $prepare:ident, $settled:expr, $repeated:expr;)+) => {
        /// Everything that is struck here, and tossed about in `faults`.
        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($test),
            operation: $operation,
            prepare: |world| Box::pin($prepare(world)),
            settled: &$settled,
            repeated: $repeated,
        }),+];

        $(
            #[tokio::test]
            async fn $test() {
                let row = ROWS.iter().find(|row| row.name == stringify!($test)).unwrap();
                let world = World::new().await;
                let deed = (row.prepare)(&world).await;
                prove(&world, row.operation, &deed, row.settled, row.repeated).await;
            }
        )+
    };
}

crash_points! {
    activating: "portal.activate_account", to_activate, [200, 409], HasTheEffectOfOne;
    // A third miss that died before it was recorded lets nobody in any more; a minute later the next call records it.
    missing_the_birth_date_for_the_third_time: "portal.activate_account", to_miss, [409, 410], CountsAgain;
    asking_for_the_link_again: "portal.ask_for_link", to_ask_for_the_link, [200], CountsAgain;
    asking_for_an_invitation: "portal.ask_for_link", to_ask_for_an_invitation, [200], CountsAgain;
    signing_in: "portal.sign_in", to_sign_in, [200], CountsAgain;
    locking: "portal.sign_in", to_lock, [401], HasTheEffectOfOne;
    forgetting_the_password: "portal.request_password_reset", to_forget, [200], CountsAgain;
    resolving_what_was_asked_for: "jobs.resolve_requests", to_resolve, [], HasTheEffectOfOne;
    resolving_for_a_pending_account: "jobs.resolve_requests", to_resolve_while_pending, [], HasTheEffectOfOne;
    resetting_the_password: "portal.reset_password", to_reset, [200, 410], HasTheEffectOfOne;
    unlocking_by_a_new_password: "portal.reset_password", to_unlock_by_reset, [200, 410], HasTheEffectOfOne;
    // Whose answer is lost has lost the new session: they sign in with the new password.
    changing_the_password: "portal.change_password", to_change_the_password, [200, 401], HasTheEffectOfOne;
    signing_out: "portal.sign_out", to_sign_out, [200, 401], HasTheEffectOfOne;
    extending: "portal.extend_session", to_extend, [200], HasTheEffectOfOne;
    ending_a_session: "portal.end_session", to_end_a_session, [200, 404], HasTheEffectOfOne;
    ending_other_sessions: "portal.end_other_sessions", to_end_other_sessions, [200, 401], HasTheEffectOfOne;
    choosing_a_language: "portal.set_language", to_choose_a_language, [200], HasTheEffectOfOne;
    choosing_messages: "portal.set_message_preferences", to_choose_messages, [200], HasTheEffectOfOne;
    asking_for_a_service: "portal.request_service", to_ask_for_a_service, [200], HasTheEffectOfOne;
    wanting_another_email: "portal.request_email_change", to_want_another_email, [200], CountsAgain;
    changing_the_email: "portal.confirm_email_change", to_change_the_email, [200, 409], HasTheEffectOfOne;
    updating_oneself: "portal.update_profile", to_update_oneself, [200], HasTheEffectOfOne;
    adding_ones_contact: "portal.add_contact", to_add_ones_contact, [200], HasTheEffectOfOne;
    changing_ones_contact: "portal.update_contact", to_change_ones_contact, [200], HasTheEffectOfOne;
    retiring_ones_contact: "portal.retire_contact", to_retire_ones_contact, [200], HasTheEffectOfOne;
    worker_signing_in: "admin.sign_in", to_sign_a_worker_in, [200], CountsAgain;
    worker_locking: "admin.sign_in", to_lock_a_worker, [401], HasTheEffectOfOne;
    worker_forgetting: "admin.request_password_reset", to_forget_as_a_worker, [200], CountsAgain;
    resolving_for_a_worker: "jobs.resolve_requests", to_resolve_for_a_worker, [], HasTheEffectOfOne;
    worker_resetting: "admin.reset_password", to_reset_as_a_worker, [200, 410], HasTheEffectOfOne;
    worker_changing: "admin.change_password", to_change_as_a_worker, [200, 401], HasTheEffectOfOne;
    worker_signing_out: "admin.sign_out", to_sign_a_worker_out, [200, 401], HasTheEffectOfOne;
    worker_extending: "admin.extend_session", to_extend_a_workers_session, [200], HasTheEffectOfOne;
    worker_ending_a_session: "admin.end_session", to_end_a_workers_session, [200, 404], HasTheEffectOfOne;
    worker_ending_others: "admin.end_other_sessions", to_end_a_workers_others, [200, 401], HasTheEffectOfOne;
    starting_an_import: "admin.start_import", to_start_an_import, [200], HasTheEffectOfOne;
    adding_somebody: "admin.create_individual", to_add_somebody, [200], HasTheEffectOfOne;
    updating_somebody: "admin.update_individual", to_update_somebody, [200], HasTheEffectOfOne;
    adding_a_service: "admin.create_service", to_add_a_group, [200], HasTheEffectOfOne;
    changing_a_service: "admin.update_service", to_reset_a_service, [200], HasTheEffectOfOne;
    settling_a_request: "admin.settle_service_request", to_settle_a_request, [200], HasTheEffectOfOne;
    correcting_a_birth_date: "admin.set_birth_date", to_correct_a_birth_date, [200], HasTheEffectOfOne;
    adding_a_contact: "admin.add_contact", to_add_a_contact, [200], HasTheEffectOfOne;
    changing_a_contact: "admin.update_contact", to_change_a_contact, [200], HasTheEffectOfOne;
    retiring_a_contact: "admin.retire_contact", to_retire_a_contact, [200], HasTheEffectOfOne;
    deleting_a_contact: "admin.retire_contact", to_delete_a_contact, [200], HasTheEffectOfOne;
    consenting: "admin.set_communication_settings", to_consent, [200], HasTheEffectOfOne;
    withdrawing: "admin.set_communication_settings", to_withdraw, [200], HasTheEffectOfOne;
    enrolling: "admin.open_service_file", to_enrol, [200], HasTheEffectOfOne;
    giving_a_file_other_workers: "admin.update_service_file", to_give_a_file_other_workers, [200], HasTheEffectOfOne;
    closing_a_file: "admin.close_service_file", to_close_a_file, [200], HasTheEffectOfOne;
    reopening_a_file: "admin.reopen_service_file", to_reopen_a_file, [200], HasTheEffectOfOne;
    adding_to_a_roster: "admin.add_to_roster", to_add_to_a_roster, [200], HasTheEffectOfOne;
    removing_from_a_roster: "admin.remove_from_roster", to_remove_from_a_roster, [200], HasTheEffectOfOne;
    creating: "admin.create_account", to_create, [200], HasTheEffectOfOne;
    resending: "admin.resend_activation", to_resend, [200], HasTheEffectOfOne;
    closing: "admin.close_account", to_close, [200], HasTheEffectOfOne;
    inviting_again: "admin.resend_activation", to_invite_again, [200], HasTheEffectOfOne;
    suspending: "admin.suspend_account", to_suspend, [200], HasTheEffectOfOne;
    unlocking: "admin.unlock_account", to_unlock, [200], HasTheEffectOfOne;
    disabling: "admin.disable_account", to_disable, [200], HasTheEffectOfOne;
    enabling: "admin.enable_account", to_enable, [200], HasTheEffectOfOne;
    forcing_a_reset: "admin.force_password_reset", to_force_a_reset, [200], HasTheEffectOfOne;
    settling: "admin.settle_alerts", to_settle, [200], HasTheEffectOfOne;
    setting_communications: "admin.set_communications", to_set_communications, [200], HasTheEffectOfOne;
    checking_the_authentication_email: "admin.check_authentication_email", to_check_the_sender, [200], HasTheEffectOfOne;
    sending_a_test_mail: "admin.send_test_mail", to_send_a_test_mail, [200], HasTheEffectOfOne;
    recording_a_tests_delivery: "jobs.record_mail_outcome", to_record_a_test, [], HasTheEffectOfOne;
    setting_client_connect: "admin.set_client_connect", to_set_client_connect, [200], HasTheEffectOfOne;
    publishing_a_text: "admin.publish_text", to_publish_a_text, [200], HasTheEffectOfOne;
    restoring_settings: "admin.restore_settings", to_restore_settings, [200], HasTheEffectOfOne;
    suspending_a_worker: "admin.suspend_worker", to_suspend_a_worker, [200], HasTheEffectOfOne;
    unlocking_a_worker: "admin.unlock_worker", to_unlock_a_worker, [200], HasTheEffectOfOne;
    resetting_a_worker: "admin.reset_worker_password", to_reset_a_worker, [200], HasTheEffectOfOne;
    setting_images: "admin.set_images", to_set_images, [200], HasTheEffectOfOne;
    setting_the_theme: "admin.set_theme", to_set_the_theme, [200], HasTheEffectOfOne;
    setting_file_attachment: "admin.set_file_attachment", to_set_file_attachment, [200], HasTheEffectOfOne;
    setting_ones_profile: "admin.set_my_profile", to_set_ones_profile, [200], HasTheEffectOfOne;
    setting_ones_photo: "admin.set_my_photo", to_set_ones_photo, [200], HasTheEffectOfOne;
    setting_a_workers_photo: "admin.set_worker_photo", to_set_a_workers_photo, [200], HasTheEffectOfOne;
    worker_signing_in_by_a_code: "admin.sign_in", to_sign_in_by_a_code, [200, 403], CountsAgain;
    worker_missing_the_code: "admin.sign_in", to_miss_the_code, [403], CountsAgain;
    worker_asked_for_the_code: "admin.sign_in", to_be_asked_for_the_code, [403], HasTheEffectOfOne;
    beginning_a_second_factor: "admin.begin_second_factor", to_begin_a_second_factor, [200], CountsAgain;
    // Whose answer is lost has lost the new session: they sign in by a code.
    confirming_a_second_factor: "admin.confirm_second_factor", to_confirm_a_second_factor, [200, 401], HasTheEffectOfOne;
    renewing_recovery_codes: "admin.renew_recovery_codes", to_renew_recovery_codes, [200, 403], CountsAgain;
    resetting_a_second_factor: "admin.reset_second_factor", to_reset_a_second_factor, [200], HasTheEffectOfOne;
    hiring: "admin.create_worker", to_hire, [200], HasTheEffectOfOne;
    editing_a_worker: "admin.update_worker", to_edit_a_worker, [200], HasTheEffectOfOne;
    inviting_a_worker: "admin.invite_worker", to_invite_a_worker, [200], HasTheEffectOfOne;
    deactivating: "admin.deactivate_worker", to_deactivate, [200], HasTheEffectOfOne;
    reactivating: "admin.reactivate_worker", to_reactivate, [200], HasTheEffectOfOne;
    adding_a_class: "admin.create_security_class", to_add_a_class, [200], HasTheEffectOfOne;
    changing_a_class: "admin.update_security_class", to_change_a_class, [200], HasTheEffectOfOne;
    deleting_a_class: "admin.delete_security_class", to_delete_a_class, [200, 404], HasTheEffectOfOne;
    adding_a_site: "admin.create_site", to_add_a_site, [200], HasTheEffectOfOne;
    changing_a_site: "admin.update_site", to_change_a_site, [200], HasTheEffectOfOne;
    starting_a_bulk_activation: "admin.start_bulk_activation", to_start_a_bulk_activation, [200], HasTheEffectOfOne;
    starting_a_bulk_change: "admin.start_bulk_change", to_start_a_bulk_change, [200], HasTheEffectOfOne;
    starting_a_bulk_reset: "admin.start_bulk_reset", to_start_a_bulk_reset, [200], HasTheEffectOfOne;
    applying_a_bulk_job: "admin.apply_bulk_job", to_apply_a_bulk_job, [200], HasTheEffectOfOne;
    stopping_a_bulk_job: "admin.stop_bulk_job", to_stop_a_bulk_job, [200], HasTheEffectOfOne;
    resuming_a_bulk_job: "admin.resume_bulk_job", to_resume_a_bulk_job, [200], HasTheEffectOfOne;
    running_a_bulk_activation: "jobs.run_bulk_job", to_run_a_bulk_activation, [], HasTheEffectOfOne;
    running_a_bulk_change: "jobs.run_bulk_job", to_run_a_bulk_change, [], HasTheEffectOfOne;
    recording_a_complaint_of_a_bulk_job: "jobs.record_mail_outcome", to_record_a_complaint_of_a_job, [], HasTheEffectOfOne;
    importing: "jobs.import_file", to_import, [], HasTheEffectOfOne;
    importing_services: "jobs.import_file", to_import_services, [], HasTheEffectOfOne;
    importing_service_files: "jobs.import_file", to_import_service_files, [], HasTheEffectOfOne;
    importing_rosters: "jobs.import_file", to_import_rosters, [], HasTheEffectOfOne;
    expiring: "jobs.expire_activations", to_expire, [], HasTheEffectOfOne;
    computing_statistics: "jobs.compute_statistics", to_compute_statistics, [], HasTheEffectOfOne;
    reminding: "jobs.remind_before_expiry", to_remind, [], HasTheEffectOfOne;
    mailing: "jobs.send_mail", to_mail, [], HasTheEffectOfOne;
    mailing_in_bulk: "jobs.send_bulk_mail", to_mail_in_bulk, [], HasTheEffectOfOne;
    recording_a_bounce: "jobs.record_mail_outcome", to_record_a_bounce, [], HasTheEffectOfOne;
    recording_a_workers_bounce: "jobs.record_mail_outcome", to_record_a_workers_bounce, [], HasTheEffectOfOne;
    recording_that_a_mail_was_taken: "jobs.record_mail_outcome", to_record_a_sending, [], HasTheEffectOfOne;
    publishing: "jobs.publish_journal", to_publish, [], HasTheEffectOfOne;
    stripping_a_sandbox: "jobs.strip_sandbox", to_strip_a_sandbox, [], HasTheEffectOfOne;
    replaying: "jobs.replay_journal", to_replay, [], HasTheEffectOfOne;
    cleaning_up: "jobs.clean_up_sessions", to_clean_up, [], HasTheEffectOfOne;
}

#[test]
fn every_operation_that_changes_something_is_struck() {
    let covered = |name| name == "jobs.set_up_agency" || ROWS.iter().any(|row| row.operation == name);
    let missing: Vec<_> = OPERATIONS
        .iter()
        .filter(|operation| {
            (operation.mutates || operation.name == "jobs.send_mail") && !covered(operation.name)
        })
        .map(|operation| operation.name)
        .collect();
    assert_eq!(missing, [""; 0], "write a row for each");
}

fn request(
    api: Api,
    method: Method,
    path: impl Into<String>,
    session: Option<&Session>,
    body: Value,
) -> Deed {
    Deed::Request { api, method, path: path.into(), session: session.cloned(), key: None, body, code: None }
}

fn keyed(method: Method, path: impl Into<String>, staff: &Session, body: Value) -> Deed {
    Deed::Request {
        api: Api::Admin,
        method,
        path: path.into(),
        session: Some(staff.clone()),
        key: Some("one-and-the-same"),
        body,
        code: None,
    }
}

async fn to_activate(world: &World) -> Deed {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    request(Api::Portal, Method::POST, "/activation", None, activation(&token, ANA_BORN))
}

async fn to_miss(world: &World) -> Deed {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    for _ in 0..2 {
        assert_eq!(world.activate(&token, "1985-04-13").await.refused(422), "birth_date_wrong");
    }
    request(Api::Portal, Method::POST, "/activation", None, activation(&token, "1985-04-14"))
}

async fn to_ask_for_the_link(world: &World) -> Deed {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    request(Api::Portal, Method::POST, "/links/ask", None, json!({ "token": token }))
}

async fn to_ask_for_an_invitation(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    world
        .admin(Method::POST, &format!("/individuals/{individual}/accounts/{account}/close"))
        .by(&staff)
        .json(json!({}))
        .send()
        .await
        .ok();
    request(Api::Portal, Method::POST, "/links/ask", None, json!({ "token": token }))
}

async fn client(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, ANA_BORN).await;
    activated.ok();
    world.drain().await;
    activated.session()
}

async fn to_sign_in(world: &World) -> Deed {
    client(world).await;
    request(Api::Portal, Method::POST, "/session", None, json!({ "email": ANA, "password": PASSWORD }))
}

async fn to_lock(world: &World) -> Deed {
    client(world).await;
    wrongly(world, Api::Portal, ANA).await
}

/// Nine wrong passwords, of which the tenth locks.
async fn wrongly(world: &World, api: Api, email: &str) -> Deed {
    let body = json!({ "email": email, "password": "not the right one at all" });
    for _ in 0..9 {
        world.api(api, Method::POST, "/session").json(body.clone()).send().await.refused(401);
        world.advance(Duration::hours(1));
    }
    request(api, Method::POST, "/session", None, body)
}

async fn to_forget(world: &World) -> Deed {
    client(world).await;
    request(Api::Portal, Method::POST, "/password-reset-requests", None, json!({ "email": ANA }))
}

async fn to_resolve(world: &World) -> Deed {
    client(world).await;
    world.forget(ANA).await.ok();
    Deed::Waiting
}

async fn to_resolve_while_pending(world: &World) -> Deed {
    world.invite(&world.staff(INTAKE).await, "T-01").await;
    world.forget(ANA).await.ok();
    Deed::Waiting
}

async fn to_reset(world: &World) -> Deed {
    client(world).await;
    let body = json!({ "token": world.reset_token(ANA).await, "password": NEW_PASSWORD });
    request(Api::Portal, Method::POST, "/password-reset", None, body)
}

async fn to_unlock_by_reset(world: &World) -> Deed {
    client(world).await;
    for _ in 0..10 {
        world.sign_in(ANA, "not the right one at all").await.refused(401);
    }
    let body = json!({ "token": world.reset_token(ANA).await, "password": NEW_PASSWORD });
    request(Api::Portal, Method::POST, "/password-reset", None, body)
}

async fn to_change_the_password(world: &World) -> Deed {
    let client = client(world).await;
    let body = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    request(Api::Portal, Method::POST, "/password", Some(&client), body)
}

async fn to_sign_out(world: &World) -> Deed {
    let client = client(world).await;
    request(Api::Portal, Method::DELETE, "/session", Some(&client), json!({}))
}

async fn to_extend(world: &World) -> Deed {
    let client = client(world).await;
    world.advance(Duration::minutes(10));
    request(Api::Portal, Method::POST, "/session/extend", Some(&client), json!({}))
}

/// A session, and how it ends the other one of the same holder.
async fn elsewhere(world: &World, api: Api, here: &Session) -> Deed {
    let list = world.api(api, Method::GET, "/sessions").by(here).send().await.ok();
    let list = list["sessions"].as_array().unwrap();
    let other = list.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/sessions/{}", other["session_id"].as_str().unwrap());
    request(api, Method::DELETE, path, Some(here), json!({}))
}

async fn to_end_a_session(world: &World) -> Deed {
    let client = client(world).await;
    world.sign_in(ANA, PASSWORD).await.ok();
    elsewhere(world, Api::Portal, &client).await
}

async fn to_end_a_workers_session(world: &World) -> Deed {
    let [here, _] = [world.staff(SYSTEM).await, world.staff(SYSTEM).await];
    elsewhere(world, Api::Admin, &here).await
}

async fn to_end_other_sessions(world: &World) -> Deed {
    let client = client(world).await;
    for _ in 0..2 {
        world.sign_in(ANA, PASSWORD).await.ok();
    }
    request(Api::Portal, Method::POST, "/sessions/end-others", Some(&client), json!({}))
}

async fn to_end_a_workers_others(world: &World) -> Deed {
    let [here, _] = [world.staff(SYSTEM).await, world.staff(SYSTEM).await];
    request(Api::Admin, Method::POST, "/sessions/end-others", Some(&here), json!({}))
}

async fn to_clean_up(world: &World) -> Deed {
    let client = client(world).await;
    for _ in 0..2 {
        world.sign_in(ANA, PASSWORD).await.ok();
    }
    world.portal(Method::POST, "/sessions/end-others").by(&client).send().await.ok();
    Deed::Waiting
}

async fn to_choose_a_language(world: &World) -> Deed {
    let client = client(world).await;
    request(Api::Portal, Method::PUT, "/language", Some(&client), json!({ "language": "es" }))
}

/// Ana, who may edit what is hers: her session, and her contact that consent is for.
async fn editor(world: &World) -> (Session, String) {
    let client = client(world).await;
    let profile = world.portal(Method::GET, "/profile").by(&client).send().await.ok();
    let contacts = profile["contacts"].as_array().unwrap();
    let consented = contacts.iter().find(|contact| contact["consented"] == true).unwrap();
    (client, text(consented, "contact_id").to_owned())
}

/// Only confirmations, and to her first address again.
async fn to_choose_messages(world: &World) -> Deed {
    let (client, first) = editor(world).await;
    let contact = json!({ "kind": "email", "value": "second@example.org", "use_contact": true });
    let add =
        world.portal(Method::POST, "/profile/contacts").by(&client).header("idempotency-key", world.key());
    let second = add.json(json!({ "contact": contact })).send().await.ok()["contact_id"].clone();
    let staff = world.staff(INTAKE).await;
    let path = format!("/individuals/{}/communication-settings", world.individual(&staff, "T-01").await);
    let consent = world.admin(Method::PUT, &path).by(&staff);
    consent.json(json!({ "email_contact_id": second })).send().await.ok();
    let wanted = json!({ "event_confirmations": true, "event_updates": false, "contact_id": first });
    request(Api::Portal, Method::PUT, "/account/messages", Some(&client), wanted)
}

fn by_client(method: Method, path: String, client: &Session, body: Value) -> Deed {
    let key = Some("one-and-the-same");
    Deed::Request { api: Api::Portal, method, path, session: Some(client.clone()), key, body, code: None }
}

/// The language was chosen before, so that the account changes with the profile.
async fn to_update_oneself(world: &World) -> Deed {
    let (client, _) = editor(world).await;
    let language = json!({ "language": "es" });
    world.portal(Method::PUT, "/language").by(&client).json(language).send().await.ok();
    let profile = json!({ "first_name": "Anna", "last_name": "Delgado", "language": "fr" });
    by_client(Method::PUT, "/profile".to_owned(), &client, json!({ "version": 1, "profile": profile }))
}

async fn to_add_ones_contact(world: &World) -> Deed {
    let (client, _) = editor(world).await;
    let contact =
        json!({ "kind": "email", "value": "second@example.org", "use_contact": true, "main": true });
    by_client(Method::POST, "/profile/contacts".to_owned(), &client, json!({ "contact": contact }))
}

async fn to_change_ones_contact(world: &World) -> Deed {
    let (client, contact) = editor(world).await;
    let changed = json!({ "kind": "email", "value": "second@example.org", "use_contact": true });
    let body = json!({ "version": 1, "contact": changed, "confirmed": true });
    by_client(Method::PUT, format!("/profile/contacts/{contact}"), &client, body)
}

async fn to_retire_ones_contact(world: &World) -> Deed {
    let (client, contact) = editor(world).await;
    by_client(Method::DELETE, format!("/profile/contacts/{contact}"), &client, json!({ "confirmed": true }))
}

/// A section of the settings as it is to be saved, over the settings as they are.
async fn to_save(world: &World, section: &str, change: impl FnOnce(&Value) -> Value) -> Deed {
    let system = world.staff(SYSTEM).await;
    let settings = world.admin(Method::GET, "/settings").by(&system).send().await.ok();
    let mut body = change(&settings);
    body["version"] = settings["version"].clone();
    request(Api::Admin, Method::PUT, format!("/settings/{section}"), Some(&system), body)
}

async fn to_set_images(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let upload = world.upload_image(&system, &png(9, 6, [9, 9, 9, 0]), "image/png").await;
    let logo = json!({ "upload_id": upload });
    to_save(world, "images", |settings| json!({ "logo": logo, "tiles": settings["images"]["tiles"] })).await
}

async fn to_set_the_theme(world: &World) -> Deed {
    let theme = json!({ "brand": "#7a1f5c", "brand_dark": "#f0a8d8", "corners": "round" });
    to_save(world, "theme", |_| json!({ "theme": theme })).await
}

async fn to_set_file_attachment(world: &World) -> Deed {
    to_save(world, "file-attachment", |_| json!({ "file_attachment": { "worker_photos": false } })).await
}

async fn to_set_ones_profile(world: &World) -> Deed {
    let staff = world.staff(CLINICAL).await;
    let body = json!({ "client_facing_name": "Carmen", "description": "Here on Mondays." });
    request(Api::Admin, Method::PUT, "/me/profile", Some(&staff), body)
}

async fn to_set_ones_photo(world: &World) -> Deed {
    let staff = world.staff(CLINICAL).await;
    let upload = world.upload_image(&staff, &png(9, 6, [9, 9, 9, 255]), "image/png").await;
    request(Api::Admin, Method::PUT, "/me/photo", Some(&staff), json!({ "upload_id": upload }))
}

async fn to_set_a_workers_photo(world: &World) -> Deed {
    let (worker, system) = (world.worker(CLINICAL).await, world.staff(SYSTEM).await);
    let upload = world.upload_image(&system, &png(9, 6, [9, 9, 9, 255]), "image/png").await;
    let body = json!({ "upload_id": upload });
    request(Api::Admin, Method::PUT, format!("/workers/{worker}/photo"), Some(&system), body)
}

async fn to_want_another_email(world: &World) -> Deed {
    let client = client(world).await;
    let body = json!({ "email": "ana.new@example.org", "password": PASSWORD });
    request(Api::Portal, Method::POST, "/email-change", Some(&client), body)
}

async fn to_change_the_email(world: &World) -> Deed {
    let client = client(world).await;
    let body = json!({ "email": "ana.new@example.org", "password": PASSWORD });
    world.portal(Method::POST, "/email-change").by(&client).json(body).send().await.ok();
    world.drain().await;
    let body = json!({ "code": world.newest_code() });
    request(Api::Portal, Method::POST, "/email-change/confirm", Some(&client), body)
}

async fn to_sign_a_worker_in(_: &World) -> Deed {
    let password = "demo-only-walrus-teapot-drizzle";
    request(Api::Admin, Method::POST, "/session", None, json!({ "email": INTAKE, "password": password }))
}

async fn to_lock_a_worker(world: &World) -> Deed {
    wrongly(world, Api::Admin, INTAKE).await
}

async fn to_forget_as_a_worker(_: &World) -> Deed {
    request(Api::Admin, Method::POST, "/password-reset-requests", None, json!({ "email": CLINICAL }))
}

async fn to_resolve_for_a_worker(world: &World) -> Deed {
    let asked = world.admin(Method::POST, "/password-reset-requests").json(json!({ "email": CLINICAL }));
    asked.send().await.ok();
    Deed::Waiting
}

async fn to_reset_as_a_worker(world: &World) -> Deed {
    let body = json!({ "token": world.worker_reset_token(CLINICAL).await, "password": NEW_PASSWORD });
    request(Api::Admin, Method::POST, "/password-reset", None, body)
}

async fn to_change_as_a_worker(world: &World) -> Deed {
    let staff = world.staff(CLINICAL).await;
    let body = json!({ "current": demo_password(CLINICAL), "new": NEW_PASSWORD });
    request(Api::Admin, Method::POST, "/password", Some(&staff), body)
}

async fn to_sign_a_worker_out(world: &World) -> Deed {
    request(Api::Admin, Method::DELETE, "/session", Some(&world.staff(INTAKE).await), json!({}))
}

async fn to_extend_a_workers_session(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    world.advance(Duration::minutes(10));
    request(Api::Admin, Method::POST, "/session/extend", Some(&staff), json!({}))
}

/// New, changed, unchanged, refused and look-alike individuals; a consent and a birth date that an open account waits for.
const SECOND_FILE: &str = "\
external_id,first_name,last_name,birth_date,language,email,email_consent
T-01,Ana,Delgado,1985-04-13,en,ana.delgado@example.org,yes
T-05,Noor,Noconsent,1988-08-08,en,noor@example.org,yes
T-12,Leap,Day,2004-02-29,en,leap@example.org,yes
N-01,Nils,Nygaard,1966-06-06,en,nils@example.org,yes
N-02,Nils,Nygaard,1966-06-06,en,nils.two@example.org,no
N-03,Ona,Oddly,not-a-date,en,ona@example.org,no
";

async fn pending_accounts(world: &World, staff: &Session) {
    world.invite(staff, "T-01").await;
    let noor = world.individual(staff, "T-05").await;
    world.create(staff, &noor, json!({ "email": "noor@example.org", "confirm_email": true })).await.ok();
    world.drain().await;
}

async fn to_start_an_import(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    pending_accounts(world, &staff).await;
    let upload = world.upload(&staff, SECOND_FILE.as_bytes()).await;
    keyed(Method::POST, "/imports", &staff, json!({ "upload_id": upload, "source": "test", "mode": "apply" }))
}

async fn to_import(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    pending_accounts(world, &staff).await;
    world.start_import(&staff, SECOND_FILE.as_bytes(), "apply").await;
    Deed::Waiting
}

/// A service with a group that is hidden by itself.
async fn services(world: &World, staff: &Session) -> [String; 2] {
    let service = world.service(staff, "case_service", "Counselling", None).await;
    let group = world.service(staff, "group", "Tuesdays", Some(&service)).await;
    let hidden = json!({ "version": 1, "name": "Tuesdays", "visibility": "hidden" });
    let put = world.admin(Method::PUT, &format!("/services/{group}")).by(staff).json(hidden);
    put.send().await.ok();
    [service, group]
}

/// A client, and a service that they may ask for.
async fn wish(world: &World) -> (Session, String) {
    let client = client(world).await;
    let staff = world.staff(INTAKE).await;
    (client, world.offered_service(&staff, "Housing").await)
}

async fn to_ask_for_a_service(world: &World) -> Deed {
    let (client, service) = wish(world).await;
    Deed::Request {
        api: Api::Portal,
        method: Method::POST,
        path: "/service-requests".to_owned(),
        session: Some(client),
        key: Some("one-and-the-same"),
        body: json!({ "service_id": service }),
        code: None,
    }
}

async fn to_settle_a_request(world: &World) -> Deed {
    let (client, service) = wish(world).await;
    let ask = world.portal(Method::POST, "/service-requests").by(&client);
    let ask = ask.header("idempotency-key", world.key()).json(json!({ "service_id": service }));
    let request = ask.send().await.ok();
    world.drain().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let path = format!("/individuals/{individual}/service-requests/{}/settle", text(&request, "request_id"));
    keyed(Method::POST, path, &staff, json!({ "outcome": "declined", "note": "Full until spring" }))
}

async fn to_add_a_group(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let [service, _] = services(world, &staff).await;
    let group = json!({ "kind": "group", "parent_id": service, "name": "Fridays", "visibility": "hidden",
        "client_facing_name": "Fridays", "eligible": true });
    keyed(Method::POST, "/services", &staff, group)
}

async fn to_reset_a_service(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let [service, _] = services(world, &staff).await;
    let visible = json!({ "version": 1, "name": "Counselling", "client_facing_name": "Talking it over",
        "visibility": "visible", "eligible": true, "reset_overrides": true, "confirmed": true });
    keyed(Method::PUT, format!("/services/{service}"), &staff, visible)
}

/// A case service with its group, and a client's file.
const SERVICES_FILE: &[u8] =
    b"external_id,kind,name,parent_external_id\nS,case_service,Counselling,\nG,group,Circle,S\n";

/// Opens one of the present, writes one of the past, closes one that is there, and refuses a row.
async fn to_import_service_files(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    world.import_of("services", SERVICES_FILE, "apply").await;
    let header =
        "external_id,individual_external_id,service_external_id,opened_on,closed_on,primary_worker_email";
    let first = format!("{header}\nF-1,T-01,S,2026-01-12,,{CLINICAL}\n");
    world.import_of("service_files", first.as_bytes(), "apply").await;
    world.import_of("rosters", b"individual_external_id,service_external_id\nT-01,G\n", "apply").await;
    let second = format!(
        "{header}\nF-1,T-01,S,2026-01-12,2026-02-27,{CLINICAL}\nF-2,T-02,S,2026-01-12,,{CLINICAL}\n\
         F-3,T-02,S,2020-01-12,2021-01-12,{CLINICAL}\nF-4,T-02,S,2026-01-12,,{CLINICAL}\n"
    );
    world.start_import_of("service_files", &staff, second.as_bytes(), "apply").await;
    Deed::Waiting
}

async fn to_import_rosters(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    world.import_of("services", SERVICES_FILE, "apply").await;
    let individual = world.individual(&staff, "T-01").await;
    let services = world.admin(Method::GET, "/services?kind=case_service").by(&staff).send().await.ok();
    let service = services["services"][0]["service_id"].as_str().unwrap();
    world.open_service_file(&staff, &individual, service, &world.worker(CLINICAL).await).await;
    let file = b"individual_external_id,service_external_id,since\nT-01,G,2026-02-02\nT-02,G,\nT-01,G,\n";
    world.start_import_of("rosters", &staff, file, "apply").await;
    Deed::Waiting
}

async fn to_import_services(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let first = "external_id,kind,name\nS-1,case_service,Counselling\nS-2,case_service,Housing\n";
    world.import_of("services", first.as_bytes(), "apply").await;
    let second = "external_id,kind,name,parent_external_id,visible,active\n\
        S-1,case_service,Counselling,,,\n\
        S-3,group,Tuesdays,S-1,no,\n\
        S-4,group,Fridays,S-3,,\n\
        S-1,case_service,Again,,,\n\
        S-2,case_service,Housing support,,,no\n";
    world.start_import_of("services", &staff, second.as_bytes(), "apply").await;
    Deed::Waiting
}

/// Starts a bulk job and waits for the end of its dry run.
async fn dry_run(world: &World, staff: &Session, path: &str, body: Value) -> String {
    let call = world.admin(Method::POST, path).by(staff).header("idempotency-key", world.key());
    let job = call.json(body).send().await.ok();
    world.drain().await;
    text(&job, "job_id").to_owned()
}

/// Applies it; nothing has run so far.
async fn applied(world: &World, staff: &Session, path: &str, body: Value) -> String {
    let dry = dry_run(world, staff, path, body).await;
    let apply = world.admin(Method::POST, &format!("/bulk-jobs/{dry}/apply")).by(staff);
    let job = apply.header("idempotency-key", world.key()).json(json!({})).send().await.ok();
    text(&job, "job_id").to_owned()
}

async fn to_start_a_bulk_activation(world: &World) -> Deed {
    keyed(Method::POST, "/bulk-jobs/activation", &world.staff(INTAKE).await, json!({}))
}

fn suspending_all() -> Value {
    json!({ "action": "suspend", "target": { "criteria": { "statuses": [{ "state": "active" }] } } })
}

async fn to_start_a_bulk_change(world: &World) -> Deed {
    client(world).await;
    keyed(Method::POST, "/bulk-jobs/change", &world.staff(INTAKE).await, suspending_all())
}

async fn to_start_a_bulk_reset(world: &World) -> Deed {
    client(world).await;
    let all = json!({ "target": { "all": true } });
    keyed(Method::POST, "/bulk-jobs/password-reset", &world.staff(INTAKE).await, all)
}

async fn to_apply_a_bulk_job(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let dry = dry_run(world, &staff, "/bulk-jobs/activation", json!({})).await;
    keyed(Method::POST, format!("/bulk-jobs/{dry}/apply"), &staff, json!({}))
}

async fn to_stop_a_bulk_job(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let job = applied(world, &staff, "/bulk-jobs/activation", json!({})).await;
    keyed(Method::POST, format!("/bulk-jobs/{job}/stop"), &staff, json!({}))
}

async fn to_resume_a_bulk_job(world: &World) -> Deed {
    let Deed::Request { path, session, .. } = to_stop_a_bulk_job(world).await else { unreachable!() };
    let staff = session.unwrap();
    world.admin(Method::POST, &path).by(&staff).json(json!({})).send().await.ok();
    keyed(Method::POST, path.replace("stop", "resume"), &staff, json!({}))
}

async fn to_run_a_bulk_activation(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    applied(world, &staff, "/bulk-jobs/activation", json!({})).await;
    Deed::Waiting
}

async fn to_run_a_bulk_change(world: &World) -> Deed {
    client(world).await;
    let staff = world.staff(INTAKE).await;
    applied(world, &staff, "/bulk-jobs/change", suspending_all()).await;
    Deed::Waiting
}

async fn to_record_a_complaint_of_a_job(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    applied(world, &staff, "/bulk-jobs/activation", json!({ "groups": ["first"] })).await;
    world.drain().await;
    told(&world.local.mails().unwrap().pop().unwrap(), "Email Complaint Received")
}

async fn to_consent(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    pending_accounts(world, &staff).await;
    let noor = world.individual(&staff, "T-05").await;
    let record = world.admin(Method::GET, &format!("/individuals/{noor}")).by(&staff).send().await.ok();
    let contact = &record["individual"]["contacts"][0]["contact_id"];
    keyed(
        Method::PUT,
        format!("/individuals/{noor}/communication-settings"),
        &staff,
        json!({ "email_contact_id": contact }),
    )
}

async fn to_withdraw(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let (ana, _, _) = world.invite(&staff, "T-01").await;
    keyed(
        Method::PUT,
        format!("/individuals/{ana}/communication-settings"),
        &staff,
        json!({ "email_contact_id": null, "confirmed": true }),
    )
}

/// Ana, who is invited and has missed her birth date once.
async fn ana_in_doubt(world: &World) -> (Session, String, Value) {
    let staff = world.staff(INTAKE).await;
    let (ana, _, token) = world.invite(&staff, "T-01").await;
    world.activate(&token, "1985-04-13").await.refused(422);
    let path = format!("/individuals/{ana}");
    let record = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    (staff, path, record["individual"].clone())
}

async fn to_add_somebody(world: &World) -> Deed {
    let (staff, _, ana) = ana_in_doubt(world).await;
    let profile = json!({
        "first_name": "Ona", "last_name": "Oddly", "language": "fr", "site_id": ana["site_id"],
        "external_ids": { "test": "N-9" },
    });
    let contact = json!({ "kind": "email", "value": "ona@example.org", "use_contact": true });
    let body = json!({ "profile": profile, "birth_date": "1966-06-06", "contacts": [contact], "consented_contact": 0 });
    keyed(Method::POST, "/individuals", &staff, body)
}

async fn to_update_somebody(world: &World) -> Deed {
    let (staff, path, ana) = ana_in_doubt(world).await;
    let profile = json!({
        "first_name": "Anna", "last_name": "Delgado", "language": "fr", "site_id": ana["site_id"],
        "external_ids": { "test": "T-101" },
    });
    keyed(Method::PUT, format!("{path}/profile"), &staff, json!({ "version": 1, "profile": profile }))
}

/// Ana in a case service, with its group beside: who asks, her path, the file's, the roster's.
async fn ana_enrolled(world: &World) -> (Session, String, String, String) {
    let (staff, path, _) = ana_in_doubt(world).await;
    let service = world.service(&staff, "case_service", "Counselling", None).await;
    let group = world.service(&staff, "group", "Tuesday circle", Some(&service)).await;
    let (_, individual) = path.rsplit_once('/').unwrap();
    let file = world.open_service_file(&staff, individual, &service, &world.worker(CLINICAL).await).await;
    let file = format!("{path}/service-files/{file}");
    (staff, path.clone(), file, format!("/services/{group}/roster"))
}

/// The same, and in the group.
async fn ana_in_a_group(world: &World) -> (Session, String, String) {
    let (staff, path, file, roster) = ana_enrolled(world).await;
    let (_, individual) = path.rsplit_once('/').unwrap();
    let add = world.admin(Method::POST, &roster).by(&staff).json(json!({ "individual_id": individual }));
    add.send().await.ok();
    (staff, file, format!("{roster}/{individual}"))
}

async fn to_enrol(world: &World) -> Deed {
    let (staff, path, _) = ana_in_doubt(world).await;
    let service = world.service(&staff, "case_service", "Counselling", None).await;
    let worker = world.worker(CLINICAL).await;
    let body = json!({ "service_id": service, "opened_on": "2026-01-12", "primary_worker_id": worker });
    keyed(Method::POST, format!("{path}/service-files"), &staff, body)
}

async fn to_give_a_file_other_workers(world: &World) -> Deed {
    let (staff, _, file, _) = ana_enrolled(world).await;
    let body = json!({ "version": 1, "primary_worker_id": world.worker(INTAKE).await });
    keyed(Method::PUT, file, &staff, body)
}

async fn to_close_a_file(world: &World) -> Deed {
    let (staff, file, _) = ana_in_a_group(world).await;
    keyed(Method::POST, format!("{file}/close"), &staff, json!({ "version": 1, "closed_on": "2026-02-27" }))
}

async fn to_reopen_a_file(world: &World) -> Deed {
    let (staff, file, _) = ana_in_a_group(world).await;
    let body = json!({ "version": 1, "closed_on": "2026-02-27" });
    world.admin(Method::POST, &format!("{file}/close")).by(&staff).json(body).send().await.ok();
    keyed(Method::POST, format!("{file}/reopen"), &staff, json!({ "version": 2 }))
}

async fn to_add_to_a_roster(world: &World) -> Deed {
    let (staff, path, _, roster) = ana_enrolled(world).await;
    let (_, individual) = path.rsplit_once('/').unwrap();
    keyed(Method::POST, roster, &staff, json!({ "individual_id": individual }))
}

async fn to_remove_from_a_roster(world: &World) -> Deed {
    let (staff, _, place) = ana_in_a_group(world).await;
    keyed(Method::DELETE, place, &staff, json!({}))
}

async fn to_correct_a_birth_date(world: &World) -> Deed {
    let (staff, path, _) = ana_in_doubt(world).await;
    let body = json!({ "version": 1, "birth_date": "1985-04-13" });
    keyed(Method::PUT, format!("{path}/birth-date"), &staff, body)
}

async fn to_add_a_contact(world: &World) -> Deed {
    let (staff, path, _) = ana_in_doubt(world).await;
    let contact =
        json!({ "kind": "email", "value": "second@example.org", "use_contact": true, "main": true });
    keyed(Method::POST, format!("{path}/contacts"), &staff, json!({ "contact": contact }))
}

/// A call on one of Ana's contacts.
async fn on_a_contact(world: &World, method: Method, kind: &str, body: Value) -> Deed {
    let (staff, path, ana) = ana_in_doubt(world).await;
    let contacts = ana["contacts"].as_array().unwrap();
    let contact = contacts.iter().find(|contact| contact["kind"] == kind).unwrap();
    keyed(method, format!("{path}/contacts/{}", text(contact, "contact_id")), &staff, body)
}

async fn to_change_a_contact(world: &World) -> Deed {
    let contact = json!({ "kind": "email", "value": "second@example.org", "use_contact": true });
    let body = json!({ "version": 1, "contact": contact, "confirmed": true });
    on_a_contact(world, Method::PUT, "email", body).await
}

async fn to_retire_a_contact(world: &World) -> Deed {
    on_a_contact(world, Method::DELETE, "email", json!({ "confirmed": true })).await
}

async fn to_delete_a_contact(world: &World) -> Deed {
    on_a_contact(world, Method::DELETE, "phone", json!({})).await
}

async fn to_create(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    keyed(Method::POST, format!("/individuals/{individual}/accounts"), &staff, json!({}))
}

async fn to_resend(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    keyed(Method::POST, format!("/individuals/{individual}/accounts/{account}/resend"), &staff, json!({}))
}

async fn to_close(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    keyed(Method::POST, format!("/individuals/{individual}/accounts/{account}/close"), &staff, json!({}))
}

/// Three wrong birth dates, then an invitation asked for: a new account settles both.
async fn to_invite_again(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    for _ in 0..3 {
        assert!(!world.activate(&token, "1985-04-13").await.status.is_success());
    }
    world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await.ok();
    keyed(Method::POST, format!("/individuals/{individual}/accounts/{account}/resend"), &staff, json!({}))
}

/// Ana's active account, after these actions of a worker; then the last one.
async fn to_act(world: &World, before: &[&str], action: &str) -> Deed {
    let staff = world.staff(INTAKE).await;
    client(world).await;
    let individual = world.individual(&staff, "T-01").await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    let path =
        format!("/individuals/{individual}/accounts/{}", record["account"]["account_id"].as_str().unwrap());
    for action in before {
        world.admin(Method::POST, &format!("{path}/{action}")).by(&staff).send().await.ok();
    }
    keyed(Method::POST, format!("{path}/{action}"), &staff, json!({}))
}

async fn to_suspend(world: &World) -> Deed {
    to_act(world, &[], "suspend").await
}

async fn to_unlock(world: &World) -> Deed {
    to_act(world, &["suspend"], "unlock").await
}

async fn to_disable(world: &World) -> Deed {
    to_act(world, &[], "disable").await
}

async fn to_enable(world: &World) -> Deed {
    to_act(world, &["disable"], "enable").await
}

async fn to_force_a_reset(world: &World) -> Deed {
    to_act(world, &[], "force-reset").await
}

async fn to_settle(world: &World) -> Deed {
    let Deed::Request { path, body: token, .. } = to_ask_for_an_invitation(world).await else { panic!() };
    world.portal(Method::POST, &path).json(token).send().await.ok();
    let staff = world.staff(INTAKE).await;
    let listed = world.admin(Method::GET, "/alerts").by(&staff).send().await.ok();
    let (individual, account) =
        (&listed["accounts"][0]["individual_id"], &listed["accounts"][0]["account"]["account_id"]);
    let path = format!(
        "/individuals/{}/accounts/{}/alerts/settle",
        individual.as_str().unwrap(),
        account.as_str().unwrap()
    );
    let kinds = json!({ "kinds": ["invitation_asked_for"] });
    request(Api::Admin, Method::POST, path, Some(&staff), kinds)
}

async fn to_remind(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    for external_id in ["T-01", "T-02", "T-03"] {
        world.invite(&staff, external_id).await;
    }
    world.advance(Duration::days(6));
    Deed::Invoked(json!({}))
}

async fn settings(world: &World, system: &Session) -> Value {
    world.admin(Method::GET, "/settings").by(system).send().await.ok()
}

async fn to_set_communications(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let now = settings(world, &system).await;
    let mut body = json!({ "version": now["version"], "communications": now["communications"] });
    body["communications"]["hide_site"] = json!(true);
    request(Api::Admin, Method::PUT, "/settings/communications", Some(&system), body)
}

async fn to_check_the_sender(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    // As if the mail service had known nothing of the sender when it was set up.
    Client::new(&world.local.aws().sdk_config("root"))
        .update_item()
        .table_name(&variables(world)[Table::Settings.env_var()])
        .key("pk", AttributeValue::S("agency".to_owned()))
        .key("sk", AttributeValue::S("settings".to_owned()))
        .update_expression("SET settings.proof.identity_verified = :unknown")
        .expression_attribute_values(":unknown", AttributeValue::Bool(false))
        .send()
        .await
        .unwrap();
    request(Api::Admin, Method::POST, "/settings/authentication-email/check", Some(&system), json!({}))
}

async fn to_send_a_test_mail(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    keyed(Method::POST, "/settings/authentication-email/test", &system, json!({ "kind": "authentication" }))
}

async fn to_record_a_test(world: &World) -> Deed {
    let Deed::Request { path, session, body, .. } = to_send_a_test_mail(world).await else { unreachable!() };
    world.admin(Method::POST, &path).by(&session.unwrap()).json(body).send().await.ok();
    world.drain().await;
    told(&world.local.mails().unwrap().pop().unwrap(), "Email Bounced")
}

async fn to_set_client_connect(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let now = settings(world, &system).await;
    let mut body = json!({ "version": now["version"] });
    for section in ["general", "about_me", "agency", "advanced", "request_service", "billing"] {
        body[section] = now[section].clone();
    }
    body["general"]["minimum_age"] = json!(16);
    request(Api::Admin, Method::PUT, "/settings/client-connect", Some(&system), body)
}

async fn to_publish_a_text(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let texts = json!({ "en": "# New terms", "fr": null, "es": null });
    let body = json!({ "version": settings(world, &system).await["version"], "texts": texts });
    request(Api::Admin, Method::PUT, "/settings/texts/terms", Some(&system), body)
}

async fn to_restore_settings(world: &World) -> Deed {
    let Deed::Request { path, session, body, .. } = to_set_communications(world).await else {
        unreachable!()
    };
    let system = session.unwrap();
    world.admin(Method::PUT, &path).by(&system).json(body).send().await.ok();
    let body = json!({ "version": settings(world, &system).await["version"] });
    request(Api::Admin, Method::POST, "/settings/versions/1/restore", Some(&system), body)
}

async fn to_suspend_a_worker(world: &World) -> Deed {
    let worker = world.worker(CLINICAL).await;
    let system = world.staff(SYSTEM).await;
    keyed(Method::POST, format!("/workers/{worker}/suspend"), &system, json!({}))
}

async fn to_unlock_a_worker(world: &World) -> Deed {
    let Deed::Request { path, session, .. } = to_suspend_a_worker(world).await else { unreachable!() };
    let system = session.unwrap();
    world.admin(Method::POST, &path).by(&system).send().await.ok();
    keyed(Method::POST, path.replace("suspend", "unlock"), &system, json!({}))
}

async fn to_reset_a_worker(world: &World) -> Deed {
    let worker = world.worker(CLINICAL).await;
    let system = world.staff(SYSTEM).await;
    keyed(Method::POST, format!("/workers/{worker}/reset-password"), &system, json!({}))
}

/// Carmen, who has a second factor.
async fn enrolled(world: &World) -> (Session, Authenticator) {
    let carmen = world.staff(CLINICAL).await;
    let (session, authenticator, _) = world.enrol(&carmen, &demo_password(CLINICAL)).await;
    (session, authenticator)
}

async fn by_code(code: Value) -> Deed {
    let body = json!({ "email": CLINICAL, "password": demo_password(CLINICAL), "code": code });
    request(Api::Admin, Method::POST, "/session", None, body)
}

async fn to_sign_in_by_a_code(world: &World) -> Deed {
    let (_, authenticator) = enrolled(world).await;
    by_code(json!(authenticator.next_code(world))).await
}

async fn to_miss_the_code(world: &World) -> Deed {
    enrolled(world).await;
    by_code(json!("000000")).await
}

async fn to_be_asked_for_the_code(world: &World) -> Deed {
    enrolled(world).await;
    by_code(Value::Null).await
}

async fn to_begin_a_second_factor(world: &World) -> Deed {
    let body = json!({ "password": demo_password(CLINICAL) });
    request(Api::Admin, Method::POST, "/second-factor", Some(&world.staff(CLINICAL).await), body)
}

async fn to_confirm_a_second_factor(world: &World) -> Deed {
    let carmen = world.staff(CLINICAL).await;
    let begin = world.admin(Method::POST, "/second-factor").by(&carmen);
    let begun = begin.json(json!({ "password": demo_password(CLINICAL) })).send().await.ok();
    Deed::Request {
        api: Api::Admin,
        method: Method::POST,
        path: "/second-factor/confirm".into(),
        session: Some(carmen),
        key: None,
        body: json!({}),
        code: Some(Authenticator::of(&begun)),
    }
}

async fn to_renew_recovery_codes(world: &World) -> Deed {
    let (carmen, authenticator) = enrolled(world).await;
    let body = json!({ "password": demo_password(CLINICAL), "code": authenticator.next_code(world) });
    request(Api::Admin, Method::POST, "/second-factor/recovery-codes", Some(&carmen), body)
}

async fn to_reset_a_second_factor(world: &World) -> Deed {
    let worker = world.worker(CLINICAL).await;
    enrolled(world).await;
    let system = world.staff(SYSTEM).await;
    keyed(Method::POST, format!("/workers/{worker}/second-factor/reset"), &system, json!({}))
}

/// What is written of somebody new: of the class and site of a System Administrator.
async fn a_newcomer(world: &World, system: &Session) -> Value {
    let own = world.worker(SYSTEM).await;
    let own = world.admin(Method::GET, &format!("/workers/{own}")).by(system).send().await.ok();
    json!({
        "first_name": "Noor", "last_name": "Sample", "user_group": "clinical_worker", "language": "fr",
        "security_class_id": own["security_class_id"], "site_id": own["site_id"],
    })
}

async fn to_hire(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let profile = a_newcomer(world, &system).await;
    keyed(Method::POST, "/workers", &system, json!({ "email": "noor@example.org", "profile": profile }))
}

async fn to_edit_a_worker(world: &World) -> Deed {
    let (worker, system) = (world.worker(OTHER_CLINICAL).await, world.staff(SYSTEM).await);
    let mut profile = a_newcomer(world, &system).await;
    profile["user_group"] = json!("admin_exec");
    keyed(Method::PUT, format!("/workers/{worker}"), &system, json!({ "version": 1, "profile": profile }))
}

/// Somebody who was hired: the path of what is done with them.
async fn hired(world: &World, what: &str) -> (Session, String) {
    let Deed::Request { path, session, body, .. } = to_hire(world).await else { unreachable!() };
    let system = session.unwrap();
    let hired = world.admin(Method::POST, &path).by(&system).header("idempotency-key", world.key());
    let hired = hired.json(body).send().await.ok();
    world.drain().await;
    let path = format!("/workers/{}/{what}", text(&hired, "worker_id"));
    (system, path)
}

async fn to_invite_a_worker(world: &World) -> Deed {
    let (system, path) = hired(world, "invite").await;
    keyed(Method::POST, path, &system, json!({}))
}

async fn to_deactivate(world: &World) -> Deed {
    let (worker, system) = (world.worker(CLINICAL).await, world.staff(SYSTEM).await);
    keyed(Method::POST, format!("/workers/{worker}/deactivate"), &system, json!({}))
}

async fn to_reactivate(world: &World) -> Deed {
    let Deed::Request { path, session, .. } = to_deactivate(world).await else { unreachable!() };
    let system = session.unwrap();
    world.admin(Method::POST, &path).by(&system).send().await.ok();
    keyed(Method::POST, path.replace("deactivate", "reactivate"), &system, json!({}))
}

fn a_class(version: Option<u64>) -> Value {
    let mut class = json!({ "name": "Volunteers", "allow_activations": true, "denials": ["import"] });
    if let Some(version) = version {
        class["version"] = json!(version);
    }
    class
}

async fn to_add_a_class(world: &World) -> Deed {
    keyed(Method::POST, "/security-classes", &world.staff(SYSTEM).await, a_class(None))
}

/// A class that nobody belongs to: who added it, its path, and the version of all.
async fn an_unused_class(world: &World) -> (Session, String, u64) {
    let system = world.staff(SYSTEM).await;
    let added = world.admin(Method::POST, "/security-classes").by(&system).json(a_class(None));
    let added = added.header("idempotency-key", world.key()).send().await.ok();
    let path = format!("/security-classes/{}", text(&added["security_class"], "security_class_id"));
    (system, path, added["version"].as_u64().unwrap())
}

async fn to_change_a_class(world: &World) -> Deed {
    let (system, path, version) = an_unused_class(world).await;
    keyed(Method::PUT, path, &system, a_class(Some(version)))
}

async fn to_delete_a_class(world: &World) -> Deed {
    let (system, path, _) = an_unused_class(world).await;
    keyed(Method::DELETE, path, &system, json!({}))
}

async fn to_add_a_site(world: &World) -> Deed {
    let site = json!({ "name": "Annex", "time_zone": "America/Halifax" });
    keyed(Method::POST, "/sites", &world.staff(SYSTEM).await, site)
}

async fn to_change_a_site(world: &World) -> Deed {
    let system = world.staff(SYSTEM).await;
    let sites = world.admin(Method::GET, "/sites").by(&system).send().await.ok();
    let path = format!("/sites/{}", text(&sites["sites"][0], "site_id"));
    let site = json!({ "version": 1, "name": "Annex", "time_zone": "America/Halifax", "active": true });
    keyed(Method::PUT, path, &system, site)
}

async fn to_expire(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    for external_id in ["T-01", "T-02", "T-03"] {
        world.invite(&staff, external_id).await;
    }
    world.advance(Duration::days(8));
    Deed::Invoked(json!({}))
}

async fn to_compute_statistics(world: &World) -> Deed {
    client(world).await;
    world.invite(&world.staff(INTAKE).await, "T-02").await;
    world.advance(Duration::days(1));
    world.sign_in(ANA, PASSWORD).await.ok();
    Deed::Invoked(json!({}))
}

async fn to_publish(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    for external_id in ["T-01", "T-02", "T-03"] {
        let individual = world.individual(&staff, external_id).await;
        world.create(&staff, &individual, json!({})).await.ok();
    }
    Deed::Waiting
}

/// A day of which much has been dealt with, and some hasn't.
async fn to_replay(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-01").await;
    let individual = world.individual(&staff, "T-02").await;
    world.create(&staff, &individual, json!({})).await.ok();
    let day = world.local.aws().clock().now().date_naive();
    Deed::Invoked(json!({ "from": day, "to": day }))
}

async fn to_strip_a_sandbox(world: &World) -> Deed {
    client(world).await;
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-02").await;
    Deed::Invoked(json!({ "agency": "Alder Quay Community Services" }))
}

/// The event as the bus would bring it; the journal brings it a second time afterwards, as buses may.
async fn to_mail(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    world.create(&staff, &individual, json!({})).await.ok();
    the_newest_mail_asked_for(world, &individual).await
}

async fn to_mail_in_bulk(world: &World) -> Deed {
    let staff = world.staff(INTAKE).await;
    // Without a worker of their own: several are told.
    let (individual, account, token) = world.invite(&staff, "T-12").await;
    let path = format!("/individuals/{individual}/accounts/{account}/close");
    world.admin(Method::POST, &path).by(&staff).json(json!({})).send().await.ok();
    // So that it is the newest of what the journal tells.
    world.advance(Duration::seconds(1));
    world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await.ok();
    the_newest_mail_asked_for(world, &individual).await
}

async fn to_record_a_bounce(world: &World) -> Deed {
    world.invite(&world.staff(INTAKE).await, "T-01").await;
    told(&world.local.mails().unwrap().pop().unwrap(), "Email Bounced")
}

async fn to_record_a_workers_bounce(world: &World) -> Deed {
    world.worker_reset_token(CLINICAL).await;
    told(&world.local.mails().unwrap().pop().unwrap(), "Email Bounced")
}

async fn to_record_a_sending(world: &World) -> Deed {
    world.invite(&world.staff(INTAKE).await, "T-01").await;
    told(&world.local.mails().unwrap().pop().unwrap(), "Email Sent")
}

/// What the rule passes on of what SES tells of a mail.
fn told(mail: &local::aws::Mail, kind: &str) -> Deed {
    let id = mail.tags.iter().find(|(name, _)| name == "mail").map(|(_, id)| id);
    let detail = json!({ "mail": id, "message": mail.id, "bounce": "Permanent", "feedback": "" });
    let body = json!({ "detail-type": kind, "time": mail.sent_at, "detail": detail }).to_string();
    Deed::Delivered(json!({ "Records": [{ "messageId": "one", "body": body, "eventSource": "aws:sqs" }] }))
}

async fn the_newest_mail_asked_for(world: &World, individual: &str) -> Deed {
    let journal = root(world).history(individual.parse().unwrap(), None, 10).await.unwrap().items;
    let asked = journal
        .iter()
        .flat_map(|record| record.envelopes())
        .find(|envelope| envelope.event.mail().is_some())
        .unwrap();
    let message = json!({ "messageId": "one", "body": json!({ "detail": asked }).to_string(), "eventSource": "aws:sqs" });
    Deed::Delivered(json!({ "Records": [message] }))
}

#[tokio::test]
async fn a_third_miss_that_died_is_recorded_by_whoever_comes_next() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    for _ in 0..2 {
        assert_eq!(world.activate(&token, "1985-04-13").await.refused(422), "birth_date_wrong");
    }
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::Before, Kind::Throttled)
            .and_after()
            .concerning(|call| call.action == "TransactWriteItems"),
    );
    assert_eq!(world.activate(&token, "1985-04-14").await.refused(503), "unavailable");
    faults.clear();
    // Whoever claimed the last attempt may still be deciding.
    assert_eq!(world.activate(&token, ANA_BORN).await.refused(409), "conflict");
    world.advance(Duration::seconds(59));
    assert_eq!(world.activate(&token, ANA_BORN).await.refused(409), "conflict");
    world.advance(Duration::seconds(1));
    assert_eq!(world.activate(&token, ANA_BORN).await.refused(410), "birth_date_third_miss");
    assert_eq!(world.activate(&token, ANA_BORN).await.refused(410), "link_closed");
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["closed_accounts"][0]["reason"], "wrong_birth_date");
    world.drain().await;
    Everything::read(&world).await.check(0);
}

/// One attempt; whatever is no answer at all is a panic.
pub async fn attempt(world: &World, operation: &str, deed: &Deed, settled: &[u16]) -> Attempt {
    match deed {
        Deed::Request { api, method, path, session, key, body, code } => {
            let mut body = body.clone();
            if let Some(authenticator) = code {
                body["code"] = json!(authenticator.next_code(world));
            }
            let mut call = world.api(*api, method.clone(), path).json(body);
            if let Some(session) = session {
                call = call.by(session);
            }
            if let Some(key) = key {
                call = call.header("idempotency-key", *key);
            }
            let answer = call.send().await;
            if settled.contains(&answer.status.as_u16()) {
                let sets_session = answer.headers.contains_key("set-cookie");
                return Attempt::Settled(json!({ "body": answer.json(), "cookie": sets_session }));
            }
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                // So many tries of one person count as what they are; who comes back as told is let in.
                let seconds = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
                world.advance(Duration::seconds(seconds));
                return Attempt::Failed;
            }
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
            assert_eq!(answer.refused(503), "unavailable");
            assert!(!answer.headers.contains_key("set-cookie") && answer.headers.contains_key("retry-after"));
            world.advance(Duration::seconds(5));
            Attempt::Failed
        }
        Deed::Invoked(event) => match world.local.invoke(operation, event.clone()).await {
            Ok(summary) => Attempt::Settled(summary),
            Err(_) => Attempt::Failed,
        },
        Deed::Delivered(event) => {
            let answer = world.local.invoke(operation, event.clone()).await;
            if answer.is_ok_and(|answer| answer["batchItemFailures"] == json!([])) {
                return Attempt::Settled(Value::Null);
            }
            // Six times the function's timeout, after which the queue shows the message again.
            world.advance(Duration::seconds(180));
            Attempt::Failed
        }
        Deed::Waiting => {
            world.drain().await;
            Attempt::Settled(Value::Null)
        }
    }
}

pub async fn until_settled(world: &World, operation: &str, deed: &Deed, settled: &[u16]) -> Value {
    for _ in 0..PATIENCE {
        if let Attempt::Settled(answer) = attempt(world, operation, deed, settled).await {
            return answer;
        }
    }
    panic!("{operation} does not recover");
}

/// Strikes at each call in turn, until there are no more calls to strike at.
async fn prove(world: &World, operation: &'static str, deed: &Deed, settled: &[u16], repeated: Repeated) {
    let before = world.local.snapshot().unwrap();
    let answer = until_settled(world, operation, deed, settled).await;
    world.drain().await;
    let clean = Everything::read(world).await;
    clean.check(0);

    let mut struck = 0;
    for (when, kind) in [(When::Before, Kind::Throttled), (When::After, Kind::Disconnected)] {
        for nth in 1.. {
            world.local.restore(&before).unwrap();
            let faults = world.local.aws().faults();
            faults.record(true);
            faults.inject(Fault::new(when, kind).nth(nth).concerning(move |call| call.caller == operation));
            eprintln!("{operation}, {kind:?} {when:?} call {nth}");
            let first = attempt(world, operation, deed, settled).await;
            let calls: Vec<_> =
                faults.calls().into_iter().filter(|call| call.caller == operation).take(nth).collect();
            faults.record(false);
            faults.clear();
            let Some(call) = calls.get(nth - 1) else {
                assert!(matches!(first, Attempt::Settled(_)), "{operation} fails by itself");
                break;
            };
            let point = format!(
                "{operation}, {kind:?} {when:?} call {nth}: {:?} {} {:?}",
                call.service, call.action, call.resources
            );
            struck += 1;
            let last = match first {
                Attempt::Settled(answer) => answer,
                Attempt::Failed => until_settled(world, operation, deed, settled).await,
            };
            if let Deed::Request { key: Some(_), .. } = deed {
                assert_eq!(outline(&last), outline(&answer), "{point}: another answer");
            }
            world.drain().await;
            let now = Everything::read(world).await;
            now.check(sent_unnoted(&calls, when).into());
            if repeated == HasTheEffectOfOne {
                assert_eq!(now.effect(), clean.effect(), "{point}: another effect");
            }
        }
    }
    assert!(struck > 0, "{operation} calls nothing");
}

/// Whether the mail service has a mail of which nobody could note so: the one case in which it may go out again.
fn sent_unnoted(calls: &[Call], when: When) -> bool {
    let sent = calls.iter().position(|call| call.service == Service::Ses && call.action == "SendEmail");
    sent.is_some_and(|sent| sent + 1 < calls.len() || when == When::After)
}

/// An answer without its values: what it says and what it doesn't.
pub fn outline(answer: &Value) -> Value {
    match answer {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), outline(value))).collect()
        }
        Value::Array(items) => items.iter().map(outline).collect(),
        Value::Null | Value::Bool(_) => answer.clone(),
        Value::String(_) => json!("…"),
        Value::Number(_) => json!(0),
    }
}

/// The store as somebody sees it who may see everything.
pub fn root(world: &World) -> Store {
    Store::new(Client::new(&world.local.aws().sdk_config("root")), names(world))
}

fn names(world: &World) -> TableNames {
    let variables: BTreeMap<_, _> =
        world.local.template().functions.values().flat_map(|function| function.environment.clone()).collect();
    TableNames::from_lookup(|variable| variables.get(variable).cloned())
}

/// What a table is called.
pub fn table_name(world: &World, table: Table) -> String {
    names(world).get(table).unwrap().to_owned()
}

/// All items of a table.
pub async fn items(world: &World, table: Table) -> Vec<Value> {
    let client = Client::new(&world.local.aws().sdk_config("root"));
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let page = client
            .scan()
            .table_name(names(world).get(table).unwrap())
            .set_exclusive_start_key(from)
            .send()
            .await
            .unwrap();
        items.extend(
            page.items
                .unwrap_or_default()
                .into_iter()
                .map(|item| serde_dynamo::from_item::<_, Value>(item).unwrap()),
        );
        from = page.last_evaluated_key;
        if from.is_none() {
            return items;
        }
    }
}

/// Everything there is to be right or wrong.
pub struct Everything {
    accounts: Vec<Value>,
    holdings: BTreeMap<String, Value>,
    free: u64,
    /// How many accounts may be open at once.
    pub licences: u64,
    credentials: Vec<Value>,
    individuals: Vec<Value>,
    journal: Vec<Value>,
    mail: Vec<Value>,
    jobs: Vec<Value>,
    statistics: Vec<Value>,
    /// Service files, and places on rosters.
    enrolments: Vec<Value>,
    /// Services, and what is counted of them.
    services: Vec<Value>,
    sessions: usize,
    versioned: Vec<Value>,
    mailbox: Vec<(String, String)>,
    /// What lies in queues, and how much.
    pub left: BTreeMap<String, usize>,
}

fn text<'v>(item: &'v Value, name: &str) -> &'v str {
    item[name].as_str().unwrap_or_default()
}

impl Everything {
    pub async fn read(world: &World) -> Self {
        let (mut accounts, mut holdings) = (Vec::new(), BTreeMap::new());
        for item in items(world, Table::Accounts).await {
            match text(&item, "pk").split_once('#') {
                Some(("individual", individual)) => drop(holdings.insert(individual.to_owned(), item)),
                Some(_) => {}
                None => accounts.push(item),
            }
        }
        let mut versioned = Vec::new();
        let tables = [
            Table::Settings,
            Table::Individuals,
            Table::Accounts,
            Table::Workers,
            Table::Jobs,
            Table::Services,
            Table::ServiceFiles,
        ];
        for table in tables {
            versioned.extend(
                items(world, table).await.into_iter().filter(|item| item.get("changed_by").is_some()),
            );
        }
        let mails = world.local.mails().unwrap();
        let tagged = mails.iter().filter_map(|mail| {
            let (_, id) = mail.tags.iter().find(|(name, _)| name == "mail")?;
            Some((id.clone(), mail.text.clone()))
        });
        let queues = world.local.template().queues.keys().map(String::as_str).chain(["failed-invocations"]);
        Self {
            accounts,
            holdings,
            licences: world.licences(),
            free: root(world).ask(ask::licences()).await.unwrap().free().into(),
            credentials: items(world, Table::Credentials).await,
            individuals: items(world, Table::Individuals).await,
            journal: items(world, Table::Journal).await,
            mail: items(world, Table::Mail).await,
            jobs: items(world, Table::Jobs).await,
            statistics: items(world, Table::Statistics).await,
            enrolments: items(world, Table::ServiceFiles).await,
            services: items(world, Table::Services).await,
            sessions: items(world, Table::Sessions).await.len()
                + items(world, Table::WorkerSessions).await.len(),
            versioned,
            mailbox: tagged.collect(),
            left: queues
                .map(|queue| (queue.to_owned(), world.local.queued(queue).unwrap().len()))
                .filter(|(_, left)| *left > 0)
                .collect(),
        }
    }

    fn events(&self) -> impl Iterator<Item = &Value> {
        self.journal.iter().filter_map(|record| record["events"].as_array()).flatten()
    }

    /// What must hold at any time. `unnoted` mails may have been sent without that having been noted, so that they went
    /// out again.
    pub fn check(&self, unnoted: usize) {
        self.check_accounts();
        self.check_mail(unnoted);
        self.check_jobs();
        self.check_enrolments();
        assert!(self.left.is_empty(), "left in queues: {:?}", self.left);
        let journal: BTreeSet<_> = self.journal.iter().map(|record| text(record, "sk")).collect();
        for item in &self.versioned {
            assert!(journal.contains(text(item, "changed_by")), "no journal record tells of {item}");
        }
    }

    fn check_accounts(&self) {
        let open: Vec<_> = self.accounts.iter().filter(|account| account["state"] != "closed").collect();
        let using = open.iter().filter(|account| account["state"] != "disabled").count() as u64;
        assert_eq!(self.free + using, self.licences, "licences");

        let held: BTreeSet<_> =
            self.holdings.values().filter_map(|holding| holding["open"].as_str()).collect();
        assert_eq!(held, open.iter().map(|account| text(account, "pk")).collect(), "open accounts");
        for account in &self.accounts {
            let holding = &self.holdings[text(account, "individual")];
            let closed = holding["closed"].as_array().into_iter().flatten();
            let times = closed.filter(|closed| closed["account"] == account["pk"]).count();
            assert_eq!(times, usize::from(account["state"] == "closed"), "{account} in {holding}");
            assert!(
                account["state"] == "closed" || holding["open"] == account["pk"],
                "{account} in {holding}"
            );
        }

        let names: BTreeMap<_, _> =
            self.credentials.iter().map(|item| (text(item, "holder"), item)).collect();
        assert_eq!((names.len(), self.credentials.len()), (open.len(), open.len()), "sign-in names");
        for account in open {
            let name = names[text(account, "pk")];
            assert_eq!(text(name, "pk"), text(account, "email").to_lowercase());
            let active = ["active", "locked"].contains(&text(account, "state"));
            assert_eq!(name["password_hash"].is_string(), active, "a password exactly when active");
        }
    }

    fn check_mail(&self, unnoted: usize) {
        let mut again = 0;
        // An invitation asked for names a mail to each of several workers, which have rows of their own.
        let events: Vec<_> = self.events().filter(|event| event["type"] != "invitation_asked_for").collect();
        let asked = events.iter().flat_map(|event| [&event["data"]["mail"], &event["data"]["former_mail"]]);
        let known = self.mail.iter().map(|row| &row["pk"]);
        let mails: BTreeSet<&str> = asked.chain(known).filter_map(Value::as_str).collect();
        for mail in mails {
            let rows = self.mail.iter().filter(|row| row["pk"] == mail);
            let fates: Vec<_> =
                rows.map(|row| text(row, "sk")).filter(|sk| ["sent", "dropped"].contains(sk)).collect();
            assert_eq!(fates.len(), 1, "{mail}: {fates:?}");
            let sent: Vec<_> =
                self.mailbox.iter().filter(|(id, _)| id == mail).map(|(_, text)| text).collect();
            match fates[0] {
                "sent" => assert!(!sent.is_empty(), "{mail} never went out"),
                _ => assert!(sent.is_empty(), "{mail} was dropped and sent"),
            }
            again += sent.len().saturating_sub(1);
            assert!(sent.windows(2).all(|pair| pair[0] == pair[1]), "{mail} went out with two links");
        }
        assert!(again <= unnoted, "{again} mails went out again, and {unnoted} might have");
    }

    /// Who sees somebody, and how many are in a service, is as the files and rosters say.
    fn check_enrolments(&self) {
        let open = self
            .enrolments
            .iter()
            .filter(|item| text(item, "sk").starts_with("file#") && item["closed_on"].is_null());
        let of_file = |item: &Value| [text(item, "pk"), text(item, "id")].map(str::to_owned);
        let files: BTreeSet<_> = open.clone().map(of_file).collect();
        let noted = self.individuals.iter().flat_map(|item| {
            let files = item["files"].as_array().into_iter().flatten();
            files.map(|file| [text(item, "pk"), text(file, "file")].map(str::to_owned))
        });
        assert_eq!(noted.collect::<BTreeSet<_>>(), files, "open files that individuals know of");
        let mut enrolled: BTreeMap<&str, i64> = BTreeMap::new();
        let places = self.enrolments.iter().filter(|item| text(item, "sk").starts_with("place#"));
        for service in open.map(|file| text(file, "service")).chain(places.map(|place| text(place, "roster")))
        {
            *enrolled.entry(service).or_default() += 1;
        }
        let counted = self.services.iter().filter(|item| item["sk"] == "counts");
        let counted = counted.filter_map(|item| Some((text(item, "pk"), item["enrolled"].as_i64()?)));
        let counted: BTreeMap<_, _> = counted.filter(|(_, count)| *count != 0).collect();
        assert_eq!(counted, enrolled, "people in each service");
    }

    fn check_jobs(&self) {
        let by_id = self.individuals.iter().filter(|item| text(item, "pk").starts_with("external#"));
        let owners: Vec<_> = by_id.map(|item| text(item, "individual")).collect();
        let profiles: BTreeSet<_> = self
            .individuals
            .iter()
            .filter(|item| item["sk"] == "profile")
            .map(|item| text(item, "pk"))
            .collect();
        assert_eq!(owners.len(), profiles.len(), "an individual for each external id");
        for job in self.jobs.iter().filter(|item| item["sk"] == "bulk") {
            let counts = job["tallies"].as_array().unwrap().iter();
            let counts: u64 = counts.map(|tally| tally["count"].as_u64().unwrap()).sum();
            let rows = self.reports(text(job, "pk"));
            let once: BTreeSet<_> = rows.iter().map(|row| text(row, "individual")).collect();
            assert_eq!((rows.len() as u64, once.len() as u64), (counts, counts), "{job}: everybody once");
            let state = text(&job["state"], "name");
            assert!(["done", "stopped"].contains(&state), "{job}");
            let applied = self.jobs.iter().any(|row| row["sk"] == "applied");
            assert!(!applied, "a job is at its end and bars others");
            let mails = self.mail.iter().filter(|row| row["sk"] == "sent" && row["job"] == job["pk"]);
            let counted = self.jobs.iter().find(|row| row["sk"] == "mails" && row["pk"] == job["pk"]);
            let counted = counted.map_or(0, |row| row["sent"].as_u64().unwrap());
            assert_eq!(counted, mails.count() as u64, "{job}: each mail counts once");
        }
        for job in self.jobs.iter().filter(|item| item["sk"] == "job") {
            assert_eq!(job["state"], "done", "{job}");
            let counts: u64 = ["created", "updated", "unchanged", "refused"]
                .iter()
                .map(|name| job["counts"][name].as_u64().unwrap())
                .sum();
            let rows = self.report_rows(text(job, "pk"));
            let expected: Vec<_> = (2..2 + counts).collect();
            assert_eq!(rows, expected, "a report line for each row of {job}");
        }
    }

    fn report_rows(&self, job: &str) -> Vec<u64> {
        self.reports(job).iter().map(|row| row["row"].as_u64().unwrap()).collect()
    }

    fn reports(&self, job: &str) -> Vec<Value> {
        let mut pages: Vec<_> = self
            .jobs
            .iter()
            .filter(|item| item["pk"] == job && text(item, "sk").starts_with("report#"))
            .collect();
        pages.sort_by_key(|page| text(page, "sk"));
        let rows = pages.iter().map(|page| match &page["rows"] {
            Value::String(rows) => serde_json::from_str(rows).unwrap(),
            rows => rows.clone(),
        });
        rows.flat_map(|rows: Value| rows.as_array().cloned().unwrap_or_default()).collect()
    }

    /// What was done, without ids and times: the same however often it was interrupted.
    pub fn effect(&self) -> BTreeMap<String, usize> {
        let mut effect = BTreeMap::new();
        let mut count = |what: String| *effect.entry(what).or_default() += 1;
        for event in self.events() {
            count(format!("event {}", event["type"]));
        }
        for account in &self.accounts {
            count(format!(
                "account {} {} {} {} {:?}",
                account["email"],
                account["state"],
                account["generation"],
                account["misses"],
                account["alerts"].as_object().map(|alerts| alerts.keys().collect::<Vec<_>>())
            ));
        }
        for item in &self.individuals {
            let kind = text(item, "pk").split('#').count();
            let length = |name: &str| item[name].as_array().map_or(0, Vec::len);
            count(format!(
                "individual {kind} {} {} {}",
                item["version"],
                length("contacts"),
                length("communication")
            ));
        }
        for item in &self.enrolments {
            let kind = text(item, "sk").split('#').next().unwrap_or_default();
            count(format!("enrolment {kind} {} {}", item["version"], item["closed_on"]));
        }
        for worker in self.versioned.iter().filter(|item| text(item, "pk").starts_with("wrk_")) {
            count(format!(
                "worker {} {} {} {} {} {} {}",
                worker["email"],
                worker["user_group"],
                worker["revision"],
                worker["state"],
                worker["lock_reason"],
                worker["must_reset"],
                worker["generation"]
            ));
        }
        for item in self.versioned.iter().filter(|item| text(item, "pk") == "agency") {
            let length = |name: &str| item[name].as_array().map_or(0, Vec::len);
            count(format!(
                "agency {} {} {} {}",
                item["sk"],
                item["version"],
                length("classes"),
                length("sites")
            ));
        }
        for item in &self.statistics {
            let mut item = item.clone();
            // When it was computed is no effect.
            item.as_object_mut()
                .unwrap()
                .retain(|name, _| !["computed_at", "until"].contains(&name.as_str()));
            count(format!("statistics {item}"));
        }
        for item in &self.services {
            let list = text(item, "pk").split('#').next().unwrap_or_default();
            count(match text(item, "sk") {
                "service" => format!(
                    "service {} {} {} {}",
                    item["name"], item["version"], item["visibility"], item["resets"]
                ),
                "counts" => format!(
                    "below a service {} {} {}",
                    item["following"], item["overridden"], item["active_below"]
                ),
                _ if list.starts_with("svc_") => format!("of a service {}", item["sk"]),
                _ => format!("in a list of services {list} {}", item["name"]),
            });
        }
        for row in self.mail.iter().filter(|row| !text(row, "sk").starts_with("claim#")) {
            count(format!("mail {} {}", row["sk"], row["reason"]));
        }
        for job in self.jobs.iter().filter(|item| item["sk"] == "job") {
            count(format!("job {} {}", job["state"], job["counts"]));
            for row in self.reports(text(job, "pk")) {
                count(format!(
                    "job row {} {} {} {}",
                    row["row"], row["outcome"], row["warnings"], row["errors"]
                ));
            }
        }
        for job in self.jobs.iter().filter(|item| item["sk"] == "bulk") {
            count(format!("bulk job {} {} {}", job["mode"], job["state"], job["tallies"]));
            let counted = self.jobs.iter().find(|row| row["sk"] == "mails" && row["pk"] == job["pk"]);
            count(format!(
                "mails of it {:?}",
                counted.map(|row| [&row["sent"], &row["bounced"], &row["complained"]])
            ));
            for row in self.reports(text(job, "pk")) {
                count(format!("bulk row {} {} {}", row["outcome"], row["reason"], row["individual"]));
            }
        }
        effect.insert("sessions".to_owned(), self.sessions);
        effect
    }
}

/// The keys of sessions are made here, so that every point needs functions that haven't seen others.
#[tokio::test]
async fn setting_up() {
    let mut struck = 0;
    for when in [When::Before, When::After] {
        for nth in 1.. {
            let world = World::bare().await;
            let faults = world.local.aws().faults();
            faults.record(true);
            faults.inject(Fault::new(when, Kind::ServerError).nth(nth));
            let deed = Deed::Invoked(crate::support::agency_file());
            let first = attempt(&world, "jobs.set_up_agency", &deed, &[]).await;
            let calls = faults.calls().len();
            faults.clear();
            faults.record(false);
            if matches!(first, Attempt::Failed) {
                let summary = until_settled(&world, "jobs.set_up_agency", &deed, &[]).await;
                assert!(summary["set_up"] == true || summary["already"] == true, "{summary}");
            }
            world.drain().await;
            world.staff(SYSTEM).await;
            let everything = Everything::read(&world).await;
            everything.check(0);
            let set_up = everything.events().filter(|event| event["type"] == "agency_set_up").count();
            assert_eq!(set_up, 1, "{when:?} call {nth}");
            if calls < nth {
                break;
            }
            struck += 1;
        }
    }
    assert!(struck > 4);
}
