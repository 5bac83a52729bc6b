//! Writes the templates into the folder above this crate's.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (file, text) in template::stacks() {
        fs::write(infra.join(file), text)?;
        println!("infra/{file}");
    }
    Ok(())
}
