//! What is mailed to whom, as it lies in the mailbox.

use chrono::Duration;
use local::aws::Mail;
use reqwest::Method;
use serde_json::json;

use crate::support::{CLINICAL, INTAKE, RESTRICTED, Session, World};

const ANA: &str = "ana.delgado@example.org";

/// Ana has an account, and ten wrong passwords were typed.
async fn locked(world: &World) -> (Session, String, String) {
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    world.activate(&token, "1985-04-12").await.ok();
    world.drain().await;
    for _ in 0..10 {
        world.sign_in(ANA, "not the password at all").await.refused(401);
    }
    (staff, individual, account)
}

fn newest(world: &World) -> Mail {
    world.local.mails().unwrap().pop().unwrap()
}

#[tokio::test]
async fn who_is_locked_out_by_wrong_passwords_is_told_with_a_link_that_lives_an_hour() {
    let world = World::new().await;
    locked(&world).await;
    let before = world.local.mails().unwrap().len();
    world.drain().await;
    let mail = newest(&world);
    assert_eq!((world.local.mails().unwrap().len(), &mail.to), (before + 1, &vec![ANA.to_owned()]));
    assert!(mail.subject.ends_with("your account is locked"), "{}", mail.subject);
    assert!(mail.text.contains("http://127.0.0.1:8080/reset#"), "{}", mail.text);
    assert!(mail.text.contains("until Monday, March 2, 2026, 10:00\u{a0}AM"), "{}", mail.text);
    assert!(mail.text.contains("Phone: "), "{}", mail.text);
    assert!(mail.text.contains("Help – http://127.0.0.1:8080/help/sign-in\n"), "{}", mail.text);
}

#[tokio::test]
async fn where_the_agency_unlocks_the_mail_says_whom_to_ask_and_has_no_link() {
    let world = World::with(|file| file["general"]["client_may_unlock"] = json!(false)).await;
    locked(&world).await;
    world.drain().await;
    let mail = newest(&world);
    assert!(mail.subject.ends_with("your account is locked"), "{}", mail.subject);
    assert!(!mail.text.contains('#') && !mail.html.contains("/reset"), "{}", mail.text);
    assert!(mail.text.contains("please contact us") && mail.text.contains("Phone: "), "{}", mail.text);
}

#[tokio::test]
async fn a_lock_that_is_told_late_has_no_dead_link_and_a_closed_account_is_told_nothing() {
    let world = World::new().await;
    let (staff, individual, account) = locked(&world).await;
    let start = world.local.snapshot().unwrap();
    world.advance(Duration::minutes(61));
    world.drain().await;
    assert!(!newest(&world).text.contains('#'), "{}", newest(&world).text);

    world.local.restore(&start).unwrap();
    let before = world.local.mails().unwrap().len();
    let path = format!("/individuals/{individual}/accounts/{account}/close");
    world.admin(Method::POST, &path).by(&staff).json(json!({})).send().await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before);
}

#[tokio::test]
async fn a_discreet_agencys_mails_name_nobody_before_they_are_opened() {
    let world = World::with(|file| file["general"]["discreet_mail"] = json!(true)).await;
    locked(&world).await;
    world.drain().await;
    let mail = newest(&world);
    assert_eq!(mail.subject, "Your online account is locked");
    assert_eq!(mail.from, "\"Online account\" <portal@alderquay.example.org>");
    assert!(mail.text.starts_with("Hello,\n") && !mail.html.contains("Ana"), "{}", mail.text);
}

/// A closed account's link asks for an invitation.
async fn ask_again(world: &World, staff: &Session, external_id: &str) -> (String, Vec<Mail>) {
    let (individual, account, token) = world.invite(staff, external_id).await;
    let path = format!("/individuals/{individual}/accounts/{account}/close");
    world.admin(Method::POST, &path).by(staff).json(json!({})).send().await.ok();
    let before = world.local.mails().unwrap().len();
    world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await.ok();
    world.drain().await;
    (individual, world.local.mails().unwrap().split_off(before))
}

#[tokio::test]
async fn who_asks_to_be_invited_again_is_told_to_their_worker_by_id_alone() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, mails) = ask_again(&world, &staff, "T-01").await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to, [CLINICAL]);
    assert!(mail.text.contains(&format!("http://127.0.0.1:8081/individuals/{individual}")), "{}", mail.text);
    for personal in ["Ana", "Delgado", ANA] {
        assert!(![&mail.subject, &mail.text, &mail.html].iter().any(|text| text.contains(personal)));
    }
}

#[tokio::test]
async fn without_a_worker_of_theirs_all_of_intake_are_told() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, mails) = ask_again(&world, &staff, "T-12").await;
    let mut told: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    told.sort();
    assert_eq!(told, [RESTRICTED, INTAKE]);
}
