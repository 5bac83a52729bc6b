//! Where somebody is signed in, and how they end it: the same for clients and workers.

use std::collections::BTreeSet;

use chrono::Duration;
use functions::operation::Api;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::items;
use crate::support::{Answer, CLINICAL, INTAKE, PASSWORD, Session, World};

const FIREFOX: &str = "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0";
const SAFARI: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1";
const ANA: &str = "ana.delgado@example.org";
const ELODIE: &str = "elodie.fournier@example.org";

/// Two who can sign in on one site as often as they like.
struct Site<'w> {
    world: &'w World,
    api: Api,
    people: [(&'static str, String); 2],
}

impl<'w> Site<'w> {
    async fn both(world: &'w World) -> [Self; 2] {
        let staff = world.staff(INTAKE).await;
        for (external_id, born) in [("T-01", "1985-04-12"), ("T-02", "1990-02-28")] {
            let (_, _, token) = world.invite(&staff, external_id).await;
            let activated = world.activate(&token, born).await.session();
            world.portal(Method::DELETE, "/session").by(&activated).send().await.ok();
        }
        world.admin(Method::DELETE, "/session").by(&staff).send().await.ok();
        world.drain().await;
        let file = crate::support::agency_file();
        let workers = file["workers"].as_array().unwrap();
        let password = |email: &str| {
            let worker = workers.iter().find(|worker| worker["email"] == email).unwrap();
            worker["password"].as_str().unwrap().to_owned()
        };
        let clients = [ANA, ELODIE].map(|email| (email, PASSWORD.to_owned()));
        let workers = [CLINICAL, INTAKE].map(|email| (email, password(email)));
        [(Api::Portal, clients), (Api::Admin, workers)].map(|(api, people)| Self { world, api, people })
    }

    async fn sign_in(&self, who: usize, user_agent: &str) -> Session {
        let (email, password) = &self.people[who];
        let call = self.world.api(self.api, Method::POST, "/session").header("user-agent", user_agent);
        let answer = call.json(json!({ "email": email, "password": password })).send().await;
        answer.ok();
        answer.session()
    }

    async fn call(&self, session: &Session, method: Method, path: &str) -> Answer {
        self.world.api(self.api, method, path).by(session).send().await
    }

    async fn list(&self, session: &Session) -> Vec<Value> {
        let list = self.call(session, Method::GET, "/sessions").await.ok();
        list["sessions"].as_array().unwrap().clone()
    }

    async fn end(&self, session: &Session, which: &Value) -> Answer {
        let path = format!("/sessions/{}", which["session_id"].as_str().unwrap());
        self.call(session, Method::DELETE, &path).await
    }

    async fn end_others(&self, session: &Session) -> Answer {
        self.call(session, Method::POST, "/sessions/end-others").await
    }

    /// Whether a cookie still opens anything.
    async fn alive(&self, session: &Session) -> bool {
        let answer = self.call(session, Method::GET, "/sessions").await;
        if answer.status == 200 {
            return true;
        }
        assert_eq!(answer.refused(401), "session_ended");
        false
    }

    /// The sessions that are kept, alive or not.
    async fn kept(&self) -> BTreeSet<String> {
        let table = if self.api == Api::Portal { Table::Sessions } else { Table::WorkerSessions };
        let items = items(self.world, table).await;
        items.iter().map(|item| item["pk"].as_str().unwrap().to_owned()).collect()
    }
}

fn of(list: &[Value], field: &str) -> Vec<Value> {
    list.iter().map(|session| session[field].clone()).collect()
}

#[tokio::test]
async fn everyone_sees_where_they_are_signed_in_themselves() {
    let world = World::new().await;
    for site in Site::both(&world).await {
        let phone = site.sign_in(0, FIREFOX).await;
        let others = site.sign_in(1, FIREFOX).await;
        world.advance(Duration::minutes(10));
        let tablet = site.sign_in(0, SAFARI).await;
        world.advance(Duration::minutes(1));
        site.call(&tablet, Method::POST, "/session/extend").await.ok();

        let list = site.list(&tablet).await;
        assert_eq!(of(&list, "device"), ["Safari · iPhone", "Firefox · Android"]);
        assert_eq!(of(&list, "current"), [true, false]);
        let opened = list[0]["opened_at"].as_str().unwrap();
        assert!(
            opened > list[1]["opened_at"].as_str().unwrap()
                && opened < list[0]["extended_at"].as_str().unwrap()
        );
        assert_eq!(of(&site.list(&phone).await, "current"), [false, true]);
        assert_eq!(site.list(&others).await.len(), 1);

        // What is over by its clock isn't shown, whether or not it was removed.
        world.advance(Duration::minutes(5));
        assert_eq!(of(&site.list(&tablet).await, "device"), ["Safari · iPhone"]);
        let unknown = site.sign_in(0, "curl/8.5.0").await;
        assert_eq!(of(&site.list(&unknown).await, "device"), [json!(null), json!("Safari · iPhone")]);
    }
}

#[tokio::test]
async fn ending_one_session_ends_that_one_at_once_and_only_ones_own() {
    let world = World::new().await;
    for site in Site::both(&world).await {
        let [phone, tablet] = [site.sign_in(0, FIREFOX).await, site.sign_in(0, SAFARI).await];
        let stranger = site.sign_in(1, FIREFOX).await;
        let list = site.list(&phone).await;
        let named = |device: &str| list.iter().find(|session| session["device"] == device).unwrap();

        // Another's session, an ended one and one that never was are the same nothing.
        let foreign = site.end(&stranger, named("Safari · iPhone")).await;
        assert_eq!(foreign.refused(404), "not_found");
        let unknown = site.end(&stranger, &json!({ "session_id": "ses_00000000000000000000000000" })).await;
        assert_eq!(unknown.bytes, foreign.bytes);
        assert!(site.alive(&tablet).await);

        let ended = site.end(&phone, named("Safari · iPhone")).await;
        ended.ok();
        assert!(!ended.headers.contains_key("set-cookie") && !ended.headers.contains_key("clear-site-data"));
        assert!(!site.alive(&tablet).await && site.alive(&phone).await);
        assert_eq!(site.end(&phone, named("Safari · iPhone")).await.bytes, foreign.bytes);

        // Ending the one that asks is signing out.
        let out = site.end(&phone, named("Firefox · Android")).await;
        out.ok();
        assert!(out.headers.contains_key("clear-site-data"));
        assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        assert!(!site.alive(&phone).await && site.alive(&stranger).await);
    }
}

#[tokio::test]
async fn ending_all_others_keeps_the_one_that_asks_under_a_new_cookie_and_no_longer_than_before() {
    let world = World::new().await;
    for site in Site::both(&world).await {
        let phone = site.sign_in(0, FIREFOX).await;
        let tablets = [site.sign_in(0, SAFARI).await, site.sign_in(0, SAFARI).await];
        let stranger = site.sign_in(1, FIREFOX).await;
        let listed = site.list(&phone).await;
        let before = listed.iter().find(|session| session["current"] == true).unwrap();
        world.advance(Duration::minutes(10));

        let answer = site.end_others(&phone).await;
        let (times, renewed) = (answer.ok(), answer.session());
        assert_eq!((&times["idle_seconds"], &times["total_seconds"]), (&json!(900), &json!(12 * 3600 - 600)));
        assert_ne!(renewed.cookie, phone.cookie);
        for dead in [&phone, &tablets[0], &tablets[1]] {
            assert!(!site.alive(dead).await);
            assert_eq!(site.end_others(dead).await.refused(401), "session_ended");
        }
        let list = site.list(&renewed).await;
        assert_eq!((list.len(), &list[0]["opened_at"]), (1, &before["opened_at"]));
        assert_eq!((&list[0]["device"], &list[0]["current"]), (&json!("Firefox · Android"), &json!(true)));
        assert_ne!(list[0]["session_id"], before["session_id"]);
        assert!(site.alive(&stranger).await);

        // Of what has ended nothing is kept.
        let ids = |list: &[Value]| -> BTreeSet<_> {
            of(list, "session_id").iter().map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        let mut ended = ids(&listed);
        ended.remove(before["session_id"].as_str().unwrap());
        let alive = &ids(&list) | &ids(&site.list(&stranger).await);
        assert!(site.kept().await.is_superset(&ended));
        world.drain().await;
        let kept = site.kept().await;
        assert!(kept.is_superset(&alive) && kept.is_disjoint(&ended), "{kept:?}");
        assert!(site.alive(&renewed).await);
    }
}

#[tokio::test]
async fn of_two_who_end_each_other_one_goes_on() {
    let world = World::new().await;
    for site in Site::both(&world).await {
        let sessions = [site.sign_in(0, FIREFOX).await, site.sign_in(0, SAFARI).await];
        let answers =
            futures_util::future::join_all(sessions.iter().map(|session| site.end_others(session))).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((done.len(), refused.len()), (1, 1));
        assert!([401, 409].contains(&refused[0].status.as_u16()), "{}", refused[0].text());
        assert_eq!(site.list(&done[0].session()).await.len(), 1);
        for session in &sessions {
            assert!(!site.alive(session).await);
        }
    }
}

#[tokio::test]
async fn an_account_that_is_closed_leaves_no_session_behind() {
    let world = World::new().await;
    let [portal, _] = Site::both(&world).await;
    portal.sign_in(0, FIREFOX).await;
    let stranger = portal.sign_in(1, SAFARI).await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let path = format!("/individuals/{individual}");
    let record = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let account = record["account"]["account_id"].as_str().unwrap();
    world.admin(Method::POST, &format!("{path}/accounts/{account}/close")).by(&staff).send().await.ok();
    world.drain().await;
    assert_eq!(portal.kept().await.len(), 1);
    assert!(portal.alive(&stranger).await);
}
