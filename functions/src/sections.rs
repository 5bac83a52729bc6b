//! Sections of the settings as files and requests give them.

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entry::event::WRONG;

/// What is wrong with a section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {help}")]
pub(crate) struct WrongSection {
    /// Where, as a path into the section.
    place: String,
    /// What is wrong, in English; what was given isn't quoted.
    help: String,
}

/// Reads what is given over `base`, which says what is left out; fields that the section doesn't have are refused.
pub(crate) fn read_over<T: DeserializeOwned + Serialize>(
    base: Value,
    given: &Value,
) -> Result<T, WrongSection> {
    let section: T = serde_path_to_error::deserialize(laid_over(base, given)).map_err(|error| {
        let place = error.path().to_string();
        let text = error.into_inner().to_string();
        let help =
            WRONG.iter().find(|wrong| text.starts_with(**wrong)).map_or(text, |wrong| (*wrong).to_owned());
        WrongSection { place, help }
    })?;
    let known = serde_json::to_value(&section)
        .map_err(|error| WrongSection { place: String::new(), help: error.to_string() })?;
    match stranger(given, &known) {
        Some(place) => Err(WrongSection { place, help: "unknown field".to_owned() }),
        None => Ok(section),
    }
}

/// The fields of `given`, and those of `base` that it leaves out.
fn laid_over(base: Value, given: &Value) -> Value {
    match (base, given) {
        (base, Value::Null) => base,
        (Value::Object(mut base), Value::Object(given)) => {
            for (name, value) in given {
                let below = base.remove(name).filter(Value::is_object).unwrap_or_default();
                let value = if value.is_null() { Value::Null } else { laid_over(below, value) };
                base.insert(name.clone(), value);
            }
            Value::Object(base)
        }
        (_, given) => given.clone(),
    }
}

/// The path of the first field that isn't known.
fn stranger(given: &Value, known: &Value) -> Option<String> {
    let (given, known) = (given.as_object()?, known.as_object()?);
    given.iter().find_map(|(name, value)| match known.get(name) {
        None => Some(name.clone()),
        Some(known) => stranger(value, known).map(|below| format!("{name}.{below}")),
    })
}

/// A section as a request gives it: whole, and without fields that it doesn't have.
#[derive(Clone, Debug)]
pub struct Whole<T>(pub T);

impl<'de, T: DeserializeOwned + Serialize> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        read_over(Value::Null, &given).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use domain::settings::{ClientMessages, General};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_of_a_file_has_its_default_and_what_is_unknown_is_told() {
        let base = || serde_json::to_value(ClientMessages::default()).unwrap();
        let given = json!({ "hours_before": 24, "footer": { "fr": "Bonjour" } });
        let read: ClientMessages = read_over(base(), &given).unwrap();
        let footer = domain::settings::Localized { fr: Some("Bonjour".to_owned()), ..Default::default() };
        assert_eq!(read, ClientMessages { hours_before: 24, footer, ..ClientMessages::default() });
        for (given, wrong) in [
            (json!({ "footer": { "de": "Hallo" } }), "footer.de: unknown field"),
            (json!({ "hours": 24 }), "hours: unknown field"),
            (json!({ "hours_before": "secret" }), "hours_before: invalid type"),
            (
                json!({ "sender": { "name": "A", "address": "nobody" } }),
                "sender.address: type one address of the form name@example.org",
            ),
        ] {
            assert_eq!(read_over::<ClientMessages>(base(), &given).unwrap_err().to_string(), wrong);
        }
    }

    #[test]
    fn a_request_gives_the_whole_section() {
        let mut given = serde_json::to_value(General::default()).unwrap();
        assert!(serde_json::from_value::<Whole<General>>(given.clone()).is_ok());
        given["idle"] = json!(1);
        assert!(serde_json::from_value::<Whole<General>>(given.clone()).is_err());
        let general = given.as_object_mut().unwrap();
        general.remove("idle");
        general.remove("discreet_mail");
        assert!(serde_json::from_value::<Whole<General>>(given).is_err());
    }
}
