//! The versions of the settings, newest first: who saved what, and how it differs from the one before.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Settings;
use domain::id::WorkerId;
use domain::settings::Section;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{SettingsVersion, ask};

use crate::configuration::{Saved, SettingsView};
use crate::context::{Context, defect};
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Versions on a page.
const PAGE: u64 = 20;

/// Lists versions of the settings.
pub struct ListSettingsVersions;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// From `next_cursor` of the page before; left out for the newest.
    pub cursor: Option<String>,
}

/// A page of versions.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Newest first.
    pub versions: Vec<VersionView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// A version.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionView {
    /// Its number.
    pub version: u64,
    /// When it was saved.
    pub at: DateTime<Utc>,
    /// Who saved it; nobody at set-up.
    pub by: Option<SavedBy>,
    /// What was saved.
    pub section: Section,
    /// How it differs from the version before; the first differs from nothing.
    pub changes: Vec<Change>,
}

/// Who saved it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedBy {
    /// The worker.
    pub worker_id: WorkerId,
    /// Their full name.
    pub name: String,
}

/// A field that differs.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its path, e.g. `general.idle_minutes`.
    pub field: String,
    /// What it was.
    pub before: Value,
    /// What it became.
    pub after: Value,
}

impl HttpOperation for ListSettingsVersions {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let newest = staff.settings_now(context).await?.value.version;
        let from = match request.cursor {
            Some(cursor) => {
                cursor.parse::<u64>().map_err(|_| Failure::invalid("cursor", "Start from the newest"))?
            }
            None => newest,
        }
        .min(newest);
        let last = from.saturating_sub(PAGE - 1).max(1);
        // And the one before the last, to compare that one with. Versions have numbers without gaps.
        let numbers = (last.saturating_sub(1).max(1)..=from).rev();
        let store = &context.services.store;
        let found: Vec<SettingsVersion> = store
            .ask(numbers.map(ask::settings_version).collect::<Vec<_>>())
            .await?
            .into_iter()
            .flatten()
            .collect();
        let names = names(context, &found).await?;
        let mut versions = Vec::new();
        for (place, version) in
            found.iter().enumerate().filter(|(_, version)| version.settings.version >= last)
        {
            let by = version.by.and_then(|by| names.get(&by).cloned());
            let changes = match found.get(place + 1) {
                Some(before) => changes(&before.settings, &version.settings)?,
                None => Vec::new(),
            };
            let SettingsVersion { settings, at, section, .. } = version;
            versions.push(VersionView { version: settings.version, at: *at, by, section: *section, changes });
        }
        let next_cursor = (last > 1).then(|| (last - 1).to_string());
        Ok(Reply::from(Response { versions, next_cursor }))
    }
}

async fn names(
    context: &Context<'_>,
    versions: &[SettingsVersion],
) -> Result<BTreeMap<WorkerId, SavedBy>, Failure<NoRefusal>> {
    let mut workers: Vec<_> = versions.iter().filter_map(|version| version.by).collect();
    workers.sort_unstable();
    workers.dedup();
    if workers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = context.services.store.ask(workers.into_iter().map(ask::worker).collect::<Vec<_>>()).await?;
    let named =
        |worker: domain::Worker| (worker.id, SavedBy { worker_id: worker.id, name: worker.name.full() });
    Ok(found.into_iter().flatten().map(|worker| named(worker.value)).collect())
}

/// The fields of two versions that differ, by path.
fn changes(before: &Settings, after: &Settings) -> Result<Vec<Change>, Failure<NoRefusal>> {
    let (mut before, after) = (fields(before)?, fields(after)?);
    let mut changes = Vec::new();
    for (field, after) in after {
        let before = before.remove(&field).unwrap_or_default();
        if before != after {
            changes.push(Change { field, before, after });
        }
    }
    // What is null now where it had parts before.
    changes.extend(before.into_iter().map(|(field, before)| Change { field, before, after: Value::Null }));
    changes.sort_by(|one, other| one.field.cmp(&other.field));
    changes.retain(|change| change.before != change.after);
    Ok(changes)
}

/// What is saved of the settings, field by field.
fn fields(settings: &Settings) -> Result<BTreeMap<String, Value>, Failure<NoRefusal>> {
    let view = SettingsView::of(settings, Saved::default());
    let Ok(Value::Object(mut view)) = serde_json::to_value(view) else {
        return Err(defect("settings", std::fmt::Error).into());
    };
    for not_saved in ["version", "saved_at", "saved_by", "readiness", "licences"] {
        view.remove(not_saved);
    }
    let mut fields = BTreeMap::new();
    flatten("", &view, &mut fields);
    Ok(fields)
}

fn flatten(path: &str, object: &Map<String, Value>, fields: &mut BTreeMap<String, Value>) {
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(object) => flatten(&path, object, fields),
            value => _ = fields.insert(path, value.clone()),
        }
    }
}
