//! Compiles the message catalogues and the layout of mails into the crate.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use catalogue::LANGUAGES;
use template::Piece;

#[path = "build/catalogue.rs"]
mod catalogue;
#[path = "build/template.rs"]
mod template;

const CATALOGUES: &str = "../../web/messages";
const LAYOUT: &str = "templates/layout.mjml";

fn main() {
    for path in ["build", CATALOGUES, LAYOUT] {
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
    for (key, texts) in messages.iter().filter(|(key, _)| key.starts_with("mail_")) {
        writeln!(code, "pub(crate) const {}: Message = Message({texts:?});", key.to_uppercase())
            .map_err(fault)?;
    }
    code.push_str(&layout().map_err(|error| vec![format!("{LAYOUT}: {error}")])?);
    let out = env::var_os("OUT_DIR").ok_or_else(|| vec!["OUT_DIR is not set".to_owned()])?;
    fs::write(Path::new(&out).join("mails.rs"), code).map_err(fault)
}

/// The parts of the layout, each a constant by its name.
fn layout() -> Result<String, String> {
    let html = template::compile(&fs::read_to_string(LAYOUT).map_err(|error| error.to_string())?)?;
    let mut code = String::new();
    for (name, part) in template::parts(&html)? {
        write!(code, "pub(crate) const {}: &[Piece] = &[", name.to_uppercase())
            .map_err(|error| error.to_string())?;
        for piece in template::pieces(part)? {
            match piece {
                Piece::Text(text) => write!(code, "Piece::Text({text:?}), "),
                Piece::Hole(name) => write!(code, "Piece::Hole(Hole::{}), ", capitalized(name)),
            }
            .map_err(|error| error.to_string())?;
        }
        code.push_str("];\n");
    }
    Ok(code)
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn read(path: &Path) -> Result<String, Vec<String>> {
    fs::read_to_string(path).map_err(|error| vec![format!("can't read {}: {error}", path.display())])
}

fn fault(error: impl std::fmt::Display) -> Vec<String> {
    vec![error.to_string()]
}
