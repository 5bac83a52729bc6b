//! Services and the groups and series that are runs of them: what they are, how clients see them, which of them
//! clients may ask for.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use crate::fields::Wrong;
use crate::id::{ServiceId, SiteId};
use crate::individual::Imported;
use crate::journal::FieldName;
use crate::text;

/// The most characters a name has, internal or client facing.
pub const LONGEST_NAME: usize = 100;
/// How many minutes an event may take.
pub const EVENT_MINUTES: RangeInclusive<u16> = 5..=480;

codes! {
    /// What a service is.
    pub enum ServiceKind {
        /// Delivered to individuals through service files.
        CaseService = "case_service",
        /// One run of a case service for many.
        Group = "group",
        /// An activity without a case.
        InformalService = "informal_service",
        /// One dated run of an informal service.
        InformalSeries = "informal_series",
    }
}

impl ServiceKind {
    /// What it is a run of; none of a service, which is a run of nothing.
    #[must_use]
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::Group => Some(Self::CaseService),
            Self::InformalSeries => Some(Self::InformalService),
            Self::CaseService | Self::InformalService => None,
        }
    }
}

codes! {
    /// *Visible in `ClientConnect`*
    pub enum Visibility {
        /// Of a group or series only: whatever its service is.
        AsService = "as_service",
        /// Clients see it.
        Visible = "visible",
        /// It appears nowhere.
        Hidden = "hidden",
    }
}

/// What staff write of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What staff call it.
    pub name: String,
    /// What clients see instead.
    pub client_facing_name: Option<String>,
    /// *Visible in `ClientConnect`*
    pub visibility: Visibility,
    /// *Eligible for Pre-Enrollment*
    pub eligible: bool,
    /// How long its events take, where not as the settings say.
    pub event_minutes: Option<u16>,
    /// Where it takes place.
    pub site: Option<SiteId>,
    /// First day of a group or series.
    pub starts_on: Option<NaiveDate>,
    /// Last day of a group or series.
    pub ends_on: Option<NaiveDate>,
    /// Whether people can be enrolled in it.
    pub active: bool,
}

/// A case service, group, informal service or informal series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Which one.
    pub id: ServiceId,
    /// What it is.
    pub kind: ServiceKind,
    /// Of a group or series, the service it is a run of.
    pub parent: Option<ServiceId>,
    /// What staff wrote of it.
    pub details: Details,
    /// How often *reset all* was chosen for the groups or series below.
    pub resets: u32,
    /// The `resets` of its parent under which its visibility was set: an override holds while they are equal.
    pub set_under: u32,
    /// Its ids in other systems, by system (B12).
    pub external_ids: BTreeMap<String, String>,
    /// The row of an import that last wrote it.
    pub imported: Option<Imported>,
}

/// A field that doesn't fit the service, by its name in the API and in files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {wrong}")]
pub struct Misfit {
    /// Which field.
    pub field: &'static str,
    /// Why, and what to do.
    pub wrong: Wrong,
}

fn misfit<T>(field: &'static str, code: &'static str, help: &str) -> Result<T, Misfit> {
    Err(Misfit { field, wrong: Wrong::new(code, help) })
}

impl Details {
    /// Details of a new service: hidden, or as the service it is a run of.
    #[must_use]
    pub const fn new(kind: ServiceKind, name: String) -> Self {
        let visibility = if kind.parent().is_some() { Visibility::AsService } else { Visibility::Hidden };
        Self {
            name,
            client_facing_name: None,
            visibility,
            eligible: false,
            event_minutes: None,
            site: None,
            starts_on: None,
            ends_on: None,
            active: true,
        }
    }

