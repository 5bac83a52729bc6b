//! Outages at a rate: everything that changes something, while one call in a hundred, one in ten, or every call fails,
//! before it is carried out or after. Requests succeed whole or say when to come back, work waits and goes out later, and
//! nothing is lost or there twice.

use std::collections::BTreeMap;

use chrono::Duration;
use local::Snapshot;
use local::aws::{Call, Fault, Kind, Service, Storm, Strike, When};
use reqwest::Method;
use serde_json::Value;

use crate::crash_points::{Attempt, Deed, Everything, ROWS, Repeated, Row, attempt, outline, until_settled};
use crate::support::{SYSTEM, World, agency_file};

/// How often whoever called tries again while the storm rages.
const TRIES: usize = 3;
/// For how many minutes the storm goes on over what a request left to be done.
const MINUTES: usize = 4;
/// Work is done by then, after the storm.
const PATIENCE: usize = 30;

/// A storm, and what it must not touch.
struct Weather {
    about: &'static str,
    percent: u64,
    seed: u64,
    concerns: fn(&Call) -> bool,
    /// Whether requests, which need none of what fails, succeed at once; or none does, or some.
    requests: Requests,
}

#[derive(Clone, Copy, PartialEq)]
enum Requests {
    Succeed,
    Wait,
    AsItComes,
}

const WEATHERS: &[Weather] = &[
    Weather {
        about: "1 % of all calls",
        percent: 1,
        seed: 11,
        concerns: |_| true,
        requests: Requests::AsItComes,
    },
    Weather {
        about: "10 % of all calls",
        percent: 10,
        seed: 12,
        concerns: |_| true,
        requests: Requests::AsItComes,
    },
    Weather {
        about: "30 % of all calls",
        percent: 30,
        seed: 13,
        concerns: |_| true,
        requests: Requests::AsItComes,
    },
    Weather {
        about: "every call of DynamoDB",
        percent: 100,
        seed: 14,
        concerns: |call| call.service == Service::DynamoDb,
        requests: Requests::Wait,
    },
    Weather {
        about: "every call of SES, EventBridge, the queues and the streams",
        percent: 100,
        seed: 15,
        concerns: |call| {
            [Service::Ses, Service::EventBridge, Service::Sqs, Service::Streams].contains(&call.service)
        },
        requests: Requests::Succeed,
    },
];

/// Requests that are about the mail service itself, and so wait for it.
const ASKS_SES: &[&str] = &["admin.check_authentication_email", "admin.send_test_mail"];

/// The rows are dealt to so many tests, each with a world of its own.
const HANDS: usize = 4;

macro_rules! storms {
    ($($test:ident: $hand:literal;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                storms($hand).await;
            }
        )+
    };
}

storms! {
    everything_that_changes_something_weathers_storms_1: 0;
    everything_that_changes_something_weathers_storms_2: 1;
    everything_that_changes_something_weathers_storms_3: 2;
    everything_that_changes_something_weathers_storms_4: 3;
}

async fn storms(hand: usize) {
    let world = World::new().await;
    let anew = world.local.snapshot().unwrap();
    for row in ROWS.iter().skip(hand).step_by(HANDS) {
        world.local.restore(&anew).unwrap();
        let deed = (row.prepare)(&world).await;
        let before = world.local.snapshot().unwrap();
        let answer = until_settled(&world, row.operation, &deed, row.settled).await;
        quiet(&world).await;
        let clean = Everything::read(&world).await;
        clean.check(0);
        for weather in WEATHERS {
            eprintln!("{}: {}", row.name, weather.about);
            weathers(&world, row, &deed, &before, weather, (&answer, &clean)).await;
        }
    }
}

/// Does it in a storm, and waits until all has come of it: nothing else does than in fair weather.
async fn weathers(
    world: &World,
    row: &Row,
    deed: &Deed,
    before: &Snapshot,
    weather: &Weather,
    (fair, clean): (&Value, &Everything),
) {
    let about = format!("{}, {}", row.name, weather.about);
    world.local.restore(before).unwrap();
    let faults = world.local.aws().faults();
    faults.rage(Storm::new(weather.percent, weather.seed).concerning(weather.concerns));
    let requests = match weather.requests {
        Requests::Succeed if ASKS_SES.contains(&row.operation) => Requests::Wait,
        requests => requests,
    };
    let mut settled = None;
    for _ in 0..TRIES {
        settled = match deed {
            Deed::Waiting => Some(Value::Null),
            _ => match attempt(world, row.operation, deed, row.settled).await {
                Attempt::Settled(answer) => Some(answer),
                Attempt::Failed => None,
            },
        };
        if settled.is_some() {
            break;
        }
    }
    if let Deed::Request { .. } = deed {
        match requests {
            Requests::Succeed => assert!(settled.is_some(), "{about}: waited for what it doesn't need"),
            Requests::Wait => assert!(settled.is_none(), "{about}: {settled:?}"),
            Requests::AsItComes => {}
        }
    }
    for _ in 0..MINUTES {
        world.local.step().await.unwrap();
        world.advance(Duration::minutes(1));
    }
    let strikes = faults.strikes();
    faults.clear();
    assert!(weather.percent < 100 || weather.requests == Requests::Succeed || !strikes.is_empty(), "{about}");

    let settled = match settled {
        Some(answer) => answer,
        None => until_settled(world, row.operation, deed, row.settled).await,
    };
    if let Deed::Request { key: Some(_), .. } = deed {
        assert_eq!(outline(&settled), outline(fair), "{about}: another answer");
    }
    quiet(world).await;
    let mut now = Everything::read(world).await;
    // A schedule's invocation is given up after three tries; the next one catches up.
    now.left.remove("failed-invocations");
    now.check(unnoted(&strikes));
    if row.repeated == Repeated::HasTheEffectOfOne {
        assert_eq!(effect(row, &now), effect(row, clean), "{about}: another effect");
    }
}

