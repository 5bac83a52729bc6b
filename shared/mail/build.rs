//! Compiles the message catalogues and the mail templates into the crate.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use catalogue::{LANGUAGES, Messages};
use template::Piece;

#[path = "build/catalogue.rs"]
mod catalogue;
#[path = "src/escape.rs"]
mod escape;
#[path = "build/template.rs"]
mod template;

const CATALOGUES: &str = "../../web/messages";
const TEMPLATES: &str = "templates";

fn main() {
    for path in ["build", CATALOGUES, TEMPLATES] {
        println!("cargo::rerun-if-changed={path}");
    }
    if let Err(faults) = generate() {
        for fault in faults {
            println!("cargo::error={fault}");
        }
    }
}

fn generate() -> Result<(), Vec<String>> {
    let [en, fr, es] =
        LANGUAGES.map(|language| read(&Path::new(CATALOGUES).join(language).with_extension("json")));
    let messages = catalogue::merge([&en?, &fr?, &es?])?;
    let mut code = String::from("static MESSAGES: &[(&str, [&str; 3])] = &[\n");
    for (key, texts) in &messages {
        writeln!(code, "({key:?}, {texts:?}),").map_err(fault)?;
    }
    code.push_str("];\n");

    let entries = fs::read_dir(TEMPLATES).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(fault)?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        let source = read(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let result = match path.extension().and_then(|extension| extension.to_str()) {
            Some("mjml") => template::compile(&source)
                .and_then(|html| function(&format!("{name}_html"), &name, &html, &messages, escape::escape)),
            Some("txt") => function(&format!("{name}_text"), &name, &source, &messages, str::to_owned),
            _ => Err("templates end in .mjml or .txt".to_owned()),
        };
        code.push_str(&result.map_err(|error| vec![format!("{}: {error}", path.display())])?);
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| vec!["OUT_DIR is not set".to_owned()])?;
    fs::write(Path::new(&out).join("mails.rs"), code).map_err(fault)
}

/// A function that gives the template's pieces by language; its values are those of the module `mail`.
fn function(
    name: &str,
    mail: &str,
    template: &str,
    messages: &Messages,
    escape: fn(&str) -> String,
) -> Result<String, String> {
    let mut code = format!(
        "pub(crate) fn {name}(language: Language) -> &'static [Piece<crate::{mail}::Value>] {{\n\
         use crate::{mail}::Value;\nmatch language {{\n"
    );
    for (at, language) in LANGUAGES.into_iter().enumerate() {
        let message = |key: &str| messages.get(key).and_then(|texts| texts.get(at)).map(String::as_str);
        write!(code, "Language::{} => &[", camel_case(language)).map_err(|error| error.to_string())?;
        for piece in template::pieces(template, language, message, escape)? {
            match piece {
                Piece::Text(text) => write!(code, "Piece::Text({text:?}), "),
                Piece::Value(value) => write!(code, "Piece::Value(Value::{}), ", camel_case(&value)),
            }
            .map_err(|error| error.to_string())?;
        }
        code.push_str("],\n");
    }
    code.push_str("}\n}\n");
    Ok(code)
}

fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capitalized).collect()
}

fn read(path: &Path) -> Result<String, Vec<String>> {
    fs::read_to_string(path).map_err(|error| vec![format!("can't read {}: {error}", path.display())])
}

fn fault(error: impl std::fmt::Display) -> Vec<String> {
    vec![error.to_string()]
}