    /// The details in their stored form, if they fit that kind of service and its parent.
    fn fit(mut self, kind: ServiceKind, parent: Option<&Service>) -> Result<Self, Misfit> {
        let clean = |field, text: &str| {
            text::optional(text, LONGEST_NAME).map_err(|error| Misfit { field, wrong: error.into() })
        };
        let Some(name) = clean("name", &self.name)? else {
            return misfit("name", "empty", "fill this in");
        };
        self.name = name;
        let facing = self.client_facing_name.as_deref().unwrap_or_default();
        self.client_facing_name = clean("client_facing_name", facing)?;
        if kind.parent().is_none() && self.visibility == Visibility::AsService {
            return misfit("visibility", "no_service_above", "choose visible or hidden");
        }
        if kind.parent().is_none() && (self.starts_on.is_some() || self.ends_on.is_some()) {
            return misfit("starts_on", "no_dates_here", "leave out dates: only groups and series have them");
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(first, last)| last < first) {
            return misfit(
                "ends_on",
                "ends_before_it_starts",
                "choose a day that isn't before the first one",
            );
        }
        if self.event_minutes.is_some_and(|minutes| !EVENT_MINUTES.contains(&minutes)) {
            return misfit("event_minutes", "out_of_bounds", "choose a number from 5 to 480");
        }
        let named = self.client_facing_name.is_some()
            || parent.is_some_and(|parent| parent.details.client_facing_name.is_some());
        if !named && (self.eligible || self.visibility == Visibility::Visible) {
            let help = "write what clients are to call it before they see it or may ask for it";
            return misfit("client_facing_name", "client_facing_name_needed", help);
        }
        Ok(self)
    }
}

/// How many groups or series there are below a service, or what a change adds to these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Below {
    /// Those that are as their service.
    pub following: i64,
    /// Those with a visibility of their own.
    pub overridden: i64,
    /// Those of both that are active.
    pub active: i64,
}

impl Below {
    fn one(run: &Service, parent: &Service) -> Self {
        let overridden = run.visibility(Some(parent)) != Visibility::AsService;
        let (overridden, active) = (i64::from(overridden), i64::from(run.details.active));
        Self { following: 1 - overridden, overridden, active }
    }

    /// What it means for the numbers below `parent` that a group or series becomes another, or is new.
    #[must_use]
    pub fn changed(parent: &Service, before: Option<&Service>, after: &Service) -> Self {
        let was = before.map(|before| Self::one(before, parent)).unwrap_or_default();
        let is = Self::one(after, parent);
        Self {
            following: is.following - was.following,
            overridden: is.overridden - was.overridden,
            active: is.active - was.active,
        }
    }
}

/// Everything that depends on a service as it is, counted as it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ServiceCounts {
    /// The groups or series below it.
    pub below: Below,
    /// Its open service files, or the places taken on its roster.
    pub enrolled: i64,
}

impl Service {
    /// A new service, `parent` being the one that a group or series is a run of.
    ///
    /// # Errors
    /// The first field that doesn't fit.
    pub fn new(
        id: ServiceId,
        kind: ServiceKind,
        parent: Option<&Self>,
        details: Details,
    ) -> Result<Self, Misfit> {
        match (kind.parent(), parent.map(|parent| parent.kind)) {
            (wanted, found) if wanted == found => {}
            (None, _) => return misfit("parent_id", "no_service_above", "leave this out"),
            (Some(_), _) => {
                return misfit(
                    "parent_id",
                    "wrong_service_above",
                    "choose the service that this is a run of",
                );
            }
        }
        let service = Self {
            id,
            kind,
            parent: parent.map(|parent| parent.id),
            set_under: parent.map(|parent| parent.resets).unwrap_or_default(),
            details: details.fit(kind, parent)?,
            resets: 0,
            external_ids: BTreeMap::new(),
            imported: None,
        };
        service.under_an_active(parent)?;
        Ok(service)
    }

    /// The service with other details; `reset_overrides` makes all groups or series below follow it.
    ///
    /// # Errors
    /// The first field that doesn't fit.
    pub fn change(
        mut self,
        parent: Option<&Self>,
        details: Details,
        reset_overrides: bool,
    ) -> Result<Self, Misfit> {
        if reset_overrides && self.kind.parent().is_some() {
            return misfit("reset_overrides", "nothing_below", "leave this out: nothing is below it");
        }
        let activated = details.active && !self.details.active;
        self.details = details.fit(self.kind, parent)?;
        self.set_under = parent.map(|parent| parent.resets).unwrap_or_default();
        self.resets += u32::from(reset_overrides);
        if activated {
            self.under_an_active(parent)?;
        }
        Ok(self)
    }

    fn under_an_active(&self, parent: Option<&Self>) -> Result<(), Misfit> {
        if self.details.active && parent.is_some_and(|parent| !parent.details.active) {
            return misfit(
                "active",
                "service_above_inactive",
                "make the service that it is a run of active first",
            );
        }
        Ok(())
    }