/// What was done. The statistics follow by the hour, whatever is being done.
fn effect(row: &Row, all: &Everything) -> BTreeMap<String, usize> {
    let mut effect = all.effect();
    effect.retain(|what, _| row.operation == "jobs.compute_statistics" || !what.starts_with("statistics"));
    effect
}

/// Lets time go by until nothing waits any more.
async fn quiet(world: &World) {
    for _ in 0..PATIENCE {
        if world.local.step().await.unwrap() {
            return;
        }
        world.advance(Duration::minutes(1));
    }
    panic!("work waits and waits");
}

/// How many mails the mail service may have of which that could not be noted.
fn unnoted(strikes: &[Strike]) -> usize {
    let sends = |strike: &&Strike| strike.call.action == "SendEmail" && strike.when == When::After;
    let notes = |strike: &&Strike| {
        strike.call.caller.starts_with("jobs.send_")
            && strike.call.action == "PutItem"
            && strike.call.resources.iter().any(|table| table.ends_with("mail"))
    };
    strikes.iter().filter(|strike| sends(strike) || notes(strike)).count()
}

/// A deployment that is set up in a storm is set up once.
#[tokio::test]
async fn an_agency_is_set_up_in_a_storm() {
    for (percent, seed) in [(30, 22), (60, 21), (100, 23)] {
        let world = World::bare().await;
        let faults = world.local.aws().faults();
        faults.rage(Storm::new(percent, seed));
        let deed = Deed::Invoked(agency_file());
        for _ in 0..TRIES {
            if let Attempt::Settled(_) = attempt(&world, "jobs.set_up_agency", &deed, &[]).await {
                assert!(percent < 100);
                break;
            }
            world.advance(Duration::seconds(5));
        }
        assert!(!faults.strikes().is_empty());
        faults.clear();
        let summary = until_settled(&world, "jobs.set_up_agency", &deed, &[]).await;
        assert!(summary["set_up"] == true || summary["already"] == true, "{summary}");
        quiet(&world).await;
        world.staff(SYSTEM).await;
        Everything::read(&world).await.check(0);
    }
}

/// While the store doesn't answer one function, that one says so at once, asks once in a while, and goes on when it is back;
/// the others never notice.
#[tokio::test]
async fn a_service_that_is_down_is_spared_and_probed() {
    let world = World::new().await;
    let staff = world.staff(SYSTEM).await;
    let me = async || world.admin(Method::GET, "/me").by(&staff).send().await;
    let faults = world.local.aws().faults();
    let asked = || faults.calls().iter().filter(|call| call.caller == "admin.get_me").count();
    let refused = async || {
        let answer = me().await;
        assert_eq!(answer.refused(503), "unavailable");
        assert_eq!(answer.headers["retry-after"], "5");
    };
    faults.record(true);
    faults.inject(
        Fault::new(When::Before, Kind::TimedOut)
            .and_after()
            .concerning(|call| call.caller == "admin.get_me" && call.service == Service::DynamoDb),
    );
    for calls in [1, 2, 2, 2, 2] {
        refused().await;
        assert_eq!(asked(), calls, "spared after two calls in vain");
        world.admin(Method::GET, "/sites").by(&staff).send().await.ok();
    }
    for (seconds, calls) in [(4, 2), (1, 3), (0, 3), (4, 3), (1, 4), (0, 4)] {
        world.advance(Duration::seconds(seconds));
        refused().await;
        assert_eq!(asked(), calls, "one probe after each pause");
    }
    faults.clear();
    refused().await;
    assert_eq!(asked(), 4, "it doesn't know yet that the service is back");
    world.advance(Duration::seconds(5));
    for _ in 0..3 {
        me().await.ok();
    }
    assert!(asked() >= 7);
}
