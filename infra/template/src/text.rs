//! Text of YAML: blocks, their indentation, and names.

/// Replaces each line `#+ name` of `part` by the block of that name, indented as the line is. A line whose block nobody
/// knows stays, and a test finds it.
pub(crate) fn fill(part: &str, block: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for line in part.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        match content.strip_prefix("#+ ").and_then(&block) {
            Some(block) => text.push_str(&indented(indent, &block)),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

/// Every line that isn't empty, moved to the right.
pub(crate) fn indented(by: usize, block: &str) -> String {
    block
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{:by$}{line}\n", "") })
        .collect()
}

/// Blocks with an empty line between.
pub(crate) fn blocks(blocks: impl Iterator<Item = String>) -> String {
    blocks.collect::<Vec<_>>().join("\n")
}

/// `worker_credentials` or `portal.sign_in` as a logical id: `WorkerCredentials`, `PortalSignIn`.
pub(crate) fn logical_id(name: &str) -> String {
    name.split(['_', '.', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

/// `portal.sign_in` as in names of AWS resources: `portal-sign-in`.
pub(crate) fn dashed(name: &str) -> String {
    name.replace(['_', '.'], "-")
}

/// A text that YAML can't take for something else.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A list in one line.
pub(crate) fn list(items: impl IntoIterator<Item = impl Into<String>>) -> String {
    format!("[{}]", items.into_iter().map(Into::into).collect::<Vec<_>>().join(", "))
}

/// A text with `${…}` in it as what `CloudFormation` fills in; any other as it is.
pub(crate) fn sub(text: &str) -> String {
    if text.contains("${") { format!("!Sub {text}") } else { text.to_owned() }
}
