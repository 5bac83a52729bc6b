//! A template file with its parameters: finds resources, and computes what `Ref`, `Sub` and their kin stand for.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{Place, TemplateError, names};
use crate::aws::{ACCOUNT, REGION};

/// Intrinsic functions may nest this deep; deeper means a circle.
const DEEPEST: usize = 64;

/// One template file.
pub(super) struct Stack {
    pub(super) file: PathBuf,
    text: String,
    /// Of every section and what stands in it: the line, from 0, and where that begins.
    lines: HashMap<String, (usize, usize)>,
    sections: Map<String, Value>,
    parameters: BTreeMap<String, Value>,
    nested: RefCell<HashMap<String, Rc<Stack>>>,
}

/// A resource whose condition holds.
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) properties: Map<String, Value>,
}

/// What a line gives a value to.
fn key(line: &str) -> Option<&str> {
    line.trim_start().split_once(':').map(|(key, _)| key)
}

fn index(text: &str) -> HashMap<String, (usize, usize)> {
    let mut lines = HashMap::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let indented = line.len() - line.trim_start().len();
        if let Some(key) = key(line).filter(|_| indented <= 2) {
            lines.entry(key.to_owned()).or_insert((number, at));
        }
        at += line.len();
    }
    lines
}

impl Stack {
    pub(super) fn load(file: &Path, given: &BTreeMap<String, Value>) -> Result<Self, TemplateError> {
        let place = |line| Place { file: file.to_owned(), line, resource: String::new() };
        let text = fs::read_to_string(file).map_err(|error| place(0).refuse(error.to_string()))?;
        let yaml: yaml_serde::Value = yaml_serde::from_str(&text).map_err(|error| {
            place(error.location().map_or(0, |location| location.line())).refuse(error.to_string())
        })?;
        let Value::Object(sections) = plain(&yaml).map_err(|what| place(0).refuse(what))? else {
            return Err(place(1).refuse("is not a template"));
        };
        let mut stack = Self {
            file: file.to_owned(),
            lines: index(&text),
            text,
            sections,
            parameters: BTreeMap::new(),
            nested: RefCell::default(),
        };
        for section in stack.sections.keys() {
            let known = [
                "AWSTemplateFormatVersion",
                "Conditions",
                "Description",
                "Globals",
                "Mappings",
                "Metadata",
                "Outputs",
                "Parameters",
                "Resources",
                "Rules",
                "Transform",
            ];
            if !known.contains(&section.as_str()) {
                return Err(stack.place(section, None).refuse(format!("the section {section} isn't known")));
            }
        }
        let mut parameters = BTreeMap::new();
        for (name, declared) in stack.section("Parameters") {
            let value = given.get(name).or_else(|| declared.get("Default")).cloned();
            let missing = || stack.place(name, None).refuse("the parameter has no default and was not given");
            let mut value = value.ok_or_else(missing)?;
            if declared.get("Type").and_then(Value::as_str) == Some("CommaDelimitedList")
                && let Value::String(list) = &value
            {
                value = list.split(',').map(|item| Value::String(item.trim().to_owned())).collect();
            }
            parameters.insert(name.clone(), value);
        }
        stack.parameters = parameters;
        Ok(stack)
    }

    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.sections.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    /// Where a resource, or one of its properties, stands in the file.
    pub(super) fn place(&self, id: &str, property: Option<&str>) -> Place {
        let (line, at) = self.lines.get(id).copied().unwrap_or_default();
        let further = property.and_then(|property| {
            let is_it = |line: &str| key(line) == Some(property);
            self.text[at..].lines().position(is_it)
        });
        Place {
            file: self.file.clone(),
            line: line + further.unwrap_or_default() + 1,
            resource: id.to_owned(),
        }
    }

