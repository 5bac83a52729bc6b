//! Accounts, with few and with many of them: bulk activation, search, statistics.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde_json::{Value, json};

use crate::Failure;
use crate::agency::{Agency, Cost};

/// Shards of the licences, and how many each gets: more than any run uses.
const LICENCES: (u32, u32) = (8, 1_000_000);
/// Items of one `BatchWriteItem`, and how many of those are under way.
const BATCH: usize = 25;
const AT_ONCE: usize = 8;

/// What a bulk activation came to.
pub(crate) struct Activated {
    opened: u32,
    took: Duration,
    /// Of the job's own calls: not of the mails.
    cost: Cost,
}

impl Activated {
    /// Milliseconds, calls and write units for each individual.
    pub(crate) fn each(&self) -> [f64; 3] {
        let opened = f64::from(self.opened);
        let calls = f64::from(u32::try_from(self.cost.calls).unwrap_or(u32::MAX));
        [self.took.as_secs_f64() * 1000.0 / opened, calls / opened, self.cost.write / opened]
    }
}

fn client(agency: &Agency) -> Client {
    Client::new(&agency.local.aws().sdk_config(local::aws::ROOT))
}

fn table(agency: &Agency, operation: &str) -> Result<String, Failure> {
    Ok(agency.variables(operation).remove("ACCOUNTS_TABLE").ok_or("there is no ACCOUNTS_TABLE")?)
}

/// Gives the agency more licences than are ever needed here.
pub(crate) async fn license(agency: &Agency) -> Result<(), Failure> {
    let (client, accounts) = (client(agency), table(agency, "jobs.run_bulk_job")?);
    for shard in 0..LICENCES.0 {
        client
            .update_item()
            .table_name(&accounts)
            .key("pk", AttributeValue::S(format!("licence#{shard}")))
            .update_expression("SET #free = :free")
            .expression_attribute_names("#free", "free")
            .expression_attribute_values(":free", AttributeValue::N(LICENCES.1.to_string()))
            .send()
            .await?;
    }
    Ok(())
}

/// Invites everybody who can be: dry run, then for good, which is what is measured.
pub(crate) async fn activate(agency: &Agency) -> Result<Activated, Failure> {
    let mut staff = agency.staff().await?;
    let dry_run = staff.ask("POST", "/bulk-jobs/activation", &json!({})).await?;
    let dry_run = over(&mut staff, &dry_run).await?;
    let faults = agency.local.aws().faults();
    faults.record(true);
    let started = Instant::now();
    let path = format!("/bulk-jobs/{}/apply", text(&dry_run, "job_id"));
    let job = staff.ask("POST", &path, &json!({})).await?;
    let job = over(&mut staff, &job).await?;
    let took = started.elapsed();
    let mut calls = faults.calls();
    faults.record(false);
    calls.retain(|call| call.caller == "jobs.run_bulk_job");
    let outcomes = job.get("outcomes").and_then(Value::as_array).into_iter().flatten();
    let opened = outcomes.filter(|outcome| text(outcome, "outcome") == "opened");
    let opened: u64 = opened.filter_map(|outcome| outcome.get("count").and_then(Value::as_u64)).sum();
    Ok(Activated { opened: u32::try_from(opened)?, took, cost: Cost::of(&calls) })
}

/// Waits for a bulk job's end.
async fn over(staff: &mut crate::agency::Staff, job: &Value) -> Result<Value, Failure> {
    let path = format!("/bulk-jobs/{}", text(job, "job_id"));
    loop {
        let job = staff.ask("GET", &path, &Value::Null).await?;
        match text(&job, "state") {
            "done" => return Ok(job),
            "waiting" | "collecting" | "running" => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => return Err(format!("the bulk job: {job}").into()),
        }
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Stores so many more Pending accounts: copies of those that are there, under ids and instants of their own, which the
/// search can't tell from others.
pub(crate) async fn store_copies(agency: &Agency, count: usize) -> Result<(), Failure> {
    let mut staff = agency.staff().await?;
    let pending = json!({ "criteria": { "statuses": [{ "state": "pending" }] } });
    let found = staff.ask("POST", "/accounts/search", &pending).await?;
    let (client, accounts) = (client(agency), table(agency, "admin.search_accounts")?);
    let mut originals = Vec::new();
    for account in found.get("accounts").and_then(Value::as_array).into_iter().flatten() {
        let id = AttributeValue::S(text(account, "account_id").to_owned());
        let item = client.get_item().table_name(&accounts).key("pk", id).send().await?.item;
        originals.push(item.ok_or("an account that was found is not there")?);
    }
    let mut writing = tokio::task::JoinSet::new();
    for first in (0..count).step_by(BATCH) {
        let copies = first..count.min(first + BATCH);
        let writes = copies.map(|number| copy(&originals, number)).collect::<Result<Vec<_>, _>>()?;
        let call = client.batch_write_item().request_items(&accounts, writes);
        writing.spawn(async move {
            let left = call.send().await?.unprocessed_items.unwrap_or_default();
            if left.is_empty() { Ok::<_, Failure>(()) } else { Err("not all copies were taken".into()) }
        });
        if writing.len() >= AT_ONCE {
            writing.join_next().await.transpose()?.transpose()?;
        }
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(())
}

fn copy(originals: &[HashMap<String, AttributeValue>], number: usize) -> Result<WriteRequest, Failure> {
    let original = originals.get(number % originals.len().max(1)).ok_or("no account is pending")?;
    let of = |name: &str| {
        original
            .get(name)
            .and_then(|value| value.as_s().ok())
            .ok_or_else(|| format!("no {name} in an account"))
    };
    let (prefix, whose) = (of("pk")?.get(..20).ok_or("a short id")?, of("status_at")?.rsplit('#').next());
    let (hours, minutes, seconds, thousandths) =
        (number / 3_600_000 % 24, number / 60_000 % 60, number / 1_000 % 60, number % 1_000);
    let at = format!(
        "2031-01-01T{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}Z#{}",
        whose.unwrap_or_default()
    );
    let mut item = original.clone();
    item.insert("pk".to_owned(), AttributeValue::S(format!("{prefix}{number:010}")));
    item.insert("status_at".to_owned(), AttributeValue::S(at));
    Ok(WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build()?).build())
}