    /// Its details, with the visibility that is in force.
    #[must_use]
    pub fn details_in_force(&self, parent: Option<&Self>) -> Details {
        Details { visibility: self.visibility(parent), ..self.details.clone() }
    }

    /// Whether anything of it is another than it was, but for what an import notes.
    #[must_use]
    pub fn differs_from(&self, before: &Self, parent: Option<&Self>) -> bool {
        !self.changed_since(Some(before), parent).is_empty()
    }

    /// The fields that differ from what was in force; of a new one, those that every service has.
    #[must_use]
    pub fn changed_since(&self, before: Option<&Self>, parent: Option<&Self>) -> Vec<FieldName> {
        let Some(before) = before else {
            return vec![FieldName::Name, FieldName::Visibility, FieldName::Eligible, FieldName::Active];
        };
        let (is, was) = (&self.details, &before.details);
        let differ = [
            (FieldName::Name, is.name != was.name),
            (FieldName::ClientFacingName, is.client_facing_name != was.client_facing_name),
            (FieldName::Visibility, is.visibility != before.visibility(parent)),
            (FieldName::Overrides, self.resets != before.resets),
            (FieldName::Eligible, is.eligible != was.eligible),
            (FieldName::EventMinutes, is.event_minutes != was.event_minutes),
            (FieldName::Site, is.site != was.site),
            (FieldName::Dates, (is.starts_on, is.ends_on) != (was.starts_on, was.ends_on)),
            (FieldName::Active, is.active != was.active),
            (FieldName::ExternalIds, self.external_ids != before.external_ids),
        ];
        differ.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }

    /// *Visible in `ClientConnect`* as it is in force: an override that was reset is none.
    #[must_use]
    pub fn visibility(&self, parent: Option<&Self>) -> Visibility {
        match parent {
            Some(parent) if parent.resets != self.set_under => Visibility::AsService,
            _ => self.details.visibility,
        }
    }

    /// What clients call it: its own client facing name, else its service's; never the internal one.
    #[must_use]
    pub fn client_name<'s>(&'s self, parent: Option<&'s Self>) -> Option<&'s str> {
        let above = || parent.and_then(|parent| parent.details.client_facing_name.as_deref());
        self.details.client_facing_name.as_deref().or_else(above)
    }

    /// Whether clients who are in it see it, under which name: what has none appears nowhere.
    #[must_use]
    pub fn shown<'s>(&'s self, parent: Option<&'s Self>) -> Option<&'s str> {
        let visible = match self.visibility(parent) {
            Visibility::Visible => true,
            Visibility::Hidden => false,
            Visibility::AsService => {
                parent.is_some_and(|parent| parent.details.visibility == Visibility::Visible)
            }
        };
        self.client_name(parent).filter(|_| visible)
    }

