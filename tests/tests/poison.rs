//! What can't be dealt with: it holds up nothing else, lies where an alarm looks, and is brought back once its cause is
//! mended.

use aws_sdk_dynamodb::Client;
use local::aws::{Fault, Kind, When};
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::{Everything, items};
use crate::support::{CLINICAL, INTAKE, World};
use crate::sweep::variables;

const ANA: &str = "ana.delgado@example.org";
const LATER: &str = "elodie.fournier@example.org";

/// How many messages wait in the queue whose name ends so: what its alarm looks at.
fn waiting(world: &World, ending: &str) -> usize {
    let backlog = world.local.backlog().unwrap();
    let (_, waiting, _) = backlog.iter().find(|(queue, ..)| queue.ends_with(ending)).expect(ending);
    *waiting
}

/// Writes an item as nobody should.
async fn write(world: &World, table: Table, item: &Value) {
    let client = Client::new(&world.local.aws().sdk_config("root"));
    let item = serde_dynamo::to_item::<_, std::collections::HashMap<_, _>>(item).unwrap();
    let name = &variables(world)[table.env_var()];
    client.put_item().table_name(name).set_item(Some(item)).send().await.unwrap();
}

fn mails_to(world: &World, address: &str) -> usize {
    world.local.mails().unwrap().iter().filter(|mail| mail.to.iter().any(|to| to.contains(address))).count()
}

#[tokio::test]
async fn a_poison_record_of_the_journal_holds_up_nothing_and_is_replayed_once_mended() {
    let world = World::new().await;
    world.local.aws().faults().to_the_end();
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-01").await;

    // A record like the invitation's, of another mail, and damaged.
    let journal = items(&world, Table::Journal).await;
    let asks = |record: &&Value| record.to_string().contains("activation_requested");
    let mut record = journal.iter().find(asks).unwrap().clone();
    let text = record["sk"].as_str().unwrap().to_owned();
    let (head, last) = text.split_at(text.len() - 1);
    let other = |last: &str| if last == "0" { "1" } else { "0" };
    record["sk"] = json!(format!("{head}{}", other(last)));
    let event = record["events"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|event| event["type"] == "activation_requested")
        .unwrap();
    let mail = event["data"]["mail"].as_str().unwrap().to_owned();
    let (head, last) = mail.split_at(mail.len() - 1);
    event["data"]["mail"] = json!(format!("{head}{}", other(last)));
    let right = record["at"].clone();
    record["at"] = json!("some time or other");
    write(&world, Table::Journal, &record).await;
    let mended = |record: &Value| {
        let mut record = record.clone();
        record["at"] = right.clone();
        record
    };

    let later = world.individual(&staff, "T-02").await;
    world.create(&staff, &later, json!({})).await.ok();
    world.drain().await;
    let all = world.local.mails().unwrap().len();
    assert_eq!((mails_to(&world, ANA), mails_to(&world, LATER)), (1, 1), "what comes after it flows");
    assert_eq!(waiting(&world, "journal-failures"), 1);

    let day = right.as_str().unwrap().split('T').next().unwrap();
    let days = json!({ "from": day, "to": day });
    let summary = world.local.invoke("jobs.replay_journal", days.clone()).await.unwrap();
    assert_eq!(summary["unreadable"], json!([{ "subject": record["pk"], "record": record["sk"] }]));
    assert!(summary["records"].as_u64().unwrap() > 2, "{summary}");
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), all, "what is replayed is known already");

    write(&world, Table::Journal, &mended(&record)).await;
    let one = json!({ "records": [{ "subject": record["pk"], "record": record["sk"] }] });
    for replay in [days.clone(), one, days] {
        let summary = world.local.invoke("jobs.replay_journal", replay).await.unwrap();
        assert_eq!(summary["unreadable"], json!([]));
        assert!(summary["events"].as_u64().unwrap() >= 1, "{summary}");
        world.drain().await;
        assert_eq!(mails_to(&world, ANA), 2, "brought back, once");
    }
    assert_eq!(world.local.mails().unwrap().len(), all + 1);
}

#[tokio::test]
async fn a_poison_request_holds_up_no_other() {
    let world = World::new().await;
    world.local.aws().faults().to_the_end();
    write(&world, Table::Requests, &json!({ "pk": "nobody", "v": 1, "poison": true })).await;
    let asked = world.admin(Method::POST, "/password-reset-requests").json(json!({ "email": CLINICAL }));
    asked.send().await.ok();
    world.drain().await;
    assert_eq!(mails_to(&world, CLINICAL), 1);
    assert_eq!(waiting(&world, "requests-failures"), 1);
}

#[tokio::test]
async fn poison_in_every_queue_holds_up_nothing_and_lies_with_the_dead_letters() {
    let world = World::set_up().await;
    world.local.aws().faults().to_the_end();
    let readers = world.local.template().queue_readers.clone();
    assert_eq!(readers.len(), functions::operation::Queue::ALL.len());
    for reader in &readers {
        for poison in ["no JSON", "{\"detail\":{\"type\":\"unheard_of\"}}"] {
            world.local.send(&reader.queue, poison).unwrap();
        }
    }
    let csv = std::fs::read(crate::support::repository().join("tests/fixtures/individuals.csv")).unwrap();
    let job = world.import(&csv, "apply").await;
    assert_eq!(job["state"], "done", "{job}");
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    world.activate(&token, "1985-04-12").await.ok();
    world.drain().await;
    for again in [false, true] {
        for reader in &readers {
            let (_, dead_letters) =
                world.local.template().queues[&reader.queue].dead_letters.clone().unwrap();
            assert_eq!(waiting(&world, &reader.queue), 0, "{}", reader.queue);
            assert_eq!(waiting(&world, &dead_letters), 2, "{dead_letters}");
            if !again {
                assert_eq!(world.local.redrive(&dead_letters).unwrap(), Some(2));
                assert_eq!(waiting(&world, &reader.queue), 2, "{}", reader.queue);
            }
        }
        // As long as the cause is there, it comes back.
        world.drain().await;
    }
    assert_eq!(world.local.redrive("no-such-queue").unwrap(), None);
}

#[tokio::test]
async fn a_mail_that_was_given_up_goes_out_when_it_is_brought_back() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let before = world.local.mails().unwrap().len();
    let faults = world.local.aws().faults();
    let refused = Fault::new(When::Before, Kind::Rejected("Sending paused for this account."));
    faults.inject(refused.and_after().concerning(|call| call.action == "SendEmail"));
    for external_id in ["T-01", "T-02"] {
        let individual = world.individual(&staff, external_id).await;
        world.create(&staff, &individual, json!({})).await.ok();
    }
    // Another sender may be at a mail for two minutes; until then it can't be tried again.
    for _ in 0..250 {
        world.local.step().await.unwrap();
        world.advance(chrono::Duration::minutes(3));
    }
    assert_eq!((waiting(&world, "mail-now-dead-letters"), world.local.mails().unwrap().len()), (2, before));
    faults.clear();
    let name =
        |(queue, ..): (String, usize, i64)| Some(queue).filter(|it| it.ends_with("mail-now-dead-letters"));
    let dead_letters = world.local.backlog().unwrap().into_iter().find_map(name).unwrap();
    assert_eq!(world.local.redrive(&dead_letters).unwrap(), Some(2));
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before + 2);
    Everything::read(&world).await.check(0);
}