    /// The resources whose condition holds, with the globals in their properties and everything computed.
    pub(super) fn resources(&self) -> Result<Vec<Resource<'_>>, TemplateError> {
        let mut resources = Vec::new();
        for (id, resource) in self.section("Resources") {
            let place = self.place(id, None);
            let condition = resource.get("Condition").and_then(Value::as_str);
            if !condition.map_or(Ok(true), |name| self.condition(name, &place, 0))? {
                continue;
            }
            let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            if kind == "AWS::CloudFormation::Stack" || kind == "AWS::Serverless::Application" {
                resources.push(Resource { id, kind, properties: Map::new() });
                continue;
            }
            let own = resource.get("Properties").cloned().unwrap_or_else(|| json!({}));
            let globals = kind
                .strip_prefix("AWS::Serverless::")
                .and_then(|kind| self.sections.get("Globals")?.get(kind));
            let merged = globals.map_or(own.clone(), |globals| merge(globals.clone(), own));
            let Value::Object(properties) = self.compute(&merged, &place, 0)? else {
                return Err(place.refuse("has no properties"));
            };
            resources.push(Resource { id, kind, properties });
        }
        Ok(resources)
    }

    /// The stack that a resource of this one stands for.
    pub(super) fn child(&self, id: &str, depth: usize) -> Result<Rc<Self>, TemplateError> {
        if let Some(known) = self.nested.borrow().get(id) {
            return Ok(Rc::clone(known));
        }
        let place = self.place(id, None);
        let properties = self.raw(id).and_then(|resource| resource.get("Properties"));
        let property = |name: &str| properties.and_then(|properties| properties.get(name));
        let location = property("Location").or_else(|| property("TemplateURL")).and_then(Value::as_str);
        let location = location.ok_or_else(|| place.refuse("has no local Location or TemplateURL"))?;
        let given = match property("Parameters") {
            Some(parameters) => self.compute(parameters, &place, depth + 1)?,
            None => json!({}),
        };
        let given = given.as_object().cloned().unwrap_or_default().into_iter().collect();
        let file = self.file.parent().unwrap_or(Path::new(".")).join(location);
        let child = Rc::new(Self::load(&file, &given)?);
        self.nested.borrow_mut().insert(id.to_owned(), Rc::clone(&child));
        Ok(child)
    }

    fn raw(&self, id: &str) -> Option<&Value> {
        self.sections.get("Resources")?.get(id)
    }

    fn condition(&self, name: &str, place: &Place, depth: usize) -> Result<bool, TemplateError> {
        let conditions = self.sections.get("Conditions").and_then(|conditions| conditions.get(name));
        let condition =
            conditions.ok_or_else(|| place.refuse(format!("the condition {name} isn't declared")))?;
        self.holds(condition, place, depth + 1)
    }

    fn holds(&self, condition: &Value, place: &Place, depth: usize) -> Result<bool, TemplateError> {
        let unknown = || place.refuse(format!("the condition {condition} isn't understood"));
        let (function, argument) = intrinsic(condition).ok_or_else(unknown)?;
        let parts = || argument.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        match function {
            "Condition" => self.condition(argument.as_str().unwrap_or_default(), place, depth),
            "Fn::Equals" => {
                let sides = parts()
                    .map(|side| self.compute(side, place, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(sides.windows(2).all(|pair| matches!(pair, [a, b] if text(a) == text(b))))
            }
            "Fn::Not" => {
                parts().next().map_or(Err(unknown()), |part| Ok(!self.holds(part, place, depth + 1)?))
            }
            "Fn::And" => parts().try_fold(true, |all, part| Ok(self.holds(part, place, depth + 1)? && all)),
            "Fn::Or" => parts().try_fold(false, |any, part| Ok(self.holds(part, place, depth + 1)? || any)),
            _ => Err(unknown()),
        }
    }

    /// What a value with intrinsic functions in it stands for.
    pub(super) fn compute(&self, value: &Value, place: &Place, depth: usize) -> Result<Value, TemplateError> {
        if depth > DEEPEST {
            return Err(place.refuse("refers to itself"));
        }
        if let Some((function, argument)) = intrinsic(value) {
            return self.call(function, argument, place, depth + 1);
        }
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.compute(item, place, depth + 1));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                Ok(items.into_iter().filter(|item| !item.is_null()).collect())
            }
            Value::Object(members) => {
                let mut computed = Map::new();
                for (name, member) in members {
                    let member = self.compute(member, place, depth + 1)?;
                    if !member.is_null() {
                        computed.insert(name.clone(), member);
                    }
                }
                Ok(Value::Object(computed))
            }
            other => Ok(other.clone()),
        }
    }

    fn call(
        &self,
        function: &str,
        argument: &Value,
        place: &Place,
        depth: usize,
    ) -> Result<Value, TemplateError> {
        let wrong = || place.refuse(format!("{function} of {argument} isn't understood"));
        match (function, argument) {
            ("Ref", Value::String(name)) => self.reference(name, place, depth),
            ("Fn::GetAtt", Value::String(path)) => {
                let (id, attribute) = path.split_once('.').ok_or_else(wrong)?;
                self.attribute(id, attribute, place, depth)
            }
            ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(id), Value::String(attribute)] => self.attribute(id, attribute, place, depth),
                _ => Err(wrong()),
            },
            ("Fn::Sub", Value::String(pattern)) => self.substitute(pattern, &Map::new(), place, depth),
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), then, otherwise] => {
                    let branch = if self.condition(condition, place, depth)? { then } else { otherwise };
                    self.compute(branch, place, depth)
                }
                _ => Err(wrong()),
            },
            ("Fn::Sub" | "Fn::Join" | "Fn::Select" | "Fn::Split" | "Fn::FindInMap", Value::Array(parts)) => {
                let [first, rest @ ..] = parts.as_slice() else { return Err(wrong()) };
                let first = text(&self.compute(first, place, depth)?).ok_or_else(wrong)?;
                let rest = rest
                    .iter()
                    .map(|part| self.compute(part, place, depth))
                    .collect::<Result<Vec<_>, _>>()?;
                match (function, rest.as_slice()) {
                    ("Fn::Sub", [Value::Object(more)]) => self.substitute(&first, more, place, depth),
                    ("Fn::Join", [Value::Array(items)]) => {
                        let items: Option<Vec<String>> = items.iter().map(text).collect();
                        Ok(items.ok_or_else(wrong)?.join(&first).into())
                    }
                    ("Fn::Select", [Value::Array(items)]) => {
                        let item = first.parse::<usize>().ok().and_then(|index| items.get(index));
                        item.cloned().ok_or_else(wrong)
                    }
                    ("Fn::Split", [Value::String(whole)]) => {
                        Ok(whole.split(&first).map(Value::from).collect())
                    }
                    ("Fn::FindInMap", [one, two]) => {
                        let path = [Some(first), text(one), text(two)];
                        let found = path.iter().try_fold(self.sections.get("Mappings"), |at, name| {
                            Some(at.and_then(|at| at.get(name.as_deref()?)))
                        });
                        found.flatten().cloned().ok_or_else(wrong)
                    }
                    _ => Err(wrong()),
                }
            }
            _ => Err(place.refuse(format!("{function} isn't among the functions the local server knows"))),
        }
    }

    /// What `Ref` gives.
    fn reference(&self, name: &str, place: &Place, depth: usize) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        match name {
            "AWS::NoValue" => Ok(Value::Null),
            "AWS::AccountId" => Ok(ACCOUNT.into()),
            "AWS::Region" => Ok(REGION.into()),
            "AWS::Partition" => Ok("aws".into()),
            "AWS::URLSuffix" => Ok("amazonaws.com".into()),
            "AWS::StackName" => Ok("clientconnect".into()),
            _ => self.attribute(name, "Ref", place, depth),
        }
    }

    /// What `GetAtt` gives; `Ref` counts as an attribute too.
    fn attribute(
        &self,
        id: &str,
        attribute: &str,
        place: &Place,
        depth: usize,
    ) -> Result<Value, TemplateError> {
        let resource = self.raw(id).ok_or_else(|| place.refuse(format!("there is no {id} to refer to")))?;
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            let child = self.child(id, depth)?;
            let outputs = child.sections.get("Outputs").and_then(|outputs| outputs.get(output)?.get("Value"));
            let output = outputs.ok_or_else(|| place.refuse(format!("{id} has no output {output}")))?;
            return child.compute(output, place, depth + 1);
        }
        let named = names::property(kind).and_then(|property| resource.get("Properties")?.get(property));
        let name = match named {
            Some(name) => text(&self.compute(name, place, depth + 1)?).unwrap_or_default(),
            None => names::default(kind, id),
        };
        names::attribute(kind, &name, attribute)
            .map(Value::String)
            .ok_or_else(|| place.refuse(format!("{attribute} of {id} ({kind}) isn't known here")))
    }

    fn substitute(
        &self,
        pattern: &str,
        more: &Map<String, Value>,
        place: &Place,
        depth: usize,
    ) -> Result<Value, TemplateError> {
        let mut parts = pattern.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) =
                part.split_once('}').ok_or_else(|| place.refuse(format!("{pattern:?} isn't closed")))?;
            let value = match (name.strip_prefix('!'), more.get(name), name.split_once('.')) {
                (Some(literal), ..) => Value::String(format!("${{{literal}}}")),
                (_, Some(given), _) => given.clone(),
                (_, _, Some((id, attribute))) => self.attribute(id, attribute, place, depth)?,
                _ => self.reference(name, place, depth)?,
            };
            let value = text(&value).ok_or_else(|| place.refuse(format!("{name} isn't text")))?;
            whole.push_str(&value);
            whole.push_str(rest);
        }
        Ok(whole.into())
    }
}

/// A scalar as text; `CloudFormation` treats numbers and truth values so.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The one member of an object that is a function.
fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    let is_condition = name == "Condition" && argument.is_string();
    (name == "Ref" || name.starts_with("Fn::") || is_condition).then_some((name.as_str(), argument))
}

/// `over` laid over `under`: objects member by member, all else replaced.
fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, member) in over {
                let below = under.remove(&name);
                under.insert(name, below.map_or(member.clone(), |below| merge(below, member)));
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

/// YAML as JSON, with `!Ref x` and the like in their long form.
pub(super) fn plain(yaml: &yaml_serde::Value) -> Result<Value, String> {
    use yaml_serde::Value as Yaml;
    Ok(match yaml {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let function =
                if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            json!({ function: plain(&tagged.value)? })
        }
        Yaml::Sequence(items) => Value::Array(items.iter().map(plain).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (name, member) in members {
                let name = text(&plain(name)?).ok_or("a key isn't text")?;
                object.insert(name, plain(member)?);
            }
            Value::Object(object)
        }
        scalar => serde_json::to_value(scalar).map_err(|error| error.to_string())?,
    })
}