    /// Whether clients may ask for it, under which name: eligible, shown and active.
    #[must_use]
    pub fn offered<'s>(&'s self, parent: Option<&'s Self>) -> Option<&'s str> {
        self.shown(parent).filter(|_| self.details.eligible && self.details.active)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use Visibility::{AsService, Hidden, Visible};

    fn id(number: u128) -> ServiceId {
        ServiceId::new(Uuid::from_u128(number))
    }

    fn details(kind: ServiceKind, facing: &str, visibility: Visibility) -> Details {
        let client_facing_name = Some(facing.to_owned());
        Details { client_facing_name, visibility, ..Details::new(kind, "CBT-04 ind".to_owned()) }
    }

    fn service(facing: &str, visibility: Visibility) -> Service {
        let details = details(ServiceKind::CaseService, facing, visibility);
        Service::new(id(1), ServiceKind::CaseService, None, details).unwrap()
    }

    fn group(parent: &Service, facing: &str, visibility: Visibility) -> Service {
        let details = details(ServiceKind::Group, facing, visibility);
        Service::new(id(2), ServiceKind::Group, Some(parent), details).unwrap()
    }

    #[test]
    fn clients_see_what_the_switches_of_both_say_under_the_nearest_name() {
        for (above, own, shown) in [
            (Visible, AsService, true),
            (Visible, Visible, true),
            (Visible, Hidden, false),
            (Hidden, AsService, false),
            (Hidden, Visible, true),
            (Hidden, Hidden, false),
        ] {
            let parent = service("Talking it over", above);
            let run = group(&parent, "", own);
            assert_eq!(run.shown(Some(&parent)), shown.then_some("Talking it over"), "{above} {own}");
            let named = group(&parent, " Tuesday circle ", own);
            assert_eq!(named.shown(Some(&parent)), shown.then_some("Tuesday circle"), "{above} {own}");
            assert_eq!(parent.shown(None).is_some(), above == Visible);
        }
    }

    #[test]
    fn nothing_is_ever_shown_by_its_internal_name() {
        let mut parent = service("Talking it over", Visible);
        let run = group(&parent, "", Visible);
        parent.details.client_facing_name = None;
        assert_eq!((parent.shown(None), run.shown(Some(&parent))), (None, None));
    }

    #[test]
    fn a_reset_ends_overrides_made_before_it_and_none_made_after() {
        let parent = service("Talking it over", Visible);
        let hidden = group(&parent, "", Hidden);
        let counted = Below::changed(&parent, None, &hidden);
        assert_eq!(counted, Below { following: 0, overridden: 1, active: 1 });
        let details = parent.details.clone();
        let parent = parent.change(None, details, true).unwrap();
        assert_eq!(hidden.visibility(Some(&parent)), AsService);
        assert!(hidden.shown(Some(&parent)).is_some());
        let details = Details { visibility: Hidden, ..hidden.details.clone() };
        let again = hidden.clone().change(Some(&parent), details, false).unwrap();
        assert_eq!(again.shown(Some(&parent)), None);
        let counted = Below::changed(&parent, Some(&hidden), &again);
        assert_eq!(counted, Below { following: -1, overridden: 1, active: 0 });
    }

    #[test]
    fn only_what_is_eligible_shown_and_active_is_offered() {
        for (visibility, eligible, active) in
            [(Visible, true, true), (Hidden, true, true), (Visible, false, true), (Visible, true, false)]
        {
            let mut offered = service("Talking it over", visibility);
            (offered.details.eligible, offered.details.active) = (eligible, active);
            assert_eq!(offered.offered(None).is_some(), visibility == Visible && eligible && active);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_field() {
        type Misfitting<'s> = (ServiceKind, Option<&'s Service>, Details, (&'static str, &'static str));
        use ServiceKind::{CaseService, Group, InformalSeries, InformalService};
        let parent = service("", Hidden);
        let mut inactive = parent.clone();
        inactive.details.active = false;
        let plain = |kind| Details::new(kind, "CBT-04".to_owned());
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day);
        let refused: &[Misfitting<'_>] = &[
            (Group, None, plain(Group), ("parent_id", "wrong_service_above")),
            (InformalSeries, Some(&parent), plain(InformalSeries), ("parent_id", "wrong_service_above")),
            (InformalService, Some(&parent), plain(InformalService), ("parent_id", "no_service_above")),
            (CaseService, None, Details::new(CaseService, " ".to_owned()), ("name", "empty")),
            (CaseService, None, Details::new(CaseService, "x".repeat(101)), ("name", "too_long")),
            (
                CaseService,
                None,
                Details { client_facing_name: Some("a\u{202e}b".to_owned()), ..plain(CaseService) },
                ("client_facing_name", "control_character"),
            ),
            (
                CaseService,
                None,
                Details { visibility: AsService, ..plain(CaseService) },
                ("visibility", "no_service_above"),
            ),
            (
                CaseService,
                None,
                Details { visibility: Visible, ..plain(CaseService) },
                ("client_facing_name", "client_facing_name_needed"),
            ),
            (
                Group,
                Some(&parent),
                Details { eligible: true, ..plain(Group) },
                ("client_facing_name", "client_facing_name_needed"),
            ),
            (
                CaseService,
                None,
                Details { starts_on: day(1), ..plain(CaseService) },
                ("starts_on", "no_dates_here"),
            ),
            (
                Group,
                Some(&parent),
                Details { starts_on: day(2), ends_on: day(1), ..plain(Group) },
                ("ends_on", "ends_before_it_starts"),
            ),
            (
                CaseService,
                None,
                Details { event_minutes: Some(4), ..plain(CaseService) },
                ("event_minutes", "out_of_bounds"),
            ),
            (Group, Some(&inactive), plain(Group), ("active", "service_above_inactive")),
        ];
        for (kind, parent, details, expected) in refused {
            let misfit = Service::new(id(3), *kind, *parent, details.clone()).unwrap_err();
            assert_eq!((misfit.field, misfit.wrong.code), *expected);
        }
    }
}
